//! `spec.templatePatch`: a strategic merge patch that is a template.
//!
//! Mirrors `applicationset/controllers/template/patch.go`. Of all lists of an Application only the finalizers
//! merge; every other list is replaced.

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origin, Origins, Place, SourceMap, Step, Text};
use crate::source::Sources;
use crate::yaml::{Data, Dialect, Map, Node, parse_text};

use super::engine::{self, Stop};
use super::{ApplicationSet, Params};

/// Patches never reach this depth; the bound keeps the stack.
const MAX_DEPTH: u32 = 200;

/// Renders the patch with the parameters and applies it.
pub(super) fn apply(
    set: &ApplicationSet,
    mut application: Node,
    written: &Node,
    params: &Params,
    origins: &mut Origins,
    sources: &Sources,
) -> Result<Node, Stop> {
    let place = written.place();
    let source = written.as_str().unwrap_or_default();
    let filled = engine::execute(set, source, place, params, origins)?;
    let text = match filled {
        Some(text) => text,
        None => Text::of(source, origins.entry(place)),
    };
    let Some(patch) = read(&text, place, origins, sources)? else {
        return Err(Stop::wrong(
            place,
            "error while applying templatePatch: it is empty; render `{}` instead",
        ));
    };
    let project = application.at_path(&["spec", "project"]).cloned();
    merge(&mut application, patch, origins, 0);
    // The patch cannot change the project.
    if let Some(spec) = application.as_map_mut().and_then(|map| map.get_mut("spec"))
        && let Some(spec) = spec.as_map_mut()
    {
        match (spec.get_mut("project"), project) {
            (Some(patched), Some(project)) => *patched = project,
            (Some(_), None) => {
                spec.remove("project");
            }
            (None, _) => {}
        }
    }
    Ok(application)
}

/// The patch as a mapping; `None` when it is null.
fn read(text: &Text, place: Place, origins: &mut Origins, sources: &Sources) -> Result<Option<Node>, Stop> {
    let invalid = |message: String| {
        let problem = Problem::at(ProblemKind::Render, place, format!("invalid templatePatch: {message}"));
        Stop::Wrong(Box::new(problem))
    };
    let mut map = SourceMap::new(text, origins, sources, place.at);
    let parsed = parse_text(text.as_str(), Dialect::Sigs, &mut map);
    if parsed.documents.iter().any(|document| document.broken) {
        let message = parsed.problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        return Err(invalid(message));
    }
    let Some(mut root) = parsed.documents.into_iter().next().and_then(|document| document.root) else {
        return Ok(None);
    };
    root.canonicalize(Dialect::Sigs).map_err(|problem| invalid(problem.message))?;
    match &root.data {
        Data::Map(_) => Ok(Some(root)),
        _ if root.is_null() => Ok(None),
        _ => Err(invalid("it must hold a mapping".to_owned())),
    }
}

/// A strategic merge patch: null deletes, mappings merge, everything else replaces.
fn merge(base: &mut Node, patch: Node, origins: &mut Origins, depth: u32) {
    let place = patch.place();
    let (Data::Map(map), Data::Map(changes)) = (&mut base.data, &patch.data) else {
        *base = patched(patch, base.place(), origins);
        return;
    };
    match changes.get("$patch").and_then(Node::as_str) {
        Some("delete") => {
            base.data = Data::Map(Map::new());
            return;
        }
        Some("replace") => {
            let mut whole = changes.clone();
            whole.remove("$patch");
            *base = patched(Node::map(whole, place), base.place(), origins);
            return;
        }
        _ => {}
    }
    let Data::Map(changes) = patch.data else { return };
    for mut entry in changes.into_entries() {
        if entry.key.text == "$patch" || depth > MAX_DEPTH {
            continue;
        }
        if entry.value.is_null() {
            map.remove(&entry.key.text);
            continue;
        }
        let merges = entry.key.text == "finalizers" && depth == 1;
        match map.get_mut(&entry.key.text) {
            Some(known) if merges && known.as_seq().is_some() => {
                let Data::Seq(items) = entry.value.data else { continue };
                let Some(list) = known.as_seq_mut() else { continue };
                for item in items {
                    if !list.contains(&item) {
                        list.push(patched(item, place, origins));
                    }
                }
            }
            Some(known) => merge(known, entry.value, origins, depth + 1),
            None => {
                strip_directives(&mut entry.value, 0);
                let value = added(entry.value, origins);
                map.insert(entry.key, value);
            }
        }
    }
}

/// Nulls and directives of a patch mean nothing where there was nothing to patch.
fn strip_directives(node: &mut Node, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(map) = node.as_map_mut() {
        map.retain(|entry| entry.key.text != "$patch" && !entry.value.is_null());
        map.iter_mut().for_each(|entry| strip_directives(&mut entry.value, depth + 1));
    }
}

/// A value of the patch in the place of another.
fn patched(node: Node, old: Place, origins: &mut Origins) -> Node {
    let under = origins.entry(old);
    let from = origins.entry(node.place());
    let origin = origins.add(Origin::new(node.at, Step::Patched).from(from).under(under));
    Node { origin, ..node }
}

/// A value of the patch where there was none.
fn added(node: Node, origins: &mut Origins) -> Node {
    let from = origins.entry(node.place());
    let origin = origins.add(Origin::new(node.at, Step::Patched).from(from));
    Node { origin, ..node }
}
