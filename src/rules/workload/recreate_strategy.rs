//! `recreate-strategy`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "recreate-strategy",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "A rollout stops all old pods before it starts new ones."
);

pub(crate) struct RecreateStrategy;

impl Rule for RecreateStrategy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("apps", "Deployment") {
            return;
        }
        let Some(kind) =
            object.at(&["spec", "strategy", "type"]).filter(|kind| kind.as_str() == Some("Recreate"))
        else {
            return;
        };
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        // With a volume that one node holds, old and new pods cannot run side by side.
        if pod.spec.items(&["volumes"]).iter().any(|volume| volume.get("persistentVolumeClaim").is_some()) {
            return;
        }
        let single = object.at(&["spec", "replicas"]).and_then(Node::as_i64).unwrap_or(1) < 2;
        let words = if single { "and has one replica" } else { "with no volume that asks for it" };
        let message = format!("Deployment `{}` is recreated on every change {words}", object.name);
        cx.report(kind.place(), message)
            .object(object, Some("spec.strategy.type"))
            .help("use `RollingUpdate`, so that the old pods serve until the new ones are ready");
    }
}
