//! The values of a HelmRelease: `valuesFrom` in order, then `values`.
//!
//! Mirrors `ChartValuesFromReferences` of `fluxcd/pkg/chartutil/values.go`, with what its maps share: a value at a
//! `targetPath` is written into the inline values where only they have the table that it goes into, and then it
//! survives that the inline values are merged last.

use smol_str::{SmolStr, format_smolstr};

use crate::finding::{Incomplete, Missing, Problem, ProblemKind};
use crate::helm::{SetKind, UserValues, ValuesLayer};
use crate::origin::{Origins, Place, Step};
use crate::output::Output;
use crate::yaml::{Dialect, Embedded, Node, parse_text};

use super::reference::{Input, Inputs, shifted};
use super::{HelmRelease, Renderer, ValuesReference};

/// Stands for a value that is in a Secret.
const UNKNOWN: &str = "unknown";

impl Renderer<'_> {
    /// The values that the release gives its chart.
    pub(super) fn values(
        &self,
        release: &HelmRelease,
        inputs: &Inputs,
        origins: &mut Origins,
        output: &mut Output,
    ) -> UserValues {
        let spec = release.node.get("spec");
        let mut inline = spec.and_then(|spec| spec.get("values")).filter(|it| !it.is_null()).cloned();
        let place = inline.as_ref().map_or(release.place, Node::place);
        let mut user = UserValues::new(place);
        for reference in &release.values_from {
            let Some(input) = inputs.get(&reference.object) else {
                let object = &reference.object;
                let words =
                    format!("the {} `{}` with values is not in this repository", object.kind, object.name);
                let missing = if reference.optional { Missing::StandIn } else { Missing::Content };
                output.incomplete.push(Incomplete::new(missing, words));
                continue;
            };
            let Some((value, place)) = Self::value(reference, input, origins, output) else { continue };
            match &reference.target_path {
                None => self.layer(&value, place, reference, &mut user, origins, output),
                Some(path) => {
                    let own = inline.as_ref().is_some_and(|it| is_shared(it, user.values(), &path.value));
                    if let Some(inline) = &inline {
                        user.add(ValuesLayer { node: inline.clone(), by: Step::InlineValues }, origins);
                    }
                    let (kind, text) = setting(&path.value, &value, reference.literal);
                    let mut nothing = |_: &str| Err(String::new());
                    user.set(kind, &text, place, origins, &mut nothing);
                    if let Some(node) = inline.as_mut().filter(|_| own) {
                        let mut set = UserValues::new(place);
                        set.add(ValuesLayer { node: node.clone(), by: Step::InlineValues }, origins);
                        set.set(kind, &text, place, origins, &mut nothing);
                        *node = set.values().clone();
                    }
                }
            }
        }
        if let Some(node) = inline {
            user.add(ValuesLayer { node, by: Step::InlineValues }, origins);
        }
        user
    }

    /// The text of the key that a reference names, and where it is written.
    fn value(
        reference: &ValuesReference,
        input: &Input,
        origins: &mut Origins,
        output: &mut Output,
    ) -> Option<(SmolStr, Place)> {
        let key = reference.key.as_str();
        let object = &reference.object;
        if object.kind == "Secret" {
            let words = format!("the values in the Secret `{}` are not read", object.name);
            output.incomplete.push(Incomplete::new(Missing::StandIn, words));
            return reference.target_path.is_some().then(|| (UNKNOWN.into(), object.place));
        }
        let node = ["data", "binaryData"].iter().find_map(|field| input.node.get(field)?.get(key));
        let Some(node) = node else {
            if !reference.optional {
                let message = format!(
                    "could not resolve {} chart values reference '{}/{}' with key '{key}': key not found",
                    object.kind, object.namespace, object.name
                );
                output.fail(Problem::at(ProblemKind::MissingValuesFile, object.place, message));
            }
            return None;
        };
        let shift = origins.append(input.origins.as_ref().clone());
        Some((SmolStr::new(node.as_str()?), shifted(node.place(), shift)))
    }

    /// Adds values that are written as YAML in an object.
    fn layer(
        &self,
        text: &str,
        place: Place,
        reference: &ValuesReference,
        user: &mut UserValues,
        origins: &mut Origins,
        output: &mut Output,
    ) {
        let scalar = Node::string(text, place);
        let Some(file) = self.cache.sources().get(place.at.file) else { return };
        let mut parsed = parse_text(text, Dialect::Sigs, &mut Embedded::of_written(&scalar, &file));
        if parsed.documents.is_empty() {
            return;
        }
        let document = parsed.documents.swap_remove(0);
        let problem = match (document.error, document.root) {
            (Some(problem), _) => problem,
            (None, None) => return,
            (None, Some(mut node)) => match node.canonicalize(Dialect::Sigs) {
                Ok(()) if node.is_null() => return,
                Ok(()) if node.as_map().is_some() => {
                    user.add(ValuesLayer { node, by: Step::ValuesFile }, origins);
                    return;
                }
                Ok(()) => {
                    let object = &reference.object;
                    let message = format!(
                        "unable to parse values from reference '{} {}/{}' key '{}': the values are no mapping",
                        object.kind, object.namespace, object.name, reference.key
                    );
                    output.fail(Problem::at(ProblemKind::Syntax, place, message));
                    return;
                }
                Err(problem) => problem,
            },
        };
        let message = format!("unable to parse values: {}", problem.go_message(Dialect::Sigs));
        output.fail(Problem::at(ProblemKind::Syntax, Place { at: problem.at, ..place }, message));
    }
}

/// Whether a value at a path is written into the inline values themselves: what Flux merges is shared with them from the
/// first table or list on that only they have. A list is never merged.
fn is_shared(inline: &Node, merged: &Node, path: &str) -> bool {
    let (mut inline, mut merged) = (inline, Some(merged));
    let mut rest = path;
    while let Some(end) = rest.find(['.', '[']) {
        let (name, tail) = rest.split_at(end);
        let Some(own) = inline.get(name) else { return false };
        if tail.starts_with('[') {
            return own.as_seq().is_some();
        }
        let other = merged.and_then(|merged| merged.get(name)).filter(|other| other.as_map().is_some());
        if own.as_map().is_none() || other.is_none() {
            return own.as_map().is_some();
        }
        (inline, merged) = (own, other);
        rest = tail.get(1..).unwrap_or_default();
    }
    false
}

/// `ReplacePathValue`: how a value gets to its path. What is quoted is a string without its quotes.
fn setting(path: &str, value: &str, literal: bool) -> (SetKind, SmolStr) {
    if literal {
        return (SetKind::Literal, format_smolstr!("{path}={value}"));
    }
    let quoted = |quote: char| value.len() >= 2 && value.starts_with(quote) && value.ends_with(quote);
    if quoted('"') || quoted('\'') {
        let inner = value.get(1..value.len() - 1).unwrap_or_default();
        return (SetKind::String, format_smolstr!("{path}={inner}"));
    }
    (SetKind::Typed, format_smolstr!("{path}={value}"))
}
