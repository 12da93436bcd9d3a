//! `unset-eviction-policy`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unset-eviction-policy",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "A PodDisruptionBudget protects pods that do not work."
);

pub(crate) struct UnsetEvictionPolicy;

impl Rule for UnsetEvictionPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("policy", "PodDisruptionBudget") {
            return;
        }
        let Some(spec) = object.at(&["spec"]).filter(|spec| spec.get("unhealthyPodEvictionPolicy").is_none())
        else {
            return;
        };
        let message = format!("PodDisruptionBudget `{}` sets no unhealthyPodEvictionPolicy", object.name);
        cx.report(spec.place(), message)
            .object(object, Some("spec.unhealthyPodEvictionPolicy"))
            .help("set `AlwaysAllow`, so that pods which are not ready do not block the drain of a node");
    }
}
