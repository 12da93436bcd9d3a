//! Where to go from a place, and what leads to it.

use std::collections::BTreeSet;

use crate::helm::ChartTree;
use crate::repo::Labels;
use crate::source::{Span, TreePath};
use crate::yaml::Node;

use super::cursor::{Cursor, MAX_APPS, Reader};
use super::links::{self, Spot};
use super::named;
use super::session::Checked;

/// Where to go from here.
pub(super) fn definition(cursor: &Cursor, checked: &Checked) -> BTreeSet<Span> {
    if cursor.is_template() {
        return of_template(cursor, checked);
    }
    let spot = cursor.spot();
    if let Some(text) = spot.scalar.and_then(Node::scalar) {
        let sources = links::sources_of(&checked.inventory, &cursor.path);
        let target = links::target(&checked.workspace, &cursor.path, text, &sources);
        if let Some(file) = target.and_then(|path| checked.workspace.tree.read(&path).ok()) {
            return [Span::start_of(file.id())].into();
        }
        let mut found = links::providers(&checked.workspace, &checked.inventory, &cursor.file, cursor.offset);
        if found.is_empty() {
            found = named::definition(cursor, checked);
        }
        if !found.is_empty() {
            return found;
        }
    }
    let lines = cursor.lines(checked);
    let (readers, _) = cursor.readers(checked, MAX_APPS);
    readers.iter().flat_map(|reader| links::consumers(&reader.rendered, &cursor.file, &lines)).collect()
}

/// From a template: the definition that an `include` names, else the values behind the expression, else those behind the line.
fn of_template(cursor: &Cursor, checked: &Checked) -> BTreeSet<Span> {
    let (readers, _) = cursor.readers(checked, MAX_APPS);
    if let Some(name) = quoted(cursor) {
        let found: BTreeSet<Span> = readers.iter().flat_map(|reader| defined(reader, &name)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    let line = cursor.line()..=cursor.line();
    let all: BTreeSet<Span> =
        readers.iter().flat_map(|reader| links::producers(&reader.rendered, &cursor.file, &line)).collect();
    let Some(key) = expression(cursor) else { return all };
    let is_key = |at: &Span| {
        let Some(file) = checked.workspace.sources.get(at.file) else { return false };
        let stream = checked.workspace.cache.stream(&file);
        Spot::at(&stream, &file, at.start).path.last() == Some(&key.as_str())
    };
    let own: BTreeSet<Span> = all.iter().copied().filter(is_key).collect();
    if own.is_empty() { all } else { own }
}

/// The last key of the expression that a place of a template is in: `tag` of `.Values.image.tag`.
fn expression(cursor: &Cursor) -> Option<String> {
    let line = cursor.line_span()?;
    let text = cursor.file.slice(line);
    let at = (cursor.offset - line.start) as usize;
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$');
    let start = text.get(..at)?.rfind(|c| !part(c)).map_or(0, |at| at + 1);
    let rest = text.get(start..)?;
    let word = rest.split(|c| !part(c)).next()?;
    word.contains('.')
        .then(|| word.rsplit('.').next())
        .flatten()
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
}

/// The name in quotes that a place of a template is in.
fn quoted(cursor: &Cursor) -> Option<String> {
    let line = cursor.line_span()?;
    let text = cursor.file.slice(line);
    let (before, after) = text.split_at_checked((cursor.offset - line.start) as usize)?;
    let (head, start) = before.rsplit_once('"')?;
    let (end, _) = after.split_once('"')?;
    let calls = ["include", "template"].iter().any(|word| head.trim_end().ends_with(word));
    calls.then(|| format!("{start}{end}"))
}

/// Where the charts of an app define a template.
fn defined(reader: &Reader<'_>, name: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut todo: Vec<&ChartTree> = reader.rendered.releases.iter().map(|release| &release.root).collect();
    let quoted = format!("\"{name}\"");
    while let Some(tree) = todo.pop() {
        for template in &tree.chart.templates {
            let text = template.file.text_or_empty();
            let defines =
                |at: &usize| text.get(..*at).is_some_and(|head| head.trim_end().ends_with("define"));
            let starts = text.match_indices(&quoted).map(|(at, _)| at).filter(defines);
            found.extend(starts.map(|at| {
                let start = at as u32;
                Span::new(template.file.id(), start, start + quoted.len() as u32)
            }));
        }
        todo.extend(&tree.dependencies);
    }
    found
}

/// What leads here.
pub(super) fn references(cursor: &Cursor, checked: &Checked) -> BTreeSet<Span> {
    let spot = cursor.spot();
    match spot.path.as_slice() {
        ["metadata", "name"] => {
            if let Some(node) = spot.scalar
                && let Some(name) = node.scalar()
            {
                let workspace = &checked.workspace;
                let here = (name.as_str(), node.at);
                let mut found = links::referring(workspace, &checked.inventory, &cursor.file, here);
                found.extend(named::references(cursor, checked));
                if !found.is_empty() {
                    return found;
                }
            }
        }
        ["apiVersion" | "kind"] => return naming(cursor, checked),
        _ => {}
    }
    let lines = cursor.lines(checked);
    let (readers, _) = cursor.readers(checked, MAX_APPS);
    let mut found: BTreeSet<Span> =
        readers.iter().flat_map(|reader| links::consumers(&reader.rendered, &cursor.file, &lines)).collect();
    if cursor.is_template() {
        let line = cursor.line()..=cursor.line();
        found.extend(
            readers.iter().flat_map(|reader| links::producers(&reader.rendered, &cursor.file, &line)),
        );
    }
    found
}

/// The entries that name the file: of kustomizations, and of the definitions of the apps that read it.
fn naming(cursor: &Cursor, checked: &Checked) -> BTreeSet<Span> {
    let inventory = &checked.inventory;
    let dir = cursor.path.parent().unwrap_or_default();
    let kustomizations = inventory.scan.kustomizations.values();
    let named = kustomizations.filter(|it| {
        let own = it.resources.contains(&cursor.path) || it.files.contains(&cursor.path);
        own || it.dirs.contains(&dir) && cursor.is_kustomization()
    });
    let apps = inventory.readers(&cursor.path).iter().filter_map(|id| inventory.app(*id)?.app.path.clone());
    let files: BTreeSet<TreePath> = named.map(|it| it.file.clone()).chain(apps.take(MAX_APPS)).collect();
    let mut found = BTreeSet::new();
    for path in files {
        let Ok(file) = checked.workspace.tree.read(&path) else { continue };
        let stream = checked.workspace.cache.stream(&file);
        let all = links::links(&checked.workspace, inventory, &path, &stream);
        found.extend(all.into_iter().filter(|(_, target)| *target == cursor.path).map(|(at, _)| at));
    }
    found
}

/// The line that somebody edits for a place of the inventory.
pub(super) fn primary(checked: &Checked, place: crate::origin::Place) -> Span {
    Labels::of(place, &checked.inventory.origins, &checked.workspace).primary.at
}
