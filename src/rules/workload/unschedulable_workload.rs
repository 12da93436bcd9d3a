//! `unschedulable-workload`: see the page.

use crate::config::{Cluster, NodePool};
use crate::k8s::PodTemplate;
use crate::origin::Place;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "unschedulable-workload",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "No node pool of the cluster takes the pods of a workload."
);

pub(crate) struct UnschedulableWorkload;

impl Rule for UnschedulableWorkload {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let clusters = &cx.workspace.config.clusters;
        let of_app = |it: &&Cluster| {
            it.name.value == app.cluster
                || it.server.as_ref().is_some_and(|server| server.value == app.cluster)
        };
        let Some(cluster) = clusters.iter().find(of_app).filter(|cluster| !cluster.node_pools.is_empty())
        else {
            return;
        };
        for object in &rendered.objects {
            let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { continue };
            let reasons: Option<Vec<(Reason, &NodePool)>> =
                cluster.node_pools.iter().map(|pool| obstacle(&pod, pool).map(|why| (why, pool))).collect();
            let Some(reasons) = reasons else { continue };
            let place = reasons.iter().find_map(|(reason, _)| reason.place).unwrap_or_else(|| {
                pod.spec
                    .get("tolerations")
                    .or_else(|| pod.spec.get("nodeSelector"))
                    .map_or_else(|| object.place(), Node::place)
            });
            let message = format!(
                "no node pool of cluster `{}` takes the pods of {} `{}`",
                cluster.name.value, object.kind, object.name
            );
            let words: Vec<String> = reasons
                .iter()
                .map(|(reason, pool)| format!("`{}`: {}", pool.name.value, reason.words))
                .collect();
            let mut report = cx.report(place, message).object(object, Some(pod.path)).help(words.join("; "));
            for (_, pool) in reasons.iter().take(3) {
                report = report.related_at(pool.name.place.at, "this pool");
            }
        }
    }
}

/// Why a pool does not take a pod.
struct Reason {
    words: String,
    /// The line that excludes it, when one does.
    place: Option<Place>,
}

fn reason(words: String, place: Option<Place>) -> Reason {
    Reason { words, place }
}

fn obstacle(pod: &PodTemplate<'_>, pool: &NodePool) -> Option<Reason> {
    for taint in &pool.taints {
        if !tolerates(pod, &taint.value) {
            return Some(reason(format!("taint `{}` is not tolerated", taint.value), None));
        }
    }
    for entry in pod.spec.get("nodeSelector").map(Node::entries).unwrap_or_default() {
        let has = pool.labels.get(&entry.key.text).map(|label| label.value.as_str());
        if !is_unknown(&entry.key.text, has) && has != entry.value.scalar_text() {
            let wanted = entry.value.scalar_text().unwrap_or_default();
            return Some(reason(
                format!("it lacks the label `{}: {wanted}`", entry.key.text),
                Some(entry.value.place()),
            ));
        }
    }
    let required =
        ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
    let terms = pod.spec.items(&required);
    if !terms.is_empty() && !terms.iter().any(|term| fits(term, pool)) {
        return Some(reason(
            "its labels do not meet the node affinity".to_owned(),
            terms.first().map(Node::place),
        ));
    }
    None
}

/// Labels that nodes get from the kubelet or the cloud; a configuration need not list them.
fn is_unknown(key: &str, has: Option<&str>) -> bool {
    has.is_none()
        && key
            .split_once('/')
            .is_some_and(|(domain, _)| domain.ends_with("kubernetes.io") || domain.ends_with("k8s.io"))
}

fn fits(term: &Node, pool: &NodePool) -> bool {
    term.items(&["matchExpressions"]).iter().all(|item| {
        let Some(key) = item.get("key").and_then(Node::as_str) else { return true };
        let has = pool.labels.get(key).map(|label| label.value.as_str());
        if is_unknown(key, has) {
            return true;
        }
        let listed = item.items(&["values"]).iter().any(|value| has.is_some() && value.scalar_text() == has);
        match item.get("operator").and_then(Node::as_str) {
            Some("In") => listed,
            Some("NotIn") => !listed,
            Some("Exists") => has.is_some(),
            Some("DoesNotExist") => has.is_none(),
            _ => true,
        }
    })
}

/// Whether the pod tolerates `key=value:Effect`. What is merely preferred keeps no pod away.
fn tolerates(pod: &PodTemplate<'_>, taint: &str) -> bool {
    let (pair, effect) = taint.rsplit_once(':').unwrap_or((taint, "NoSchedule"));
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    if effect == "PreferNoSchedule" {
        return true;
    }
    pod.spec.items(&["tolerations"]).iter().any(|toleration| {
        let text = |name: &str| toleration.get(name).and_then(Node::scalar_text).unwrap_or_default();
        let exists = text("operator") == "Exists";
        let key_fits = text("key") == key || (exists && text("key").is_empty());
        key_fits
            && (exists || text("value") == value)
            && (text("effect").is_empty() || text("effect") == effect)
    })
}
