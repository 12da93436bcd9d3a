//! Kubernetes facts: identities, scopes of kinds, what patches merge, pods inside of workloads.

mod gvk;
mod image;
mod label_selector;
mod metadata;
mod names;
mod openapi;
mod pod_security;
mod quantity;
mod secret_lines;
mod secret_text;
mod selector;
mod validation;
mod workload;

pub use gvk::{Gvk, split_api_version};
pub use image::Image;
pub use label_selector::{selector_keys, selects, selects_all, selects_map};
pub use metadata::set_text;
pub use names::{
    dns_label_error, dns_subdomain_error, label_value_error, path_segment_error, qualified_name_error,
};
pub use openapi::{OpenApi, Schema};
pub use pod_security::{Control, PodSecurityLevel, Violation, violations};
pub use quantity::{node_quantity, quantity};
pub use secret_lines::mark_secret_lines;
pub use secret_text::{is_for_tool, is_secret_key, plaintext_secret};
pub use selector::Selector;
pub use validation::refusals;
pub use workload::{Container, ContainerKind, PodTemplate};

/// Whether Kubernetes itself serves this group.
pub fn is_built_in(group: &str) -> bool {
    matches!(group, "" | "apps" | "batch" | "autoscaling" | "policy" | "extensions")
        || (group.ends_with(".k8s.io") && BUILT_IN.contains(&group))
}

/// The groups below `k8s.io` that need no CustomResourceDefinition.
const BUILT_IN: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];
