//! `fixed-autoscaler`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!("fixed-autoscaler", "workload", Warning, Strict, "0.1.0", "An autoscaler may not scale.");

pub(crate) struct FixedAutoscaler;

impl Rule for FixedAutoscaler {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("autoscaling", "HorizontalPodAutoscaler") {
            return;
        }
        let least = object.at(&["spec", "minReplicas"]).and_then(Node::as_i64).unwrap_or(1);
        let Some(most) =
            object.at(&["spec", "maxReplicas"]).filter(|most| most.as_i64().is_some_and(|it| it <= least))
        else {
            return;
        };
        let message = format!(
            "HorizontalPodAutoscaler `{}` runs from {least} to {}",
            object.name,
            most.scalar_text().unwrap_or_default()
        );
        cx.report(most.place(), message)
            .object(object, Some("spec.maxReplicas"))
            .help("raise `maxReplicas`, or set `replicas` and leave the autoscaler out");
    }
}
