//! `spec.templatePatch`: a strategic merge patch that is a template.
//!
//! Mirrors `applicationset/controllers/template/patch.go`. Of all lists of an Application only the finalizers
//! merge; every other list is replaced.

use crate::origin::{Origin, Origins, Place, SourceMap, Step, Text};
use crate::yaml::{Data, Dialect, Map, Node, parse_text};

use super::engine::{Engine, Wrong, wrong};

/// Patches never reach this depth; the bound keeps the stack.
const MAX_DEPTH: u32 = 200;

/// Renders the patch with the parameters and applies it.
pub(super) fn apply(mut application: Node, written: &Node, engine: &mut Engine<'_>) -> Result<Node, Wrong> {
    let place = written.place();
    let source = by_line(written.as_str().unwrap_or_default(), place, engine);
    let text = engine.text(&source, place)?.unwrap_or(source);
    // Nothing, comments and `null` are JSON's null, which `strategicpatch` takes for no patch.
    let Some(patch) = read(&text, place, engine)? else { return Ok(application) };
    let origins = &mut *engine.origins;
    let project = application.at_path(&["spec", "project"]).cloned();
    let lost = lost_source(&application, &patch);
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
    match lost.filter(|_| !has_source(&application)) {
        Some((place, field)) => {
            let message =
                format!("the templatePatch deletes `{field}`, but spec.source or spec.sources is required");
            let mut problem = wrong(place, message);
            problem.help = Some(format!(
                "a key without a value deletes in a patch: write what `{field}` shall be, or leave the key out"
            ));
            Err(problem)
        }
        None => Ok(application),
    }
}

/// Whether an Application says what it deploys.
fn has_source(application: &Node) -> bool {
    let is_there = |key: &&str| application.at_path(&["spec", key]).is_some_and(|node| !node.is_null());
    ["source", "sources", "sourceHydrator"].iter().any(is_there)
}

/// The key of a patch that deletes what an Application deploys, and its path.
fn lost_source(application: &Node, patch: &Node) -> Option<(Place, String)> {
    if !has_source(application) {
        return None;
    }
    let deletion = |node: &Node, key: &str| {
        let entry = node.as_map()?.entry(key).filter(|entry| entry.value.is_null())?;
        Some(entry.key.place())
    };
    if let Some(place) = deletion(patch, "spec") {
        return Some((place, "spec".to_owned()));
    }
    let spec = patch.get("spec")?;
    ["source", "sources", "sourceHydrator"]
        .iter()
        .find_map(|key| Some((deletion(spec, key)?, format!("spec.{key}"))))
}

/// The patch as text whose lines know where they are written: in a block scalar every line stands in the file as it
/// is, behind its indentation.
fn by_line(source: &str, place: Place, engine: &mut Engine<'_>) -> Text {
    let file = engine.sources.get(place.at.file).filter(|_| place.origin.is_written());
    let written = file.as_ref().map(|file| file.slice(place.at)).unwrap_or_default();
    let whole = engine.origins.entry(place);
    let mut text = Text::new();
    let mut from = 0;
    for line in source.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        let found = written.get(from..).filter(|_| !content.is_empty()).and_then(|rest| rest.find(content));
        let origin = match found {
            Some(at) => {
                let start = from + at;
                from = start + content.len();
                let at = place.at.part(start as u32, content.len() as u32);
                engine.origins.add(Origin::new(at, Step::Written))
            }
            None => whole,
        };
        text.push_str(line, origin);
    }
    text
}

/// The patch as a mapping; `None` when it is null.
fn read(text: &Text, place: Place, engine: &mut Engine<'_>) -> Result<Option<Node>, Wrong> {
    let invalid = |message: String| wrong(place, format!("invalid templatePatch: {message}"));
    let mut map = SourceMap::new(text, engine.origins, engine.sources, place.at);
    let parsed = parse_text(text.as_str(), Dialect::Sigs, &mut map);
    if let Some(error) = parsed.documents.first().and_then(|document| document.error.as_ref()) {
        return Err(invalid(error.message.clone()));
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
