//! `misspelt-value-reference`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::gotemplate;
use crate::near::is_slip;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{Span, TreePath};
use crate::yaml::{Entry, Node};

meta!(
    "misspelt-value-reference",
    "helm",
    Warning,
    Recommended,
    "0.3.0",
    "A template or the condition of a dependency reads a value that `values.yaml` spells otherwise."
);

pub(crate) struct MisspeltValueReference;

/// Shorter words are alike too easily.
const LEAST_LETTERS: usize = 4;

/// What one chart reads: the path of a value, and where that is written.
type Reads = Vec<(Vec<String>, Span)>;

impl Rule for MisspeltValueReference {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut charts: BTreeMap<TreePath, BTreeSet<&TreePath>> = BTreeMap::new();
        for path in inventory.apps.iter().flat_map(|entry| &entry.files) {
            let text = path.as_str();
            let dir = text.rsplit_once("/templates/").map(|(dir, _)| dir);
            let dir = dir.or_else(|| text.strip_suffix("/Chart.yaml"));
            if let (Some(Ok(dir)), true) = (dir.map(TreePath::new), inventory.scan.is_in_chart(path)) {
                charts.entry(dir).or_default().insert(path);
            }
        }
        for (dir, files) in &charts {
            check(inventory, cx, dir, files);
        }
    }
}

fn check(inventory: &Inventory, cx: &mut Context<'_>, dir: &TreePath, files: &BTreeSet<&TreePath>) {
    let Ok(values) = cx.workspace.tree.read(&dir.child("values.yaml")) else { return };
    let stream = cx.workspace.cache.stream(&values);
    let Some(root) = stream.documents.first().and_then(|it| it.root.as_ref()) else { return };
    let mut reads = Reads::new();
    for path in files {
        let Ok(file) = cx.workspace.tree.read(path) else { continue };
        let Some(text) = file.text().filter(|text| text.contains("{{")) else { continue };
        // Templates may put values beside those that are given.
        if text.contains("set .Values") || text.contains("set $.Values") {
            return;
        }
        let Ok(trees) = gotemplate::parse(path.as_str(), text, Some(file.id()), &|_| true) else { continue };
        for field in trees.iter().flat_map(|tree| tree.fields()) {
            let ["Values", names @ ..] = field.names.as_slice() else { continue };
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            if let Some(at) = field.at.filter(|at| cx.workspace.is_editable(at.file)) {
                reads.push((names, at));
            }
        }
    }
    if let Ok(chart) = cx.workspace.tree.read(&dir.child("Chart.yaml")) {
        let stream = cx.workspace.cache.stream(&chart);
        let chart = stream.documents.first().and_then(|it| it.root.as_ref());
        for dependency in chart.map(|it| it.items(&["dependencies"])).unwrap_or_default() {
            let Some(node) = dependency.get("condition") else { continue };
            for path in node.as_str().unwrap_or_default().split(',') {
                reads.push((path.trim().split('.').map(str::to_owned).collect(), node.place().at));
            }
        }
    }
    // What users of the chart may set: whoever spells it like the template means it.
    let readers: BTreeSet<_> = files.iter().flat_map(|path| inventory.readers(path)).copied().collect();
    let entries = || readers.iter().filter_map(|app| inventory.app(*app));
    let says = |path: &TreePath, text: &str| {
        cx.workspace.tree.read(path).is_ok_and(|file| file.text_or_empty().contains(text))
    };
    let is_set = |word: &str| {
        let set = format!("{word}:");
        let plain = |path: &&TreePath| !path.as_str().contains("/templates/");
        let files: BTreeSet<&TreePath> = entries().flat_map(|entry| &entry.files).filter(plain).collect();
        let definitions: BTreeSet<&TreePath> =
            entries().filter_map(|entry| entry.app.path.as_ref()).collect();
        // An app names its parameters in its own file.
        files.into_iter().any(|path| says(path, &set)) || definitions.into_iter().any(|path| says(path, word))
    };
    let mut slips = Vec::new();
    let read: BTreeSet<Vec<String>> = reads.iter().map(|(names, _)| names.clone()).collect();
    let is_read = |names: &[String]| {
        let first = read.range(names.to_vec()..).next();
        // Who reads what is above it may read it, too.
        let above = || (1..names.len()).filter_map(|length| names.get(..length)).any(|it| read.contains(it));
        first.is_some_and(|next| next.starts_with(names)) || above()
    };
    // A key is one mistake however often, and however far below it, it is read.
    let mut told = BTreeSet::new();
    for (names, at) in reads {
        let Some((depth, usual)) = slip(root, &names) else { continue };
        let names = names.get(..=depth).unwrap_or(&names);
        let Some(word) = names.last().filter(|_| told.insert(names.to_vec())) else { continue };
        // `host` and `hosts` may both be meant, unless nothing reads the one that is there.
        let mut meant = names.to_vec();
        meant.pop();
        meant.push(usual.key.text.to_string());
        if is_plural(word, &usual.key.text) && is_read(&meant) {
            continue;
        }
        // What is global is for whoever is outside of the chart to set.
        let outer = names.first().is_some_and(|first| first == "global");
        if !outer && !values.text_or_empty().contains(&format!("{word}:")) && !is_set(word) {
            slips.push((names.join("."), at, usual));
        }
    }
    for (path, at, usual) in slips {
        let (usual, place) = (usual.key.text.as_str(), usual.key.place());
        cx.report_at(at, format!("`{path}` is nowhere among the values, where `{usual}` is"))
            .apps(readers.iter().copied())
            .help(format!("did you mean `{usual}`?"))
            .related(place, "spelt like this")
            .likely();
    }
}

/// Which part of a path the values lack, and the one key beside it that is a letter away.
fn slip<'a>(root: &'a Node, names: &[String]) -> Option<(usize, &'a Entry)> {
    let mut node = root;
    for (depth, name) in names.iter().enumerate() {
        if let Some(value) = node.get(name) {
            node = value;
            continue;
        }
        let near = |entry: &&Entry| {
            let key = entry.key.text.as_str();
            key.len() >= LEAST_LETTERS && is_slip(name, key)
        };
        let mut keys = node.entries().iter().filter(near);
        return match (keys.next(), keys.next()) {
            (Some(usual), None) => Some((depth, usual)),
            _ => None,
        };
    }
    None
}

/// Whether one of two words is the other with an `s` behind it.
fn is_plural(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    long.strip_prefix(short) == Some("s")
}
