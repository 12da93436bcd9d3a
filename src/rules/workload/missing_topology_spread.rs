//! `missing-topology-spread`: see the page.

use rustc_hash::FxHashSet;

use crate::k8s::PodTemplate;
use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "missing-topology-spread",
    "workload",
    Warning,
    Strict,
    "0.1.0",
    "Nothing spreads the replicas of a workload over zones.",
    "replicas": Number = "from how many pods on a workload must be spread; by default 2",
    "topologyKeys": Texts = "labels of nodes that make a spread count; by default those of zones"
);

pub(crate) struct MissingTopologySpread;

impl Rule for MissingTopologySpread {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let least = cx.number_option("replicas").unwrap_or(2);
        let keys = cx.texts_option("topologyKeys").unwrap_or_else(|| ZONES.to_vec());
        let scaled: FxHashSet<_> = rendered.objects.iter().filter_map(scaled).collect();
        for object in
            rendered.objects.iter().filter(|object| object.group == "apps" && !object.is_helm_test())
        {
            if !matches!(object.kind.as_str(), "Deployment" | "StatefulSet") {
                continue;
            }
            let Some(replicas) = object.at(&["spec", "replicas"]) else { continue };
            let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { continue };
            // How many pods there are is the autoscaler's decision.
            let scaled =
                scaled.contains(&(object.namespace.as_str(), object.kind.as_str(), object.name.as_str()));
            if scaled || replicas.as_i64().is_none_or(|count| count < least) || is_spread(&pod, &keys) {
                continue;
            }
            let count = replicas.scalar_text().unwrap_or_default();
            let message =
                format!("nothing spreads the {count} pods of {} `{}` over zones", object.kind, object.name);
            let field = format!("{}.topologySpreadConstraints", pod.path);
            let place = pod.spec.get("topologySpreadConstraints").unwrap_or(replicas).place();
            let help = format!("add an entry with `topologyKey: {}`", keys.first().unwrap_or(&ZONES[0]));
            cx.report(place, message).object(object, Some(&field)).help(help);
        }
    }
}

const ZONES: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/// The workload of which an object decides how many pods it has: namespace, kind and name.
fn scaled(scaler: &Object) -> Option<(&str, &str, &str)> {
    if !matches!(scaler.kind.as_str(), "HorizontalPodAutoscaler" | "ScaledObject") {
        return None;
    }
    let target = |key| scaler.at(&["spec", "scaleTargetRef", key]).and_then(Node::as_str);
    Some((scaler.namespace.as_str(), target("kind").unwrap_or("Deployment"), target("name")?))
}

/// Whether constraints or anti-affinity of the pods speak of one of the labels.
fn is_spread(pod: &PodTemplate<'_>, keys: &[&str]) -> bool {
    let counts = |node: Option<&Node>| node.and_then(Node::as_str).is_some_and(|key| keys.contains(&key));
    let constraints = pod.spec.items(&["topologySpreadConstraints"]).iter();
    let rules = |list, below: &[&str]| {
        let rules = pod.spec.items(&["affinity", "podAntiAffinity", list]).iter();
        rules.map(|rule| rule.at_path(below)).any(counts)
    };
    constraints.map(|it| it.get("topologyKey")).any(counts)
        || rules("requiredDuringSchedulingIgnoredDuringExecution", &["topologyKey"])
        || rules("preferredDuringSchedulingIgnoredDuringExecution", &["podAffinityTerm", "topologyKey"])
}
