//! `empty-disruption-budget`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "empty-disruption-budget",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "A PodDisruptionBudget limits nothing."
);

pub(crate) struct EmptyDisruptionBudget;

impl Rule for EmptyDisruptionBudget {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("policy", "PodDisruptionBudget") {
            return;
        }
        let Some(spec) = object.at(&["spec"]) else { return };
        if ["minAvailable", "maxUnavailable"].iter().any(|key| spec.get(key).is_some()) {
            return;
        }
        let message =
            format!("PodDisruptionBudget `{}` sets neither `minAvailable` nor `maxUnavailable`", object.name);
        cx.report(spec.place(), message)
            .object(object, Some("spec"))
            .help("say how many pods may go: `maxUnavailable: 1`");
    }
}
