//! `spec.postBuild`: the variables of a Kustomization, and their substitution in one object.
//!
//! Mirrors `fluxcd/pkg/kustomize/kustomize_varsub.go`. The object is substituted as text, as Flux does it; then every
//! value of the result gets the place of the value that it was made from.

use std::collections::BTreeMap;
use std::ops::Range;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::golang::Glob;
use crate::origin::{Locate, Origin, OriginId, Origins, Place, Step};
use crate::output::{Known, Output, Substitution};
use crate::source::Sources;
use crate::yaml::{Data, Dialect, Embedded, EmitStyle, Node, emit, parse_text};

use super::Bootstrap;
use super::Kustomization;
use super::envsubst::{Reference, Template, Variable};
use super::reference::{Inputs, Text, shifted};

/// The annotation or label that keeps an object out of it.
const ANNOTATION: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Objects are not nested deeper than the reader allows.
const MAX_DEPTH: u32 = 1000;

/// The variables of a Kustomization.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// By name: the value, unless it is not in the repository, and where it is defined.
    known: BTreeMap<SmolStr, (Option<SmolStr>, Place)>,
    /// Whether there may be others: something that brings variables is not in the repository.
    open: bool,
    /// Patterns of variables that come from outside of the repository.
    injected: Vec<Glob>,
    /// Whether the build substitutes at all.
    active: bool,
    /// Whether the controller is known to refuse variables that nothing defines.
    strict: bool,
}

impl Variables {
    /// Collects the variables; what Flux refuses goes into `output`.
    pub(super) fn of(
        kustomization: &Kustomization,
        inputs: &Inputs,
        origins: &mut Origins,
        output: &mut Output,
        bootstrap: &Bootstrap,
    ) -> Self {
        let mut this = Self {
            injected: bootstrap.injected.iter().filter_map(|pattern| Glob::new(pattern, &[])).collect(),
            strict: bootstrap.strict == Some(true),
            ..Self::default()
        };
        for (object, _) in &kustomization.substitute_from {
            let Some(input) = inputs.get(object) else {
                this.open = true;
                continue;
            };
            this.open |= !input.applied;
            let shift = origins.append(input.origins.as_ref().clone());
            let fields: &[&str] = if object.kind == "Secret" { &["data", "stringData"] } else { &["data"] };
            for field in fields {
                for entry in input.node.get(field).map(Node::entries).unwrap_or_default() {
                    // What is in a Secret is encrypted, encoded or none of our business.
                    let value = entry.value.as_str().filter(|_| object.kind != "Secret" && input.applied);
                    let place = shifted(entry.value.place(), shift);
                    this.known.insert(entry.key.text.clone(), (value.map(without_newlines), place));
                }
            }
        }
        for (key, value) in &kustomization.substitute {
            this.known.insert(key.value.clone(), (Some(without_newlines(&value.value)), value.place));
        }
        let refused = this.known.iter().find(|(name, _)| !is_name(name));
        if let Some((name, (_, place))) = refused {
            let message = format!(
                "envsubst error: '{name}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'"
            );
            output.fail(Problem::at(ProblemKind::Render, *place, message));
            return Self::default();
        }
        output.variables =
            this.known.iter().map(|(name, (_, place))| Text::new(name.clone(), *place)).collect();
        this.active = this.open || !this.known.is_empty() || kustomization.always_substitutes();
        this
    }

    /// Whether something outside of the repository gives a variable of that name.
    fn is_injected(&self, name: &str) -> bool {
        self.injected.iter().any(|pattern| pattern.matches(name))
    }

    fn value(&self, reference: &Reference) -> Variable {
        match self.known.get(&reference.name) {
            Some((Some(value), _)) => Variable::Value(value.clone()),
            Some((None, _)) => Variable::Unknown,
            None if (self.open || self.is_injected(&reference.name)) && !reference.has_default() => {
                Variable::Unknown
            }
            None => Variable::Unset,
        }
    }

    fn state(&self, name: &str) -> Known {
        match self.known.get(name) {
            Some((Some(_), _)) => Known::Value,
            Some((None, _)) => Known::Maybe,
            None if self.open || self.is_injected(name) => Known::Maybe,
            None => Known::Undefined,
        }
    }
}

fn without_newlines(text: &str) -> SmolStr {
    if text.contains('\n') { text.replace('\n', "").into() } else { SmolStr::new(text) }
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// Substitutes the variables in an object.
pub(super) struct Substituter<'a> {
    pub(super) variables: &'a Variables,
    pub(super) sources: &'a Sources,
    pub(super) origins: &'a mut Origins,
    pub(super) output: &'a mut Output,
}

/// Answers one place for everything.
struct Everywhere(Place);

impl Locate for Everywhere {
    fn locate(&mut self, _: Range<usize>) -> Place {
        self.0
    }
}

