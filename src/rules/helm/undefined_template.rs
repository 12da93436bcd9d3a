//! `undefined-template`: see the page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::gotemplate::{self, Tree};
use crate::near::is_slip;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::TreePath;
use crate::yaml::Node;

meta!(
    "undefined-template",
    "helm",
    Warning,
    Recommended,
    "0.3.0",
    "A template calls one of its own chart that is not there."
);

pub(crate) struct UndefinedTemplate;

impl Rule for UndefinedTemplate {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Templates of a chart and of those inside of it have one set of names.
        let mut charts: BTreeMap<TreePath, BTreeSet<&TreePath>> = BTreeMap::new();
        for path in inventory.apps.iter().flat_map(|entry| &entry.files) {
            let Some((dir, _)) = path.as_str().split_once("/templates/") else { continue };
            let outer = dir.split("/charts/").next().unwrap_or(dir);
            let is_chart = |dir: &TreePath| inventory.scan.is_in_chart(&dir.child("Chart.yaml"));
            let dirs = [outer, dir].into_iter().filter_map(|dir| TreePath::new(dir).ok());
            if let Some(dir) = dirs.into_iter().find(is_chart) {
                charts.entry(dir).or_default().insert(path);
            }
        }
        for (dir, files) in &charts {
            // What is not unpacked here may define names of any kind.
            let whole = is_whole(cx, dir, files);
            let mut trees: Vec<(&TreePath, Vec<Arc<Tree>>)> = Vec::new();
            for path in files {
                let Ok(file) = cx.workspace.tree.read(path) else { continue };
                let Some(text) = file.text().filter(|text| text.contains("{{")) else { continue };
                if let Ok(parsed) = gotemplate::parse(path.as_str(), text, Some(file.id()), &|_| true) {
                    trees.push((*path, parsed));
                }
            }
            let defined: BTreeSet<&str> =
                trees.iter().flat_map(|(_, trees)| trees).map(|tree| tree.name.as_str()).collect();
            let mut told = BTreeSet::new();
            for (path, trees) in &trees {
                for call in trees.iter().flat_map(|tree| tree.calls()) {
                    let Some(at) = call.at.filter(|at| cx.workspace.is_editable(at.file)) else { continue };
                    if defined.contains(call.name) || call.name.contains('/') || !told.insert(at) {
                        continue;
                    }
                    let close = defined.iter().find(|known| is_slip(call.name, known));
                    let own = whole && gotemplate::own_family(call.name, defined.iter().copied());
                    let readers = inventory.readers(path);
                    // Where rendering came by, the app that fails says so.
                    let failed = readers.iter().filter_map(|app| inventory.app(*app)?.reason.as_deref());
                    let quoted = crate::yaml::go_quote(call.name);
                    if close.is_none() && !own || failed.into_iter().any(|reason| reason.contains(&quoted)) {
                        continue;
                    }
                    let help = match close {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "define it, or call one that the chart defines".to_owned(),
                    };
                    cx.report_at(at, format!("the chart defines no template `{}`", call.name))
                        .apps(readers.to_vec())
                        .help(help)
                        .likely();
                }
            }
        }
    }
}

/// Whether all charts that a chart depends on lie inside of it, unpacked.
fn is_whole(cx: &Context<'_>, dir: &TreePath, files: &BTreeSet<&TreePath>) -> bool {
    let Ok(chart) = cx.workspace.tree.read(&dir.child("Chart.yaml")) else { return false };
    let stream = cx.workspace.cache.stream(&chart);
    let root = stream.documents.first().and_then(|document| document.root.as_ref());
    root.is_some_and(|root| {
        root.items(&["dependencies"]).iter().all(|dependency| {
            let name = dependency.get("name").and_then(Node::as_str).unwrap_or_default();
            let inside = dir.child("charts").child(name);
            files.iter().any(|path| path.starts_with(&inside))
        })
    })
}
