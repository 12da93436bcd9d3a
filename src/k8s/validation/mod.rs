//! What the API server refuses although no schema says so.
//!
//! Mirrors the parts of `k8s.io/kubernetes/pkg/apis/*/validation` that people run into; the page of the rule
//! `invalid-object` lists them. Defaults are taken into account where they decide. Types and required fields are the
//! schemas' business: what has another type than it should is passed over here.

mod cluster;
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
    metadata(group, node, &mut found);
    match (group, kind) {
        ("apps" | "batch" | "policy" | "autoscaling", _) => workload::check(kind, node, &mut found),
        ("", "Service") => network::service(node, &mut found),
        ("networking.k8s.io", "Ingress") => network::ingress(node, &mut found),
        ("networking.k8s.io", "NetworkPolicy") => network::policy(node, &mut found),
        ("gateway.networking.k8s.io", "ReferenceGrant") => network::grant(node, &mut found),
        ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor") => network::monitor(node, &mut found),
        ("rbac.authorization.k8s.io", _) => rbac::check(kind, node, &mut found),
        ("", "Secret") => {
            config::keys(kind, node, &mut found);
            config::secret(node, &mut found);
        }
        ("", "ConfigMap") => config::keys(kind, node, &mut found),
        ("", "Namespace") => config::namespace(node, &mut found),
        ("", "PersistentVolumeClaim") => config::claim(node, "", &mut found),
        ("", "PersistentVolume") => config::volume(node, &mut found),
        ("networking.k8s.io", "IngressClass") => cluster::ingress_class(node, &mut found),
        ("node.k8s.io", "RuntimeClass") => cluster::runtime_class(node, &mut found),
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            cluster::webhooks(node, &mut found);
        }
        _ => {}
    }
    found.0
}

/// The name and the namespace of an object of Kubernetes' own groups.
fn metadata(group: &str, node: &Node, found: &mut Found) {
    let Some(metadata) = node.get("metadata").filter(|it| it.as_map().is_some()) else { return };
    let is_own = group.is_empty() || group.ends_with(".k8s.io") || !group.contains('.');
    let is_empty = |name: &str| {
        metadata
            .get(name)
            .is_none_or(|value| value.is_null() || value.scalar_text().is_some_and(str::is_empty))
    };
    if is_own && is_empty("name") && is_empty("generateName") {
        found.lack("metadata.name", metadata, "the object has no name", Some("add `metadata.name`"));
    }
    if let Some(namespace) = metadata.get("namespace")
        && let Some(name) = final_text(namespace).filter(|name| !name.is_empty())
        && let Some(why) = super::dns_label_error(name)
    {
        let words = format!("`{name}` cannot be the name of a namespace: {why}");
        found.add("metadata.namespace", namespace, words, None);
    }
}

/// Why a text is no name of a port: at most 15 small letters, digits and single hyphens, and a letter among them.
fn port_name_error(text: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.len() > 15 {
        Some("15 characters are allowed")
    } else if !text.chars().all(good) {
        Some("only small letters, digits and hyphens are allowed")
    } else if !text.contains(|c: char| c.is_ascii_lowercase()) {
        Some("it must have a letter")
    } else if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
        Some("hyphens must be single and between other characters")
    } else {
        None
    }
}

/// A text that reaches the cluster as it is.
fn final_text(node: &Node) -> Option<&str> {
    node.as_str().filter(|text| !text.contains(['$', '{', '<']))
}

/// The fields of a mapping that are there and not null.
fn has(node: &Node, name: &str) -> bool {
    node.get(name).is_some_and(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};

    /// What Kubernetes 1.37 said (`k8s.io/kubernetes/pkg/registry`): `fixtures/schemas/natives.jsonl`.
    #[test]
    fn refuses_what_kubernetes_refuses() {
        let file = Sources::new().add("x", Vec::new());
        let place = Place::written(Span::start_of(file.id()));
        let lines = include_str!("../../../fixtures/schemas/natives.jsonl");
        assert!(lines.lines().count() > 50);
        let mut wrong = Vec::new();
        for line in lines.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let node = Node::from_value(&row["object"], place);
            let text = |name: &str| row["object"][name].as_str().unwrap();
            let group = text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
            let found = refusals(group, text("kind"), &node);
            if found.is_empty() != row.get("error").is_none() {
                wrong.push(format!("{line}\n{found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
