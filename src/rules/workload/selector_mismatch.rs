//! `selector-mismatch`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "selector-mismatch",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "A workload's selector does not select its own pods."
);

pub(crate) struct SelectorMismatch;

impl Rule for SelectorMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's names and images may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        let Some(selector) = object.at(&["spec", "selector"]).filter(|_| object.group == "apps") else {
            return;
        };
        let labels = pod.metadata.and_then(|metadata| metadata.get("labels"));
        let label = |name: &str| labels?.get(name)?.scalar_text();
        for entry in selector.get("matchLabels").map(Node::entries).unwrap_or_default() {
            let (key, wanted) = (entry.key.text.as_str(), entry.value.scalar_text());
            if label(key) == wanted {
                continue;
            }
            let place = labels
                .and_then(|labels| labels.get(key))
                .or(labels)
                .or(pod.metadata)
                .unwrap_or(pod.spec)
                .place();
            let words = match label(key) {
                Some(has) => format!("the pods have `{key}: {has}`"),
                None => format!("the pods have no label `{key}`"),
            };
            let message = format!(
                "{} `{}` selects `{key}: {}`, but {words}",
                object.kind,
                object.name,
                wanted.unwrap_or_default()
            );
            cx.report(entry.value.place(), message)
                .object(object, Some(&format!("spec.selector.matchLabels.{key}")))
                .related(place, words)
                .help(
                    "make the template's labels and the selector agree; a selector cannot be changed later",
                );
        }
    }
}
