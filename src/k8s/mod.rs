//! Kubernetes facts: scopes of kinds, pods inside of workloads.

mod pod_security;
mod workload;

pub use pod_security::{Control, PodSecurityLevel, Violation, violations};
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
