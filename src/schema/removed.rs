//! API versions that Kubernetes served once.

use super::builtin::{LAST_MINOR, kinds, versions};

/// What was gone before the table of minors begins: group, version, kinds (none: all), the minor version that stopped serving it, and what to use.
#[rustfmt::skip]
const REMOVED: &[(&str, &str, &[&str], u32, &str)] = &[
    ("extensions", "v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], 16, "apps/v1"),
    ("extensions", "v1beta1", &["NetworkPolicy"], 16, "networking.k8s.io/v1"),
    ("extensions", "v1beta1", &["PodSecurityPolicy"], 16, ""),
    ("extensions", "v1beta1", &["Ingress"], 22, "networking.k8s.io/v1"),
    ("apps", "v1beta1", &[], 16, "apps/v1"),
    ("apps", "v1beta2", &[], 16, "apps/v1"),
    ("admissionregistration.k8s.io", "v1beta1", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], 22, "admissionregistration.k8s.io/v1"),
    ("apiextensions.k8s.io", "v1beta1", &[], 22, "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io", "v1beta1", &[], 22, "apiregistration.k8s.io/v1"),
    ("certificates.k8s.io", "v1beta1", &["CertificateSigningRequest"], 22, "certificates.k8s.io/v1"),
    ("coordination.k8s.io", "v1beta1", &["Lease"], 22, "coordination.k8s.io/v1"),
    ("networking.k8s.io", "v1beta1", &["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io", "v1beta1", &[], 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io", "v1alpha1", &[], 22, "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io", "v1beta1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    ("storage.k8s.io", "v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], 22, "storage.k8s.io/v1"),
    ("autoscaling", "v2beta1", &[], 25, "autoscaling/v2"),
    ("batch", "v1beta1", &["CronJob"], 25, "batch/v1"),
    ("discovery.k8s.io", "v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    ("events.k8s.io", "v1beta1", &[], 25, "events.k8s.io/v1"),
    ("node.k8s.io", "v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    ("policy", "v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    ("policy", "v1beta1", &["PodSecurityPolicy"], 25, ""),
];

/// What is known about an API version that is gone, or was when the table of minors begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// The minor that stopped serving it.
    pub since: u32,
    /// What to write instead; empty where the successor has another shape.
    pub instead: &'static str,
}

/// Whether some version of Kubernetes served it, and since when none does any more.
pub fn removed(group: &str, version: &str, kind: &str) -> Option<Removed> {
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    if let Some(last) = kinds(&api_version, kind).map(|it| it.minors.1).max() {
        let newest = versions(group, kind).max_by_key(|it| it.minors);
        let instead = newest.filter(|it| it.minors.1 == LAST_MINOR).map_or("", |it| it.api_version);
        return (last < LAST_MINOR).then_some(Removed { since: last + 1, instead });
    }
    let is_it = |(its, api, kinds, ..): &&(&str, &str, &[&str], u32, &str)| {
        *its == group && *api == version && (kinds.is_empty() || kinds.contains(&kind))
    };
    REMOVED.iter().find(is_it).map(|(.., since, instead)| Removed { since: *since, instead })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_gone() {
        for (group, version, kind, want) in [
            ("policy", "v1beta1", "PodDisruptionBudget", Some((25, "policy/v1"))),
            ("autoscaling", "v2beta2", "HorizontalPodAutoscaler", Some((26, "autoscaling/v2"))),
            (
                "flowcontrol.apiserver.k8s.io",
                "v1beta3",
                "FlowSchema",
                Some((32, "flowcontrol.apiserver.k8s.io/v1")),
            ),
            ("storage.k8s.io", "v1beta1", "CSIStorageCapacity", Some((27, "storage.k8s.io/v1"))),
            ("extensions", "v1beta1", "Ingress", Some((22, "networking.k8s.io/v1"))),
            ("apps", "v1", "Deployment", None),
            ("example.com", "v1", "Thing", None),
        ] {
            let found = removed(group, version, kind).map(|it| (it.since, it.instead));
            assert_eq!(found, want, "{group} {version} {kind}");
        }
    }
}
