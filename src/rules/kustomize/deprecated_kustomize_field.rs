//! `deprecated-kustomize-field`: see the page.

use crate::repo::KUSTOMIZATION_NAMES;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Stream;

meta!(
    "deprecated-kustomize-field",
    "kustomize",
    Warning,
    Strict,
    "0.1.0",
    "A field of a kustomization is deprecated."
);

pub(crate) struct DeprecatedKustomizeField;

/// Deprecated fields and what takes their place, as `kustomize build` warns.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

impl Rule for DeprecatedKustomizeField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        let name = file.file.name().rsplit('/').next().unwrap_or_default();
        if !KUSTOMIZATION_NAMES.contains(&name) {
            return;
        }
        for root in file.documents.iter().filter_map(|document| document.root.as_ref()) {
            for entry in root.entries() {
                if let Some((old, new)) = DEPRECATED.iter().find(|(old, _)| entry.key.text == *old) {
                    let message = format!("`{old}` is deprecated, `{new}` takes its place");
                    cx.report_at(entry.key.at, message).help("run `kustomize edit fix`");
                }
            }
        }
    }
}
