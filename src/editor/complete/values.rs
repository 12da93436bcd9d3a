//! Keys and words of values: what the defaults of the charts have, and what their `values.schema.json` knows.

use std::collections::BTreeSet;

use crate::helm::{ChartTree, Release};
use crate::repo;
use crate::source::Span;
use crate::yaml::Node;
use crate::yaml::edit::Edit;

use super::super::cursor::{Cursor, MAX_APPS};
use super::super::session::{Checked, Session};
use super::super::words::shown;
use super::typing::Typing;
use super::{Proposal, Sort, place};

/// What could stand at a place of a file of values.
pub(super) fn complete(
    cursor: &Cursor,
    checked: &Checked,
    typing: &Typing<'_>,
    line: Span,
) -> BTreeSet<Proposal> {
    propose(&releases_without(cursor, checked, line), typing, &place(typing))
}

/// The same for values inside of the definition of an app, be they a mapping or text. Half a word breaks the text, or the app with it:
/// then it is asked without the line.
pub(super) fn inline(
    cursor: &Cursor,
    checked: &Checked,
    session: &Session,
    (typing, kind): (&Typing<'_>, &str),
    line: Span,
) -> BTreeSet<Proposal> {
    let place = place(typing);
    let at = match (kind, place.as_slice()) {
        ("Application" | "ApplicationSet", path) => {
            let is_values = |it: &[&str]| matches!(it, ["helm", "valuesObject" | "values"]);
            path.windows(2).position(is_values).map(|at| at + 2)
        }
        ("HelmRelease", ["spec", "values", ..]) => Some(2),
        _ => None,
    };
    let Some(below) = at.and_then(|at| place.get(at..)) else { return BTreeSet::new() };
    let mut releases = releases_without(cursor, checked, line);
    if releases.is_empty() {
        let edit = Edit { range: line.start..line.end, text: String::new() };
        let without = session.check_without(&cursor.path, &edit);
        releases = without.map(|checked| defined_in(cursor, &checked)).unwrap_or_default();
    }
    propose(&releases, typing, below)
}

/// The charts of the apps that a file defines.
fn defined_in(cursor: &Cursor, checked: &Checked) -> Vec<Release> {
    let defined = checked.inventory.apps.iter().filter(|it| it.app.path.as_ref() == Some(&cursor.path));
    defined.take(MAX_APPS).flat_map(|entry| repo::render(&entry.app, &checked.workspace).releases).collect()
}

fn propose(releases: &[Release], typing: &Typing<'_>, place: &[&str]) -> BTreeSet<Proposal> {
    let mut found: BTreeSet<Proposal> = BTreeSet::new();
    for release in releases {
        if typing.value_of.is_none()
            && let Some(defaults) = release.root.chart.values.as_ref()
        {
            let below = if place.is_empty() { Some(defaults.as_ref()) } else { defaults.at_path(place) };
            for entry in below.map(Node::entries).unwrap_or_default() {
                let shown = shown(&entry.key.text, &entry.value).replace('`', "");
                found.insert(Proposal::new(entry.key.text.as_str(), format!("default {shown}"), Sort::Key));
            }
        }
        by_schema(&release.root, typing, place, &mut found);
    }
    found.retain(|it| it.sort != Sort::Key || !typing.taken.contains(it.label.as_str()));
    found
}

/// What the schemas of a chart and the charts inside of it say about a place.
fn by_schema(root: &ChartTree, typing: &Typing<'_>, place: &[&str], found: &mut BTreeSet<Proposal>) {
    let mut todo = vec![root];
    while let Some(tree) = todo.pop() {
        todo.extend(&tree.dependencies);
        let own: Vec<&str> = tree.values_path.iter().map(smol_str::SmolStr::as_str).collect();
        let Some(below) = place.strip_prefix(own.as_slice()) else { continue };
        let Some(schema) = &tree.chart.schema else { continue };
        let outline = schema.outline(below);
        if typing.value_of.is_none() {
            let known: BTreeSet<String> = found.iter().map(|it| it.label.clone()).collect();
            let fields = outline.fields.iter().filter(|field| !known.contains(field.name.as_str()));
            found.extend(
                fields.map(|field| Proposal::new(field.name.as_str(), field.words.clone(), Sort::Key)),
            );
        }
        if typing.value_of.is_some() || typing.item {
            found.extend(outline.values.iter().map(|word| Proposal::new(word.as_str(), "", Sort::Word)));
        }
    }
}

/// The charts of the apps that read the file. Half a word is no YAML, so the line that is being typed is left out.
fn releases_without(cursor: &Cursor, checked: &Checked, line: Span) -> Vec<Release> {
    let workspace = &checked.workspace;
    let edit = Edit { range: line.start..line.end, text: String::new() };
    let ids = checked.inventory.readers(&cursor.path).iter().take(MAX_APPS);
    let entries = ids.filter_map(|id| checked.inventory.app(*id));
    let own = |entry: &&repo::AppEntry| entry.app.path.as_ref() != Some(&cursor.path);
    let (readers, defined): (Vec<_>, Vec<_>) = entries.partition(own);
    let without = |entry: &&repo::AppEntry| repo::render_without(&entry.app, workspace, &cursor.file, &edit);
    let mut releases: Vec<Release> =
        readers.iter().filter_map(without).flat_map(|it| it.rendered.releases).collect();
    // What an app's own definition says was read before; apps that it defines are rendered as they were.
    let written_here = checked.inventory.apps.iter().filter(|it| it.app.path.as_ref() == Some(&cursor.path));
    let own = defined.into_iter().chain(written_here).take(MAX_APPS);
    releases.extend(own.flat_map(|entry| repo::render(&entry.app, workspace).releases));
    releases
}
