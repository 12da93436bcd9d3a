//! `volatile-selector-label`: see the page.

use crate::repo::KUSTOMIZATION_NAMES;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Node, Stream};

meta!(
    "volatile-selector-label",
    "kustomize",
    Warning,
    Recommended,
    "0.1.0",
    "A label that changes with every version goes into selectors, which cannot be changed."
);

pub(crate) struct VolatileSelectorLabel;

/// Labels whose values follow versions, builds or time.
const VOLATILE: [&str; 8] =
    ["app.kubernetes.io/version", "helm.sh/chart", "version", "chart", "git-sha", "commit", "revision", "build"];

impl Rule for VolatileSelectorLabel {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        let name = file.file.name().rsplit('/').next().unwrap_or_default();
        if !KUSTOMIZATION_NAMES.contains(&name) {
            return;
        }
        for root in file.documents.iter().filter_map(|document| document.root.as_ref()) {
            let with_selectors = root.items(&["labels"]).iter().filter(|entry| {
                entry.get("includeSelectors").and_then(Node::as_bool).unwrap_or(false)
            });
            let pairs = with_selectors.filter_map(|entry| entry.get("pairs")).chain(root.get("commonLabels"));
            for entry in pairs.flat_map(Node::entries) {
                if VOLATILE.contains(&entry.key.text.as_str()) {
                    let message = format!("`{}` is put into selectors, which cannot be changed later", entry.key.text);
                    let help = "add it under `labels` without `includeSelectors` (and with `includeTemplates: true` if pods \
                                shall have it)";
                    cx.report_at(entry.key.at.cover(entry.value.at), message).help(help);
                }
            }
        }
    }
}
