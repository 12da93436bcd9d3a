//! Kubernetes facts: identities, scopes of kinds, what patches merge, pods inside of workloads.

mod gvk;
mod openapi;
mod pod_security;
mod selector;
mod workload;

pub use gvk::{Gvk, split_api_version};
pub use openapi::{OpenApi, Schema};
pub use pod_security::{Control, PodSecurityLevel, Violation, violations};
pub use selector::Selector;
pub use workload::{Container, ContainerKind, PodTemplate};

/// Whether objects of this kind live outside of namespaces. Unknown kinds are namespaced.
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("", "Namespace" | "Node" | "PersistentVolume")
            | ("rbac.authorization.k8s.io", "ClusterRole" | "ClusterRoleBinding")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("storage.k8s.io", "StorageClass" | "CSIDriver" | "CSINode" | "VolumeAttachment")
            | ("scheduling.k8s.io", "PriorityClass")
            | ("networking.k8s.io", "IngressClass")
            | ("external-secrets.io", "ClusterSecretStore" | "ClusterExternalSecret")
            | ("cert-manager.io", "ClusterIssuer")
    )
}
