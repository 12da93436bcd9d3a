//! Running generators: which kind a block is, what it may look at, and the selector behind it.
//!
//! Mirrors `applicationset/generators/generator_spec_processor.go`.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::finding::{Cause, Incomplete, Missing};
use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origins, Place};
use crate::output::Output;
use crate::source::Span;
use crate::yaml::{Data, Dialect, Entry, Map, Node, parse_text};

use super::clusters::Known;
use super::engine::Engine;
use super::interpolate::interpolate;
use super::params::go_value;
use super::selector::{self, Reader};
use super::{ApplicationSet, Environment, Params};

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

/// Generators with `values`.
const HAVE_VALUES: [&str; 6] =
    ["clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "plugin"];

/// Matrix and merge generators may hold matrix and merge generators, which may hold only terminal ones.
const NESTING: u32 = 2;

/// Parameter sets of one generator; a matrix of matrices multiplies quickly.
const MAX_SETS: usize = 20_000;

/// [`MAX_SETS`], or what `--limits` makes of it.
pub(super) fn max_sets() -> usize {
    crate::source::relaxed_len(MAX_SETS)
}

/// The state of one expansion.
pub(super) struct Generators<'a, 'e> {
    pub(super) set: &'a ApplicationSet,
    pub(super) environment: &'a Environment<'e>,
    pub(super) origins: &'a mut Origins,
    pub(super) output: Output,
    /// The last number of a mapping that several parameter sets share.
    pub(super) next_shared: u32,
    /// Reasons why clusters are not known.
    pub(super) unlisted: BTreeSet<String>,
    /// The only cluster that there is.
    pub(super) assumed: Option<Known>,
    /// The problems that were told: where, what, and what to do.
    told: FxHashSet<(Option<Span>, String, Option<String>)>,
}

impl<'a, 'e> Generators<'a, 'e> {
    /// Nothing expanded yet.
    pub(super) fn new(
        set: &'a ApplicationSet,
        environment: &'a Environment<'e>,
        origins: &'a mut Origins,
    ) -> Self {
        Self {
            set,
            environment,
            origins,
            output: Output::default(),
            next_shared: 0,
            unlisted: BTreeSet::new(),
            assumed: None,
            told: FxHashSet::default(),
        }
    }

    /// Go templates decide the shape of parameters.
    pub(super) fn is_go(&self) -> bool {
        self.set.go_template
    }

    /// Whether a problem was not told yet; from now on it was. Twenty thousand sets of parameters can have one each.
    pub(super) fn is_new(&mut self, problem: &Problem) -> bool {
        let span = problem.place.map(|place| place.at);
        self.told.insert((span, problem.message.clone(), problem.help.clone()))
    }

    /// Something that Argo CD refuses.
    pub(super) fn problem(&mut self, place: Place, message: impl Into<String>) {
        self.wrong(Problem::at(ProblemKind::Render, place, message));
    }

    /// Something that Argo CD refuses.
    pub(super) fn wrong(&mut self, problem: Problem) {
        // What the labels of a cluster say is known only where the cluster is.
        if !self.output.incomplete.is_empty()
            && matches!(problem.cause(), Cause::MissingKey { .. } | Cause::NoSuchField)
            && problem.message.contains(".metadata")
        {
            return;
        }
        // One mistake in a template shows up in every Application that it makes.
        if self.is_new(&problem) {
            self.output.failed.get_or_insert_with(|| problem.message.clone());
            self.output.problems.push(problem);
        }
    }

    /// Something that cannot be known here.
    pub(super) fn unavailable(&mut self, place: Place, reason: String, help: String) {
        let problem = Problem::at(ProblemKind::Unavailable, place, reason).help(help);
        if self.is_new(&problem) {
            self.output.incomplete.push(Incomplete::of(Missing::Content, &problem));
            self.output.problems.push(problem);
        }
    }

    /// Adds a generated Application, as `validateGeneratedApplications` does.
    pub(super) fn add(&mut self, application: Node, names: &mut BTreeSet<SmolStr>) {
        let name = application.at_path(&["metadata", "name"]);
        let place = name.map_or(self.set.place, Node::place);
        let name = SmolStr::new(name.and_then(Node::as_str).unwrap_or_default());
        let set = &self.set.name;
        if name.is_empty() {
            self.problem(place, format!("ApplicationSet {set} contains an application with no name"));
        } else if names.insert(name.clone()) {
            self.output.objects.push(application);
        } else {
            let message = format!("ApplicationSet {set} contains applications with duplicate name: {name}");
            let problem = Problem::at(ProblemKind::Render, place, message);
            self.wrong(problem.because(Cause::DuplicateName { name }));
        }
    }

    /// The parameter sets of one entry of `spec.generators`, each with the template that its generator brings
    /// along.
    pub(super) fn run<'b>(&mut self, block: &'b Node) -> Vec<(Option<&'b Node>, Vec<Params>)> {
        let made = self.run_at(block, None, 0);
        let template = |kind: &str| block.get(kind)?.get("template").filter(|own| own.as_map().is_some());
        made.into_iter().map(|(kind, sets)| (template(kind), sets)).collect()
    }

    /// The parameter sets of a child of matrix or merge, which holds exactly one generator. Within a matrix,
    /// `outer` holds the parameters of the generator before, which fill in the block first.
    pub(super) fn child(&mut self, block: &Node, outer: Option<&Params>, depth: u32) -> Vec<Params> {
        let mut made = self.run_at(block, outer, depth);
        if made.len() > 1 {
            self.problem(block.place(), "found more than one generator in matrix.Generators");
            return Vec::new();
        }
        made.pop().map(|(_, sets)| sets).unwrap_or_default()
    }

    fn run_at(
        &mut self,
        written: &Node,
        outer: Option<&Params>,
        depth: u32,
    ) -> Vec<(&'static str, Vec<Params>)> {
        let filled = match outer.filter(|params| !params.is_empty()) {
            Some(params) => match self.filled(written, params) {
                Some(filled) => Some(filled),
                None => return Vec::new(),
            },
            None => None,
        };
        let block = filled.as_ref().unwrap_or(written);
        let is_known = |kind: &str| depth < NESTING || !matches!(kind, "matrix" | "merge");
        let named: Vec<(&'static str, &Node)> = KINDS
            .iter()
            .filter(|kind| is_known(kind))
            .filter_map(|kind| Some((*kind, block.get(kind).filter(|it| !it.is_null())?)))
            .collect();
        let misspelt = |block: &Node| block.entries().iter().any(|it| it.key.text != "selector");
        if named.is_empty() && depth == 0 {
            // Argo CD writes a line into its log, and goes on. That a field is unknown is told by the rule about fields.
            let message = "this is no generator that Argo CD knows: nothing is generated from it";
            let problem = Problem::at(ProblemKind::EmptyGenerator, block.place(), message);
            if !misspelt(block) && self.is_new(&problem) {
                let help = format!("a generator is one of {}", KINDS.join(", "));
                self.output.problems.push(problem.help(help));
            }
        } else if named.is_empty() {
            self.problem(block.place(), "child generator generated no parameters");
        }
        // Argo CD reads the selector before it fills in the block.
        let selector = written.get("selector").filter(|selector| !selector.is_null());
        if let Some(wrong) = selector.and_then(|selector| selector::problem(selector, Reader::Parameters)) {
            self.problem(wrong.0, wrong.1);
            return Vec::new();
        }
        let mut made = Vec::new();
        for (kind, generator) in named {
            let mut sets = match kind {
                "list" => self.list(generator),
                "clusters" => self.clusters(generator),
                "git" => self.git(generator),
                "matrix" => self.matrix(generator, depth),
                "merge" => self.merge(generator, depth),
                kind => self.live(kind, generator),
            };
            if let Some(written) = selector {
                let before = sets.len();
                sets.retain(|params| {
                    let flat = params.flattened();
                    selector::matches(selector, |key| Some(flat.get(key)?.scalar()?.to_string()))
                });
                if depth == 0 && before > 0 && sets.is_empty() {
                    let message = format!(
                        "the selector leaves none of the {before} sets of parameters: nothing is generated"
                    );
                    let keys: Vec<String> = selector::keys(selector).map(|key| format!("`{key}`")).collect();
                    let help = format!("compare it with what the sets say about {}", keys.join(" and "));
                    let problem =
                        Problem::at(ProblemKind::EmptyGenerator, written.place(), message).help(help);
                    self.output.problems.push(problem);
                }
            }
            let most = max_sets();
            if sets.len() > most {
                self.problem(block.place(), format!("a generator makes more than {most} parameter sets"));
                sets.truncate(most);
            }
            made.push((kind, sets));
        }
        made
    }

    /// A generator block with the parameters of the generator before it filled in; `None` when a template in it is
    /// wrong. Of its `values`, those that need parameters of its own stay as they are until it has them.
    fn filled(&mut self, block: &Node, params: &Params) -> Option<Node> {
        let mut bare = block.clone();
        // Templates of nested matrix and merge generators are not even read.
        for kind in ["matrix", "merge"] {
            let nested = bare.as_map_mut().and_then(|map| map.get_mut(kind)).and_then(Node::as_map_mut);
            nested.map(|nested| nested.remove("template"));
        }
        let mut values = Vec::new();
        for kind in KINDS.iter().filter(|kind| HAVE_VALUES.contains(kind)) {
            let generator = bare.as_map_mut().and_then(|map| map.get_mut(kind)).and_then(Node::as_map_mut);
            if let Some(entry) = generator.and_then(|generator| generator.remove("values")) {
                values.push((kind, entry));
            }
        }
        let mut filled = self.interpolated(&bare, params)?;
        for (kind, mut entry) in values {
            for value in entry.value.as_map_mut().into_iter().flat_map(Map::iter_mut) {
                let mut engine =
                    Engine::new(self.set, params, self.origins, self.environment.sources).strict();
                match interpolate(&value.value, &mut engine) {
                    Ok(known) => value.value = known,
                    Err(problem)
                        if matches!(problem.cause(), Cause::MissingKey { .. } | Cause::NoSuchField) => {}
                    Err(problem) => {
                        self.wrong(*problem);
                        return None;
                    }
                }
            }
            let generator = filled.as_map_mut().and_then(|map| map.get_mut(kind)).and_then(Node::as_map_mut);
            if let Some(generator) = generator {
                generator.push(entry);
            }
        }
        Some(filled)
    }

    /// A tree with parameters filled in; `None` when a template in it is wrong.
    pub(super) fn interpolated(&mut self, block: &Node, params: &Params) -> Option<Node> {
        let mut engine = Engine::new(self.set, params, self.origins, self.environment.sources);
        match interpolate(block, &mut engine) {
            Ok(node) => Some(node),
            Err(problem) => {
                self.wrong(*problem);
                None
            }
        }
    }

    fn list(&mut self, generator: &Node) -> Vec<Params> {
        let mut sets = Vec::new();
        for element in generator.items(&["elements"]) {
            sets.extend(self.element(element));
        }
        if let Some(text) =
            generator.get("elementsYaml").filter(|text| text.as_str().is_some_and(|it| !it.is_empty()))
        {
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
            if let Some(value) = self.interpolated(&entry.value, &own) {
                made.push(Entry { key: entry.key.clone(), value });
            }
        }
        if made.is_empty() {
            return;
        }
        if self.is_go() {
            let place = generator.place();
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
        let name = &self.set.name;
        let fixtures: Vec<_> = self
            .environment
            .config
            .generators
            .iter()
            .filter(|fixture| fixture.application_set.value == *name)
            .filter(|fixture| fixture.generator.as_ref().is_none_or(|named| named.value == kind))
            .collect();
        if fixtures.is_empty() {
            let reason = format!("the {kind} generator of `{name}` asks a live system");
            let help = format!(
                "say what it would answer under `generators:` in .gitops-lint.yaml (applicationSet: {name}, \
                 generator: {kind})"
            );
            self.unavailable(generator.place(), reason, help);
        }
        let mut made = Vec::new();
        for map in fixtures.iter().flat_map(|fixture| &fixture.params).filter_map(Node::as_map) {
            let mut params = Params::of(map.clone());
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
