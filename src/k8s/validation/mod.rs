//! What the API server refuses although no schema says so.
//!
//! Mirrors `k8s.io/kubernetes/pkg/apis/*/validation` as the newest minor has it, kind by kind; the page of the rule
//! `invalid-object` tells what is covered, and `tests/objects.rs` compares both. Defaults are taken into account where
//! they decide. Types and required fields are the schemas' business: what has another type than it should is passed over here.

mod admission;
mod at;
mod autoscaler;
mod batch;
mod cluster;
mod config;
mod container;
mod extension;
mod metadata;
mod network;
mod pod;
mod probe;
mod quota;
mod rbac;
mod selectors;
mod service;
mod shape;
mod storage;
mod volume;
mod workload;

use crate::yaml::Node;

use super::PodTemplate;
use at::{At, Found};

pub use at::Refusal;

/// What is refused in a canonical object of Kubernetes' own kinds, and of a few that are nearly everywhere. `cluster`: its
/// kind lives outside of namespaces.
pub fn refusals(group: &str, kind: &str, cluster: bool, node: &Node) -> Vec<Refusal> {
    let mut found = Found(Vec::new());
    let root = At::root(node, "");
    let own = group.is_empty() || group.ends_with(".k8s.io") || !group.contains('.');
    metadata::check(&root, own.then_some(group), cluster, &mut found);
    let pod = PodTemplate::of(group, kind, node).filter(|_| matches!(group, "" | "apps" | "batch"));
    if let Some(pod) = pod {
        pod::check(&pod, kind == "Pod", &mut found);
    }
    match group {
        "" => core(kind, &root, &mut found),
        "apps" | "policy" => workload::check(kind, &root, &mut found),
        "batch" => batch::check(kind, &root, &mut found),
        "autoscaling" => autoscaler::check(&root, &mut found),
        "rbac.authorization.k8s.io" => rbac::check(kind, &root, &mut found),
        _ => others(group, kind, &root, &mut found),
    }
    found.0
}

fn core(kind: &str, root: &At<'_>, found: &mut Found) {
    match kind {
        "Service" => service::check(root, found),
        "Secret" => {
            config::keys(kind, root, found);
            config::secret(root, found);
        }
        "ConfigMap" => config::keys(kind, root, found),
        "Namespace" => config::namespace(root, found),
        "PersistentVolumeClaim" => storage::claim(root, found),
        "PersistentVolume" => storage::volume(root, found),
        "Endpoints" => network::endpoints(root, found),
        "ResourceQuota" => quota::quota(root, found),
        "LimitRange" => quota::limits(root, found),
        "ReplicationController" => workload::check(kind, root, found),
        "PodTemplate" => {
            if !root.has("template") {
                found.need(root, &["template"]);
            }
            workload::template(root, found);
        }
        "Pod" if !root.has("spec") => found.need(root, &["spec"]),
        _ => {}
    }
}

fn others(group: &str, kind: &str, root: &At<'_>, found: &mut Found) {
    match (group, kind) {
        ("networking.k8s.io", "Ingress") => network::ingress(root, found),
        ("networking.k8s.io", "IngressClass") => network::ingress_class(root, found),
        ("networking.k8s.io", "NetworkPolicy") => network::policy(root, found),
        ("discovery.k8s.io", "EndpointSlice") => network::endpoint_slice(root, found),
        ("gateway.networking.k8s.io", "ReferenceGrant") => network::grant(root, found),
        ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor") => network::monitor(root, found),
        ("storage.k8s.io", "StorageClass") => storage::class(root, found),
        ("storage.k8s.io", "VolumeAttributesClass") => storage::attributes_class(root, found),
        ("storage.k8s.io", "CSIDriver") => storage::driver(root, found),
        ("node.k8s.io", "RuntimeClass") => cluster::runtime_class(root, found),
        ("scheduling.k8s.io", "PriorityClass") => cluster::priority_class(root, found),
        ("coordination.k8s.io", "Lease") => cluster::lease(root, found),
        ("certificates.k8s.io", "CertificateSigningRequest") => cluster::certificate(root, found),
        ("resource.k8s.io", "DeviceClass") => cluster::device_class(root, found),
        ("resource.k8s.io", "ResourceClaim" | "ResourceClaimTemplate") => {
            extension::claim(kind, root, found);
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => extension::definition(root, found),
        ("apiregistration.k8s.io", "APIService") => extension::service(root, found),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => cluster::flow_schema(root, found),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => {
            cluster::priority_level(root, found);
        }
        ("admissionregistration.k8s.io", _) => match kind {
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
                admission::webhooks(root, found);
            }
            "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy" => admission::policy(kind, root, found),
            "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding" => {
                admission::binding(kind, root, found);
            }
            _ => {}
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Place;
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
            let found = refusals(group, text("kind"), false, &node);
            if found.is_empty() != row.get("error").is_none() {
                wrong.push(format!("{line}\n{found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
