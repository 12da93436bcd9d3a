//! `hpa-replicas-conflict`: see the page.

use crate::argocd::Application;
use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "hpa-replicas-conflict",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An Application sets the replicas that an autoscaler decides."
);

pub(crate) struct HpaReplicasConflict;

impl Rule for HpaReplicasConflict {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        for scaler in &rendered.objects {
            let default_kind = match (scaler.group.as_str(), scaler.kind.as_str()) {
                ("autoscaling", "HorizontalPodAutoscaler") => "",
                ("keda.sh", "ScaledObject") => "Deployment",
                _ => continue,
            };
            let text = |key| scaler.at(&["spec", "scaleTargetRef", key]).and_then(Node::as_str);
            let (Some(name), kind) = (text("name"), text("kind").unwrap_or(default_kind)) else { continue };
            let target = rendered
                .named(name)
                .find(|object| object.kind == kind && object.namespace == scaler.namespace);
            let Some((target, replicas)) = target.and_then(|it| Some((it, it.at(&["spec", "replicas"])?)))
            else {
                continue;
            };
            if replicas.is_null() || is_ignored(application, target) {
                continue;
            }
            let message = format!(
                "`replicas` of {kind} `{name}` is decided by the {} `{}`: each sync takes it back",
                scaler.kind, scaler.name
            );
            cx.report(replicas.place(), message)
                .related(scaler.place(), "the autoscaler")
                .object(target, Some("spec.replicas"))
                .help("remove `replicas`, or ignore `/spec/replicas` with `RespectIgnoreDifferences=true`");
        }
    }
}

/// Whether differences in `replicas` are ignored, by `ignoreDifferences` that sync respects.
fn is_ignored(application: &Application, target: &Object) -> bool {
    let matches = |entry: &Node, key: &str, value: &str| {
        let pattern = entry.get(key).and_then(Node::as_str).unwrap_or_default();
        pattern == value || pattern == "*" || (pattern.is_empty() && key != "group" && key != "kind")
    };
    let covers = |entry: &Node| {
        let pointer = entry.items(&["jsonPointers"]).iter().filter_map(Node::as_str);
        let expression = entry.items(&["jqPathExpressions"]).iter().filter_map(Node::as_str);
        let managers = entry.items(&["managedFieldsManagers"]);
        pointer.into_iter().any(|it| matches!(it, "/spec/replicas" | "/spec"))
            || expression.into_iter().any(|it| it.contains("replicas") || it == ".spec")
            || !managers.is_empty()
    };
    application.node.items(&["spec", "ignoreDifferences"]).iter().any(|entry| {
        covers(entry)
            && matches(entry, "group", &target.group)
            && matches(entry, "kind", &target.kind)
            && matches(entry, "name", &target.name)
            && matches(entry, "namespace", &target.namespace)
    })
}
