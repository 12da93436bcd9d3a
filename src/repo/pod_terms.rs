//! Terms of a pod's affinity and its spread constraints that do not select the pod itself.

use smol_str::SmolStr;

use crate::k8s::PodTemplate;
use crate::origin::Place;
use crate::yaml::Node;

/// What such a term is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodTermKind {
    /// `topologySpreadConstraints`: counts pods of its own kind.
    Spread,
    /// `podAffinity`: near to other pods.
    Affinity,
    /// `podAntiAffinity`: away from other pods.
    AntiAffinity,
}

/// A term that selects other pods by labels alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTerm {
    /// What it is for.
    pub kind: PodTermKind,
    /// The labels that it wants.
    pub labels: Vec<(SmolStr, SmolStr)>,
    /// The namespaces that it looks in; empty for that of the pod.
    pub namespaces: Vec<SmolStr>,
    /// Its selector.
    pub place: Place,
    /// The path of the selector.
    pub field: Box<str>,
}

/// The terms of a pod with these labels.
pub(super) fn of(pod: &PodTemplate<'_>, own: &[(SmolStr, SmolStr)]) -> Vec<PodTerm> {
    let mut found = Vec::new();
    let mut add = |kind: PodTermKind, term: &Node, field: String| {
        let Some(selector) = term.get("labelSelector") else { return };
        let Some(labels) = wanted(selector).filter(|labels| !labels.is_empty()) else { return };
        let is_own = labels.iter().all(|label| own.contains(label));
        // Which namespaces have labels is another question.
        if is_own || term.get("namespaceSelector").is_some_and(|it| !it.is_null()) {
            return;
        }
        let namespaces = term.items(&["namespaces"]).iter().filter_map(Node::as_str).map(SmolStr::new);
        let (namespaces, field) =
            (namespaces.collect(), format!("{}.{field}.labelSelector", pod.path).into());
        found.push(PodTerm { kind, labels, namespaces, place: selector.place(), field });
    };
    for (index, constraint) in pod.spec.items(&["topologySpreadConstraints"]).iter().enumerate() {
        add(PodTermKind::Spread, constraint, format!("topologySpreadConstraints[{index}]"));
    }
    for (kind, name) in
        [(PodTermKind::Affinity, "podAffinity"), (PodTermKind::AntiAffinity, "podAntiAffinity")]
    {
        let list = "requiredDuringSchedulingIgnoredDuringExecution";
        for (index, term) in pod.spec.items(&["affinity", name, list]).iter().enumerate() {
            add(kind, term, format!("affinity.{name}.{list}[{index}]"));
        }
        let list = "preferredDuringSchedulingIgnoredDuringExecution";
        for (index, weighted) in pod.spec.items(&["affinity", name, list]).iter().enumerate() {
            if let Some(term) = weighted.get("podAffinityTerm") {
                add(kind, term, format!("affinity.{name}.{list}[{index}].podAffinityTerm"));
            }
        }
    }
    found
}

/// The labels of a selector that asks for nothing but equality.
fn wanted(selector: &Node) -> Option<Vec<(SmolStr, SmolStr)>> {
    let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
    let mut wanted = Vec::with_capacity(labels.len());
    for entry in labels {
        wanted.push((entry.key.text.clone(), entry.value.scalar()?.clone()));
    }
    for requirement in selector.items(&["matchExpressions"]) {
        let key = requirement.get("key").and_then(Node::as_str)?;
        let ("In", [value]) =
            (requirement.get("operator").and_then(Node::as_str)?, requirement.items(&["values"]))
        else {
            return None;
        };
        wanted.push((key.into(), value.scalar()?.clone()));
    }
    Some(wanted)
}