impl Substituter<'_> {
    /// The object with its variables substituted. Where Flux would stop, the object stays as it is.
    pub(super) fn object(&mut self, node: Node) -> Node {
        let disabled =
            |field| node.at_path(&["metadata", field, ANNOTATION]).and_then(Node::as_str) == Some("disabled");
        if !self.variables.active || disabled("labels") || disabled("annotations") || !has_dollar(&node) {
            return node;
        }
        let Ok(text) = emit(&node, EmitStyle::Sigs) else { return node };
        let variables = self.variables;
        let filled =
            Template::parse(&text).and_then(|it| it.execute(&|reference| variables.value(reference)));
        let result = match filled {
            Ok(result) => result,
            Err(error) => {
                let place = self.broken(&node, 0).unwrap_or_else(|| node.place());
                let message = format!("envsubst error: variable substitution failed: {error}");
                let help = "write `$${` for a literal `${`, or set the annotation \
                            `kustomize.toolkit.fluxcd.io/substitute: disabled` on the object";
                self.output.fail(Problem::at(ProblemKind::Render, place, message).help(help));
                return node;
            }
        };
        self.note(&node, 0);
        match read(&result, node.place()) {
            Ok(mut made) => {
                self.graft(&node, &mut made, 0);
                made
            }
            Err(words) => {
                let place = self.culprit(&node, 0).or_else(|| first_reference(&node));
                let place = place.unwrap_or_else(|| node.place());
                let message = format!("envsubst error: YAMLToJSON: {words}");
                let help = "the result is read as YAML, and kustomize drops quotes that a text does not need: keep them with \
                            `${quote}${name}${quote}` where `quote` is a variable that holds `\"`, or give the variable a \
                            default";
                self.output.fail(Problem::at(ProblemKind::Render, place, message).help(help));
                node
            }
        }
    }

    /// The first reference that cannot be read, in the first value that has one.
    fn broken(&self, node: &Node, depth: u32) -> Option<Place> {
        let is_broken = |text: &str| text.contains("${") && Template::parse(text).is_err();
        match &node.data {
            _ if depth > MAX_DEPTH => None,
            Data::Seq(items) => items.iter().find_map(|item| self.broken(item, depth + 1)),
            Data::Map(map) => map.iter().find_map(|entry| {
                let key = is_broken(&entry.key.text).then(|| entry.key.place());
                key.or_else(|| self.broken(&entry.value, depth + 1))
            }),
            Data::Scalar(text) => is_broken(text).then(|| self.broken_part(node, text)),
        }
    }

    /// The reference in a text that cannot be read: what comes before the one behind it is wrong, and before it was not.
    fn broken_part(&self, node: &Node, text: &str) -> Place {
        let starts: Vec<usize> = text.match_indices("${").map(|(start, _)| start).collect();
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
        let first =
            ends.partition_point(|end| text.get(..*end).is_some_and(|it| Template::parse(it).is_ok()));
        let part = starts.get(first).zip(ends.get(first)).and_then(|(start, end)| {
            let line = text.get(*start..*end)?.find('\n').map_or(*end, |length| start + length);
            let file = self.sources.get(node.at.file)?;
            Some(Embedded::of_written(node, &file).locate(*start..line))
        });
        part.unwrap_or_else(|| node.place())
    }

    /// The first value that is no YAML by itself once its variables are filled in.
    fn culprit(&self, node: &Node, depth: u32) -> Option<Place> {
        if depth > MAX_DEPTH {
            return None;
        }
        let breaks = |text: &str, node: &Node| {
            let template = template(text).filter(|it| !it.references().is_empty())?;
            let alone = Node { data: Data::Scalar(text.into()), ..node.clone() };
            let written = emit(&alone, EmitStyle::Sigs).ok()?;
            let template = Template::parse(&written).ok().unwrap_or(template);
            let filled = template.execute(&|reference| self.variables.value(reference)).ok()?;
            let line = format!("value: {}\n", filled.trim_end());
            let scalar =
                read(&line, node.place()).ok().and_then(|made| Some(made.get("value")?.scalar().is_some()));
            (scalar != Some(true)).then(|| node.place())
        };
        match &node.data {
            Data::Scalar(text) => breaks(text, node),
            Data::Seq(items) => items.iter().find_map(|item| self.culprit(item, depth + 1)),
            Data::Map(map) => map.iter().find_map(|entry| self.culprit(&entry.value, depth + 1)),
        }
    }

    /// Remembers the references in a tree.
    fn note(&mut self, node: &Node, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        match &node.data {
            Data::Scalar(text) => {
                if let Some(template) = template(text) {
                    self.note_scalar(node, &template);
                }
            }
            Data::Seq(items) => items.iter().for_each(|item| self.note(item, depth + 1)),
            Data::Map(map) => {
                for entry in map {
                    if let Some(template) = template(&entry.key.text) {
                        let key = Node::string(entry.key.text.clone(), entry.key.place());
                        self.note_scalar(&key, &template);
                    }
                    self.note(&entry.value, depth + 1);
                }
            }
        }
    }

    fn note_scalar(&mut self, node: &Node, template: &Template) {
        let file = self.sources.get(node.at.file);
        // The object is canonical: how the text is written is seen in the file alone.
        let mut places = file.map(|file| Embedded::of_written(node, &file));
        for reference in template.references() {
            let place =
                places.as_mut().map_or(node.place(), |places| places.locate(reference.start..reference.end));
            let (has_default, variable) = (reference.has_default(), self.variables.state(&reference.name));
            if self.variables.strict && variable == Known::Undefined && !has_default {
                let name = crate::yaml::go_quote(&reference.name);
                let message = format!(
                    "envsubst error: variable substitution failed: variable not set (strict mode): {name}"
                );
                self.output.fail(Problem::at(ProblemKind::Render, place, message));
            }
            self.output.substitutions.push(Substitution {
                name: reference.name.clone(),
                place,
                has_default,
                variable,
            });
        }
    }

    /// Gives the values of `new` the places of the values that they were made from.
    fn graft(&mut self, old: &Node, new: &mut Node, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        match (&old.data, &mut new.data) {
            (Data::Map(before), Data::Map(after)) => {
                (new.at, new.origin) = (old.at, old.origin);
                for entry in after.entries_mut() {
                    let same = before.entry(&entry.key.text);
                    let from =
                        same.or_else(|| before.iter().find(|it| self.becomes(&it.key.text, &entry.key.text)));
                    match from {
                        Some(from) => {
                            (entry.key.at, entry.key.origin) = (from.key.at, from.key.origin);
                            self.graft(&from.value, &mut entry.value, depth + 1);
                        }
                        None => (entry.key.at, entry.key.origin) = (old.at, old.origin),
                    }
                }
            }
            (Data::Seq(before), Data::Seq(after)) => {
                (new.at, new.origin) = (old.at, old.origin);
                for (before, after) in before.iter().zip(after) {
                    self.graft(before, after, depth + 1);
                }
            }
            (Data::Scalar(text), _) => match template(text) {
                None => *new = old.clone(),
                Some(template) => {
                    let place = self.step(old, &template);
                    stamp(new, place, 0);
                }
            },
            _ => stamp(new, old.place(), 0),
        }
    }

    fn becomes(&self, before: &str, after: &str) -> bool {
        let filled =
            template(before).and_then(|it| it.execute(&|reference| self.variables.value(reference)).ok());
        filled.is_some_and(|filled| filled == after)
    }

    fn step(&mut self, old: &Node, template: &Template) -> Place {
        let mut inputs: Vec<OriginId> = Vec::new();
        for reference in template.references() {
            if let Some((_, place)) = self.variables.known.get(&reference.name) {
                inputs.push(self.origins.entry(*place));
            }
        }
        inputs.push(old.origin);
        let origin = self.origins.add_joined(Origin::new(old.at, Step::Substituted), &inputs);
        Place { at: old.at, origin }
    }
}

