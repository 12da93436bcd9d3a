//! `unreferenced-manifest`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::{Inventory, KUSTOMIZATION_NAMES};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{Span, TreePath};

meta!(
    "unreferenced-manifest",
    "kustomize",
    Note,
    Recommended,
    "0.1.0",
    "A manifest lies beside those that a kustomization deploys, but nothing deploys it."
);

pub(crate) struct UnreferencedManifest;

/// Words in file names that say the file is not meant to be deployed as it is, or is applied by hand.
const NOT_MEANT: [&str; 11] =
    ["example", "sample", "template", "test", "backup", "old", "draft", "disabled", "patch", "secret", "job"];

/// So many siblings must be deployed for the one that is not to stand out.
const SIBLINGS: usize = 2;

impl Rule for UnreferencedManifest {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let scan = &inventory.scan;
        let read: BTreeSet<&TreePath> = inventory.apps.iter().flat_map(|app| &app.files).collect();
        let mut documents: BTreeMap<&TreePath, usize> = BTreeMap::new();
        for document in &scan.documents {
            *documents.entry(&document.path).or_default() += 1;
        }
        for (dir, kustomization) in &scan.kustomizations {
            let beside = |path: &&TreePath| path.parent().as_ref() == Some(dir);
            let deployed =
                kustomization.resources.iter().filter(beside).filter(|path| read.contains(path)).count();
            if deployed < SIBLINGS || !read.contains(&kustomization.file) {
                continue;
            }
            let Ok(written) = cx.workspace.tree.read(&kustomization.file) else { continue };
            let idle: Vec<&TreePath> = documents
                .keys()
                .copied()
                .filter(beside)
                .filter(|path| {
                    let name = path.file_name();
                    let lower = name.to_lowercase();
                    !KUSTOMIZATION_NAMES.contains(&name)
                    && !read.contains(path)
                    && !is_named(inventory, path)
                    && !NOT_MEANT.iter().any(|word| lower.contains(word))
                    // Commented out, or left to a plugin: somebody thought of it.
                    && !written.text_or_empty().contains(name)
                })
                .collect();
            // Many of them are a habit, not an oversight: some other tool deploys them.
            if idle.len() > deployed {
                continue;
            }
            for path in idle {
                let Ok(file) = cx.workspace.tree.read(path) else { continue };
                let message = format!(
                    "`{}` is not among the resources of the kustomization beside it",
                    path.file_name()
                );
                let end = file.line_span(0).map_or(0, |line| line.end);
                let report = cx.report_at(Span::new(file.id(), 0, end), message);
                let report = report.related_at(Span::new(written.id(), 0, 0), "the kustomization");
                report.help("add it to `resources`, or delete the file").mend(|_, mender| {
                    let fix = mender.push_below(written.span(), &["resources"], path.file_name())?;
                    Some(fix.changing_apps().not_safe())
                });
            }
        }
    }
}

fn is_named(inventory: &Inventory, path: &TreePath) -> bool {
    let scan = &inventory.scan;
    scan.kustomizations.values().any(|it| it.resources.contains(path) || it.files.contains(path))
}
