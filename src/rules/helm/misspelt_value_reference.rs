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
            let Some((dir, _)) = path.as_str().rsplit_once("/templates/") else { continue };
            if let (Ok(dir), true) = (TreePath::new(dir), inventory.scan.is_in_chart(path)) {
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
    let users = || {
        let readers: BTreeSet<_> = files.iter().flat_map(|path| inventory.readers(path)).collect();
        let entries: Vec<_> = readers.into_iter().filter_map(|app| inventory.app(*app)).collect();
        let paths: BTreeSet<&TreePath> =
            entries.iter().flat_map(|entry| entry.files.iter().chain(&entry.app.path)).collect();
        paths
    };
    // A key is one mistake however often, and however far below it, it is read.
    let mut told = BTreeSet::new();
    for (names, at) in reads {
        let Some((depth, usual)) = slip(root, &names) else { continue };
        let names = names.get(..=depth).unwrap_or(&names);
        let Some(word) = names.last().filter(|_| told.insert(names.to_vec())) else { continue };
        let (usual, place) = (usual.key.text.as_str(), usual.key.place());
        let set = format!("{word}:");
        let is_set = |path: &TreePath| {
            !path.as_str().contains("/templates/")
                && cx.workspace.tree.read(path).is_ok_and(|file| file.text_or_empty().contains(&set))
        };
        if values.text_or_empty().contains(&set) || users().into_iter().any(is_set) {
            continue;
        }
        let readers: BTreeSet<_> = files.iter().flat_map(|path| inventory.readers(path)).copied().collect();
        cx.report_at(at, format!("`{}` is nowhere among the values, where `{usual}` is", names.join(".")))
            .apps(readers)
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
        let plural = |key: &str| {
            let (short, long) =
                if key.len() < name.len() { (key, name.as_str()) } else { (name.as_str(), key) };
            long.strip_prefix(short).is_some_and(|rest| rest == "s")
        };
        let near = |entry: &&Entry| {
            let key = entry.key.text.as_str();
            key.len() >= LEAST_LETTERS && is_slip(name, key) && !plural(key)
        };
        let mut keys = node.entries().iter().filter(near);
        return match (keys.next(), keys.next()) {
            (Some(usual), None) => Some((depth, usual)),
            _ => None,
        };
    }
    None
}
