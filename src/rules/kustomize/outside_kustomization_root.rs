//! `outside-kustomization-root`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::{self, AppId, AppKind, Inventory, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{FileId, Span, TreePath};
use crate::yaml::{Data, Node};

meta!(
    "outside-kustomization-root",
    "kustomize",
    Warning,
    Recommended,
    "0.1.0",
    "A kustomization reads a file outside of its directory, which kustomize refuses unless it is told not to."
);

pub(crate) struct OutsideKustomizationRoot;

impl Rule for OutsideKustomizationRoot {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let found = candidates(inventory, cx);
        // Flux builds without the restriction, and so does whoever names the option.
        let flux = |group: &str| group.ends_with("fluxcd.io");
        if found.is_empty()
            || inventory.scan.documents.iter().any(|document| flux(&document.group))
            || names_option(cx)
        {
            return;
        }
        // One finding for each kustomization: they seldom have one entry of the kind.
        let mut by_file: BTreeMap<FileId, Vec<(Span, BTreeSet<AppId>)>> = BTreeMap::new();
        for (at, apps) in found {
            by_file.entry(at.file).or_default().push((at, apps));
        }
        for (file, entries) in by_file {
            let (Some(file), Some((at, apps))) = (cx.sources().get(file), entries.first()) else { continue };
            let name = file.slice(*at);
            let message = match entries.len() {
                1 => format!("`{name}` is not in or below the directory of the kustomization"),
                count => format!(
                    "{count} files are not in or below the directory of the kustomization, such as `{name}`"
                ),
            };
            let help = "move the file below the kustomization, or refer to a directory with a kustomization of its own";
            let mut report = cx.report_at(*at, message).apps(apps.iter().copied()).help(help);
            for (at, _) in entries.iter().skip(1).take(4) {
                report = report.related_at(*at, "neither is this one");
            }
        }
    }
}

/// The entries that leave their directory, with the overlays that read them. What Argo CD or Flux builds is the business
/// of `kustomize-build-failure`, which knows the options.
fn candidates(inventory: &Inventory, cx: &Context<'_>) -> BTreeMap<Span, BTreeSet<AppId>> {
    let scan = &inventory.scan;
    let overlay = |kind| kind == AppKind::Overlay;
    let built: BTreeSet<&TreePath> =
        inventory.apps.iter().filter(|app| !overlay(app.app.kind)).flat_map(|app| &app.files).collect();
    let mut found: BTreeMap<Span, BTreeSet<AppId>> = BTreeMap::new();
    for entry in &inventory.apps {
        let Spec::Overlay(dir) = &entry.app.spec else { continue };
        for dir in scan.closure(&dir.path) {
            let Some(kustomization) = scan.kustomizations.get(&dir) else { continue };
            let file = &kustomization.file;
            if built.contains(file) || !entry.files.contains(file) || repo::is_test_data(file) {
                continue;
            }
            let read = kustomization.resources.iter().chain(&kustomization.files);
            let outside: BTreeSet<&TreePath> =
                read.filter(|path| !path.starts_with(&dir) && is_outside(path, &dir, cx)).collect();
            if outside.is_empty() {
                continue;
            }
            let Ok(source) = cx.workspace.tree.read(file) else { continue };
            let stream = cx.workspace.cache.stream(&source);
            for root in stream.documents.iter().filter_map(|document| document.root.as_ref()) {
                visit(root, &mut |node| {
                    let text = node.scalar().map_or("", |text| text.as_str());
                    let path = text.rsplit_once('=').map_or(text, |(_, path)| path);
                    if dir.join(path).is_ok_and(|path| outside.contains(&path)) {
                        found.entry(node.at).or_default().insert(entry.app.id);
                    }
                });
            }
        }
    }
    found
}

/// Whether the file is there and, links followed, not below the directory.
fn is_outside(path: &TreePath, dir: &TreePath, cx: &Context<'_>) -> bool {
    let tree = &cx.workspace.tree;
    tree.is_file(path) && tree.resolve(path).is_ok_and(|real| !real.starts_with(dir))
}

/// Whether any text of the repository names the option that lifts the restriction.
fn names_option(cx: &Context<'_>) -> bool {
    cx.texts().any(|(_, file)| {
        let text = file.text_or_empty();
        ["LoadRestrictionsNone", "load_restrictor", "load-restrictor"].iter().any(|it| text.contains(it))
    })
}

fn visit(node: &Node, see: &mut dyn FnMut(&Node)) {
    match &node.data {
        Data::Scalar(_) => see(node),
        Data::Seq(items) => items.iter().for_each(|item| visit(item, see)),
        Data::Map(map) => map.iter().for_each(|entry| visit(&entry.value, see)),
    }
}
