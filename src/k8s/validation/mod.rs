//! What the API server refuses although no schema says so.
//!
//! Mirrors the parts of `k8s.io/kubernetes/pkg/apis/*/validation` that people run into; the page of the rule
//! `invalid-object` lists them. Defaults are taken into account where they decide. Types and required fields are the
//! schemas' business: what has another type than it should is passed over here.

mod config;
mod network;
mod pod;
mod rbac;
mod workload;

use crate::origin::Place;
use crate::yaml::Node;

use super::PodTemplate;

/// Something that is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Path of the field, `spec.minAvailable`.
    pub path: String,
    /// Where to point at.
    pub place: Place,
    /// What is wrong, whole.
    pub words: String,
    /// Whether something is missing, rather than wrong: a patch may leave it out.
    pub lacks: bool,
    /// What to do, where that is plain.
    pub help: Option<&'static str>,
}

/// Refusals of one object as they are found.
struct Found(Vec<Refusal>);

impl Found {
    fn add(
        &mut self,
        path: impl Into<String>,
        node: &Node,
        words: impl Into<String>,
        help: Option<&'static str>,
    ) {
        self.0.push(Refusal {
            path: path.into(),
            place: node.place(),
            words: words.into(),
            lacks: false,
            help,
        });
    }

    fn lack(
        &mut self,
        path: impl Into<String>,
        near: &Node,
        words: impl Into<String>,
        help: Option<&'static str>,
    ) {
        let words = words.into();
        self.0.push(Refusal { path: path.into(), place: near.place(), words, lacks: true, help });
    }
}

/// What is refused in a canonical object of Kubernetes' own kinds, and of a few that are nearly everywhere.
pub fn refusals(group: &str, kind: &str, node: &Node) -> Vec<Refusal> {
    let mut found = Found(Vec::new());
    if let Some(pod) = PodTemplate::of(group, kind, node).filter(|_| matches!(group, "" | "apps" | "batch")) {
        pod::check(&pod, &mut found);
    }
    match (group, kind) {
        ("apps" | "batch" | "policy" | "autoscaling", _) => workload::check(kind, node, &mut found),
        ("", "Service") => network::service(node, &mut found),
        ("networking.k8s.io", "Ingress") => network::ingress(node, &mut found),
        ("networking.k8s.io", "NetworkPolicy") => network::policy(node, &mut found),
        ("gateway.networking.k8s.io", "ReferenceGrant") => network::grant(node, &mut found),
        ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor") => network::monitor(node, &mut found),
        ("rbac.authorization.k8s.io", _) => rbac::check(kind, node, &mut found),
        ("", "Secret") => config::secret(node, &mut found),
        ("", "Namespace") => config::namespace(node, &mut found),
        ("", "PersistentVolumeClaim") => config::claim(node, "", &mut found),
        _ => {}
    }
    found.0
}

/// A text that reaches the cluster as it is.
fn final_text(node: &Node) -> Option<&str> {
    node.as_str().filter(|text| !text.contains(['$', '{', '<']))
}

/// The fields of a mapping that are there and not null.
fn has(node: &Node, name: &str) -> bool {
    node.get(name).is_some_and(|value| !value.is_null())
}
