//! `unknown-argocd-setting`: see the page.

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
        for object in inventory.declared.iter().filter(|object| object.kind == "ConfigMap") {
            for entry in object.node.get("data").map(Node::entries).unwrap_or_default() {
                let key = entry.key.text.as_str();
                let (message, help) = match setting_key(&object.name, key) {
                    None | Some(KnownKey::Current) => continue,
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
                    cx.report_labels(labels, message).apps(object.app).help(help);
                }
            }
        }
    }
}
