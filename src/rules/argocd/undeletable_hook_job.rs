//! `undeletable-hook-job`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "undeletable-hook-job",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A hook Job stays behind and blocks the next sync."
);

pub(crate) struct UndeletableHookJob;

impl Rule for UndeletableHookJob {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let is_hook =
            ["argocd.argoproj.io/hook", "helm.sh/hook"].iter().any(|name| object.annotation(name).is_some());
        // A generated name is new each time; tests run on demand only.
        if !object.is("batch", "Job") || object.name.is_empty() || !is_hook {
            return;
        }
        // Kubernetes deletes it some time after it has finished.
        if object.at(&["spec", "ttlSecondsAfterFinished"]).and_then(Node::as_i64).is_some() {
            return;
        }
        let annotations = ["argocd.argoproj.io/hook-delete-policy", "helm.sh/hook-delete-policy"];
        let nodes: Vec<&Node> = annotations.iter().filter_map(|name| object.annotation(name)).collect();
        let policies: Vec<String> = nodes
            .iter()
            .flat_map(|node| node.as_str().unwrap_or_default().split(','))
            .map(|policy| policy.trim().replace('-', "").to_lowercase())
            .filter(|policy| !policy.is_empty())
            .collect();
        let has = |name: &str| policies.iter().any(|policy| policy == name);
        // Without a policy the default is to delete before creation.
        if policies.is_empty() || has("beforehookcreation") || (has("hooksucceeded") && has("hookfailed")) {
            return;
        }
        let Some(node) = nodes.first() else { return };
        let left = if has("hooksucceeded") { "failed" } else { "finished" };
        let message =
            format!("a {left} run of the hook Job `{}` stays behind and blocks the next one", object.name);
        cx.report(node.place(), message)
            .object(object, None)
            .help("add the delete policy `BeforeHookCreation` (Helm: `before-hook-creation`)");
    }
}
