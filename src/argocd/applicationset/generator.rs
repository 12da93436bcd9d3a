//! Running generators: which kind a block is, what it may look at, and the selector behind it.
//!
//! Mirrors `applicationset/generators/generator_spec_processor.go`.

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origins, Place};
use crate::yaml::{Data, Dialect, Map, Node, parse_text};

use super::params::go_value;
use super::{ApplicationSet, Environment, Params, Unexpanded, selector, template};

/// Keys of a generator block that name a generator, in the order in which Argo CD runs them.
pub(super) const KINDS: [&str; 9] = [
    "list",
    "clusters",
    "git",
    "scmProvider",
    "clusterDecisionResource",
    "pullRequest",
    "matrix",
    "merge",
    "plugin",
];

/// Matrix and merge generators may hold matrix and merge generators, which may hold only terminal ones.
const MAX_NESTING: u32 = 3;

/// Parameter sets of one generator; a matrix of matrices multiplies quickly.
pub(super) const MAX_SETS: usize = 20_000;

/// The state of one expansion.
pub(super) struct Generators<'a, 'e> {
    pub(super) set: &'a ApplicationSet,
    pub(super) environment: &'a Environment<'e>,
    pub(super) origins: &'a mut Origins,
    pub(super) problems: Vec<Problem>,
    pub(super) unexpanded: Vec<Unexpanded>,
}

/// The template that a generator block brings along.
pub(super) fn own_template(block: &Node) -> Option<&Node> {
    KINDS.iter().filter_map(|kind| block.get(kind)?.get("template")).find(|template| template.as_map().is_some())
}

impl Generators<'_, '_> {
    /// Go templates decide the shape of parameters.
    pub(super) fn is_go(&self) -> bool {
        self.set.go_template
    }

