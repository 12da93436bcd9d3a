//! `unknown-argocd-setting`: see the page.

use std::cell::OnceCell;

use crate::argocd::{KnownKey, setting_key};
use crate::repo::{Declared, Inventory, Labels};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema;
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
        for object in inventory.declared.iter().filter(|object| object.name == "argocd-cm") {
            customizations(object, cx);
        }
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

/// Customizations of a kind that does not exist, and fields of filters that are none.
fn customizations(object: &Declared, cx: &mut Context<'_>) {
    for entry in object.node.get("data").map(Node::entries).unwrap_or_default() {
        let key = entry.key.text.as_str();
        let labels = Labels::of(entry.key.place(), cx.origins(), cx.workspace);
        if !cx.workspace.is_editable(labels.primary.at.file) {
            continue;
        }
        // `resource.customizations.health.<group>_<kind>`; without a group it is a kind of the core group.
        if let Some((what, kind)) =
            key.strip_prefix("resource.customizations.").and_then(|rest| rest.split_once('.'))
            && !kind.contains(['_', '.', '/', '*', '{'])
            && kind != "all"
            && schema::versions("", kind).next().is_none()
        {
            let message = format!("the core group has no kind `{kind}`: `{key}` concerns nothing");
            let group = schema::all_kinds()
                .iter()
                .filter(|it| it.kind == kind)
                .find_map(|it| Some(it.api_version.split_once('/')?.0));
            let help = match group {
                Some(group) => format!("write `resource.customizations.{what}.{group}_{kind}`"),
                None => format!("write `resource.customizations.{what}.<group>_{kind}`"),
            };
            cx.report_labels(labels, message).apps(object.app).help(help);
        }
        if matches!(key, "resource.exclusions" | "resource.inclusions")
            && let Some(text) = entry.value.as_str()
        {
            for word in ["apiGroup", "kind", "cluster"] {
                let is_it = |line: &str| {
                    line.trim_start_matches([' ', '-'])
                        .strip_prefix(word)
                        .is_some_and(|rest| rest.starts_with(':'))
                };
                if text.lines().any(is_it) {
                    let message = format!("an entry of `{key}` has no field `{word}`: it is ignored");
                    let labels = Labels::of(entry.value.place(), cx.origins(), cx.workspace);
                    cx.report_labels(labels, message)
                        .apps(object.app)
                        .help(format!("did you mean `{word}s`?"));
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
