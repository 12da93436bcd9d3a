//! `unknown-argocd-setting`: see the page.

use std::cell::OnceCell;

use crate::argocd::{KnownKey, setting_key};
use crate::repo::{Inventory, Labels};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "unknown-argocd-setting",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A ConfigMap of Argo CD has a key that nothing reads."
);

pub(crate) struct UnknownArgocdSetting;

impl Rule for UnknownArgocdSetting {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let old = OnceCell::new();
        for object in inventory.declared.iter().filter(|object| object.kind == "ConfigMap") {
            for entry in object.node.get("data").map(Node::entries).unwrap_or_default() {
                let key = entry.key.text.as_str();
                let known = setting_key(&object.name, key);
                let renamed = match &known {
                    Some(KnownKey::Unknown(Some(meant))) => Some(*meant),
                    _ => None,
                };
                let gone = matches!(known, Some(KnownKey::Removed));
                let (message, help) = match known {
                    None | Some(KnownKey::Current) => continue,
                    Some(KnownKey::Removed) if *old.get_or_init(|| is_version_2(cx)) => continue,
                    Some(KnownKey::Removed) => (
                        format!("Argo CD does not read `{key}` any more"),
                        "remove it: see the upgrading notes of Argo CD 3.0 for what took its place"
                            .to_owned(),
                    ),
                    Some(KnownKey::Unknown(meant)) => (
                        format!("Argo CD reads no key `{key}` of `{}`", object.name),
                        meant.map_or_else(
                            || "remove it".to_owned(),
                            |meant| format!("did you mean `{meant}`?"),
                        ),
                    ),
                };
                // A chart of somebody else sets it for versions of its own.
                let labels = Labels::of(entry.key.place(), cx.origins(), cx.workspace);
                if cx.workspace.is_editable(labels.primary.at.file) {
                    cx.report_labels(labels, message).apps(object.app).help(help).mend(|at, mender| {
                        let fix = match renamed {
                            Some(meant) => mender.spell(at, key, meant)?.not_safe(),
                            None if gone => mender.delete(at)?,
                            None => return None,
                        };
                        Some(fix.changing(["data"]))
                    });
                }
            }
        }
    }
}

/// Whether the repository shows that it installs Argo CD 2: by the image, the release that a kustomization or link names, or a
/// version of the chart before 8, which brought Argo CD 3.
fn is_version_2(cx: &Context<'_>) -> bool {
    let after = |text: &str, words: &str| {
        text.match_indices(words).any(|(at, _)| {
            let rest = text.get(at + words.len()..).unwrap_or_default();
            rest.trim_start_matches(['v', '\'', '"']).starts_with("2.")
        })
    };
    let chart_is_old = |text: &str| {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let line = line.trim().trim_start_matches("- ");
            if line != "chart: argo-cd" && line != "name: argo-cd" {
                continue;
            }
            let version = lines.clone().take(4).find_map(|next| {
                let next = next.trim();
                next.strip_prefix("targetRevision:").or_else(|| next.strip_prefix("version:"))
            });
            let major = version.and_then(|it| {
                it.trim().trim_matches(['v', '\'', '"', '~', '^']).split('.').next()?.parse().ok()
            });
            if major.is_some_and(|major: u32| major < 8) {
                return true;
            }
        }
        false
    };
    cx.texts().any(|(_, file)| {
        let text = file.text_or_empty();
        [
            "argoproj/argocd:",
            "argoproj/argo-cd/",
            "argo-cd/releases/download/",
            "argo-cd.git?ref=",
            "argo-cd?ref=",
        ]
        .iter()
        .any(|words| after(text, words))
            || after(text, "argo-cd/manifests/ha?ref=")
            || after(text, "argo-cd/manifests/cluster-install?ref=")
            || text.contains("argo-cd") && chart_is_old(text)
    })
}