/// The references of a text; `None` when it has none and no escapes.
fn template(text: &str) -> Option<Template> {
    let interesting = text.contains("${") || text.contains("$$");
    if interesting { Template::parse(text).ok() } else { None }
}

fn stamp(node: &mut Node, place: Place, depth: u32) {
    (node.at, node.origin) = (place.at, place.origin);
    if depth > MAX_DEPTH {
        return;
    }
    match &mut node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter_mut().for_each(|item| stamp(item, place, depth + 1)),
        Data::Map(map) => {
            for entry in map.entries_mut() {
                (entry.key.at, entry.key.origin) = (place.at, place.origin);
                stamp(&mut entry.value, place, depth + 1);
            }
        }
    }
}

fn has_dollar(node: &Node) -> bool {
    node.find_text(&|text| text.contains("${") || text.contains("$$")).is_some()
}

fn first_reference(node: &Node) -> Option<Place> {
    node.find_text(&|text| template(text).is_some_and(|it| !it.references().is_empty()))
}

/// The substituted text as an object (`yaml.YAMLToJSON`).
fn read(text: &str, place: Place) -> Result<Node, String> {
    let mut parsed = parse_text(text, Dialect::Sigs, &mut Everywhere(place));
    if parsed.documents.is_empty() {
        return Ok(Node::null(place));
    }
    let document = parsed.documents.swap_remove(0);
    if let Some(problem) = document.error {
        return Err(problem.go_message(Dialect::Sigs));
    }
    let mut node = document.root.unwrap_or_else(|| Node::null(place));
    node.canonicalize(Dialect::Sigs).map_err(|problem| problem.go_message(Dialect::Sigs))?;
    Ok(node)
}
