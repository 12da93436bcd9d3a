//! `unreferenced-manifest`: see the page.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::finding::{Confidence, Severity};
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

/// So many of its kind must be listed for the one that is not to have been forgotten.
const ALIKE: usize = 3;

impl Rule for UnreferencedManifest {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let scan = &inventory.scan;
        let is_read = |path: &TreePath| !inventory.readers(path).is_empty();
        let mut manifests: FxHashMap<TreePath, BTreeSet<&TreePath>> = FxHashMap::default();
        let mut kinds: FxHashMap<&TreePath, BTreeSet<&str>> = FxHashMap::default();
        for document in &scan.documents {
            if !document.name.is_empty() {
                kinds.entry(&document.path).or_default().insert(document.kind.as_str());
            }
            if let Some(dir) = document.path.parent() {
                manifests.entry(dir).or_default().insert(&document.path);
            }
        }
        for (dir, kustomization) in &scan.kustomizations {
            let beside = |path: &&TreePath| path.parent().as_ref() == Some(dir);
            let deployed = kustomization.resources.iter().filter(beside).filter(|path| is_read(path)).count();
            if deployed < SIBLINGS || !is_read(&kustomization.file) {
                continue;
            }
            let Ok(written) = cx.workspace.tree.read(&kustomization.file) else { continue };
            let all = manifests.get(dir).into_iter().flatten().copied();
            let idle: Vec<&TreePath> = all
                .filter(|path| {
                    let name = path.file_name();
                    let lower = name.to_lowercase();
                    !KUSTOMIZATION_NAMES.contains(&name)
                    && !is_read(path)
                    && !scan.is_resource(path)
                    && !scan.is_input(path)
                    && !NOT_MEANT.iter().any(|word| lower.contains(word))
                    // Commented out, or left to a plugin: somebody thought of it.
                    && !written.text_or_empty().contains(name)
                })
                .collect();
            // Many of them are a habit, not an oversight: some other tool deploys them.
            if idle.len() > deployed {
                continue;
            }
            // One that is of the kind of several that are listed was forgotten, rather than left out.
            let of_kind = |kind: &str| {
                let listed = kustomization.resources.iter().filter(beside);
                listed.filter(|path| kinds.get(path).is_some_and(|kinds| kinds.contains(kind))).count()
            };
            let stands_out = |path: &TreePath| {
                idle.len() == 1
                    && kinds.get(path).is_some_and(|kinds| kinds.iter().any(|kind| of_kind(kind) >= ALIKE))
            };
            for path in idle.iter().copied() {
                let Ok(file) = cx.workspace.tree.read(path) else { continue };
                let message = format!(
                    "`{}` is not among the resources of the kustomization beside it",
                    path.file_name()
                );
                let end = file.line_span(0).map_or(0, |line| line.end);
                let mut report = cx.report_at(Span::new(file.id(), 0, end), message);
                if stands_out(path) {
                    report = report.confidence(Confidence::Likely).severity(Severity::Warning);
                }
                let report = report.related_at(Span::new(written.id(), 0, 0), "the kustomization");
                report.help("add it to `resources`, or delete the file").mend(|_, mender| {
                    let fix = mender.push_below(written.span(), &["resources"], path.file_name())?;
                    Some(fix.changing_apps().not_safe())
                });
            }
        }
    }
}