    pub(super) fn problem(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::at(ProblemKind::Render, place, message));
    }

    /// The parameter sets of one entry of `generators`. Within a matrix, `outer` holds the parameters of the
    /// generator before, which fill in the block first.
    pub(super) fn run(&mut self, block: &Node, outer: Option<&Params>) -> Vec<Params> {
        self.run_at(block, outer, 0)
    }

    pub(super) fn run_at(&mut self, block: &Node, outer: Option<&Params>, depth: u32) -> Vec<Params> {
        if depth > MAX_NESTING {
            self.problem(block.place(), "generators are nested too deeply");
            return Vec::new();
        }
        let rendered;
        let block = match outer {
            Some(params) => {
                rendered = self.interpolated(block, params);
                &rendered
            }
            None => block,
        };
        let named: Vec<(&str, &Node)> =
            KINDS.iter().filter_map(|kind| Some((*kind, block.get(kind).filter(|it| !it.is_null())?))).collect();
        if named.is_empty() {
            let message = format!("ApplicationSet {} contains an unrecognized generator", self.set.name);
            self.problem(block.place(), message);
        }
        let mut sets = Vec::new();
        for (kind, generator) in named {
            let mut made = match kind {
                "list" => self.list(generator),
                "clusters" => self.clusters(generator),
                "git" => self.git(generator),
                "matrix" => self.matrix(generator, depth),
                "merge" => self.merge(generator, depth),
                kind => self.live(kind, generator),
            };
            sets.append(&mut made);
        }
        let selector = block.get("selector").filter(|selector| !selector.is_null());
        if selector.is_some() {
            sets.retain(|params| {
                let flat = params.flattened();
                selector::matches(selector, |key| Some(flat.get(key)?.scalar()?.to_string()))
            });
        }
        if sets.len() > MAX_SETS {
            self.problem(block.place(), format!("a generator makes more than {MAX_SETS} parameter sets"));
            sets.truncate(MAX_SETS);
        }
        sets
    }

    /// A generator block with outer parameters filled in; what cannot be filled in stays.
    fn interpolated(&mut self, block: &Node, params: &Params) -> Node {
        match template::interpolate(self.set, block, params, self.origins, self.environment) {
            Ok(node) => node,
            Err(problem) => {
                self.problems.push(*problem);
                block.clone()
            }
        }
    }

    fn list(&mut self, generator: &Node) -> Vec<Params> {
        let mut sets = Vec::new();
        for element in generator.items(&["elements"]) {
            sets.extend(self.element(element));
        }
        if let Some(text) = generator.get("elementsYaml").filter(|text| text.as_str().is_some_and(|it| !it.is_empty())) {
            let place = text.place();
            let mut locate = Fixed(place);
            let parsed = parse_text(text.as_str().unwrap_or_default(), Dialect::Sigs, &mut locate);
            let mut root = parsed.documents.into_iter().find_map(|document| document.root);
            let readable = root.as_mut().is_none_or(|root| root.canonicalize(Dialect::Sigs).is_ok());
            match root.map(|root| root.data) {
                Some(Data::Seq(items)) if readable => {
                    for item in items {
                        match item.data {
                            Data::Map(map) => sets.push(Params::of(map)),
                            _ => self.problem(place, "`elementsYaml` must be a list of mappings"),
                        }
                    }
                }
                None if readable => {}
                _ => self.problem(place, "`elementsYaml` must be a list of mappings"),
            }
        }
        sets
    }

    fn element(&mut self, element: &Node) -> Option<Params> {
        let Some(map) = element.as_map() else {
            self.problem(element.place(), "an element of a list generator must be a mapping");
            return None;
        };
        if self.is_go() {
            return Some(Params::of(map.clone()));
        }
        let mut params = Params::default();
        for entry in map {
            let place = entry.value.place();
            match (&entry.value.data, entry.key.text.as_str()) {
                (Data::Map(values), "values") => {
                    for value in values {
                        let Some(text) = value.value.as_str() else {
                            self.problem(value.value.place(), "error parsing value as string");
                            return None;
                        };
                        params.set(&format!("values.{}", value.key.text), text, value.value.place());
                    }
                }
                (Data::Scalar(_), _) if entry.value.as_str().is_some() => {
                    params.put(&entry.key.text, entry.value.clone(), place);
                }
                _ => {
                    let message = format!("error parsing value of `{}` as string", entry.key.text);
                    self.problem(place, message);
                    return None;
                }
            }
        }
        Some(params)
    }

    /// Adds the generator's `values`, each filled in from the generator's own parameters.
    pub(super) fn add_values(&mut self, generator: &Node, params: &mut Params) {
        let Some(values) = generator.get("values").and_then(Node::as_map) else { return };
        let own = params.clone();
        let mut made = Map::new();
        for entry in values {
            let value = self.interpolated(&entry.value, &own);
            made.push(crate::yaml::Entry { key: entry.key.clone(), value });
        }
        let place = generator.place();
        if self.is_go() {
            params.put("values", Node::map(made, place), place);
            return;
        }
        for entry in &made {
            let text = entry.value.scalar().cloned().unwrap_or_else(|| go_value(&entry.value));
            params.set(&format!("values.{}", entry.key.text), text, entry.value.place());
        }
    }

    /// Generators that ask a live system: the configuration may say what they would answer.
    fn live(&mut self, kind: &str, generator: &Node) -> Vec<Params> {
        let fixtures = self.environment.config.generators.iter().filter(|fixture| {
            fixture.application_set.value == self.set.name
                && fixture.generator.as_ref().is_none_or(|named| named.value == kind)
        });
        let sets: Vec<Map> =
            fixtures.flat_map(|fixture| &fixture.params).filter_map(|params| params.as_map().cloned()).collect();
        if sets.is_empty() {
            self.unexpanded.push(Unexpanded {
                generator: SmolStr::new(kind),
                place: generator.place(),
                reason: format!("the {kind} generator of `{}` asks a live system", self.set.name),
                help: format!(
                    "say what it would answer under `generators:` in .gitops-lint.yaml (applicationSet: {}, generator: {kind})",
                    self.set.name
                ),
            });
        }
        let mut made = Vec::new();
        for map in sets {
            let mut params = Params::of(map);
            if !self.is_go() {
                params = params.flattened();
            }
            self.add_values(generator, &mut params);
            made.push(params);
        }
        made
    }
}

/// Text that stands in one scalar: every part of it is located there.
pub(super) struct Fixed(pub(super) Place);

impl crate::origin::Locate for Fixed {
    fn locate(&mut self, _: std::ops::Range<usize>) -> Place {
        self.0
    }
}
