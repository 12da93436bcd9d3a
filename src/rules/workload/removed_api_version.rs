//! `removed-api-version`: see the page.

use crate::config::Cluster;
use crate::finding::Severity;
use crate::origin::Place;
use crate::repo::{App, Labels, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "removed-api-version",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "An object uses an API version that Kubernetes does not serve any more."
);

pub(crate) struct RemovedApiVersion;

impl Rule for RemovedApiVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let config = &cx.workspace.config;
        let of_app = |it: &&Cluster| {
            it.name.value == app.cluster
                || it.server.as_ref().is_some_and(|server| server.value == app.cluster)
        };
        let own = config.clusters.iter().find(of_app).and_then(|cluster| cluster.kubernetes.as_ref());
        let version = own.or(config.kubernetes.as_ref());
        let minor = version.and_then(|version| minor(&version.value));
        for object in &rendered.objects {
            let gone = REMOVED.iter().find(|(group, version, kinds, ..)| {
                *group == object.group
                    && *version == object.version
                    && (kinds.is_empty() || kinds.contains(&object.kind.as_str()))
            });
            let Some((group, api, _, since, instead)) = gone else { continue };
            if minor.is_some_and(|minor| minor < *since) {
                continue;
            }
            let place = object.at(&["apiVersion"]).map_or_else(|| object.place(), crate::yaml::Node::place);
            // A template that prints it asks the cluster which versions there are.
            if is_chosen(cx, place) {
                continue;
            }
            let message = format!(
                "{} `{}` uses `{group}/{api}`, which is gone since Kubernetes 1.{since}",
                object.kind, object.name
            );
            let help = if instead.is_empty() {
                "remove it; its successor has another shape".to_owned()
            } else {
                format!("use `{instead}`")
            };
            let report = cx.report(place, message).object(object, Some("apiVersion")).help(help);
            // Which version the cluster has is known only where somebody said it.
            if minor.is_some() {
                report.severity(Severity::Error);
            }
        }
    }
}

/// Whether an action of a template prints the value, rather than the text of a file.
fn is_chosen(cx: &Context<'_>, place: Place) -> bool {
    let at = Labels::of(place, cx.origins(), cx.workspace).primary.at;
    let Some(file) = cx.sources().get(at.file) else { return false };
    let line = file.line_span(file.line_index(at.start)).map(|line| file.slice(line));
    line.is_some_and(|line| line.contains("{{"))
}

/// Group, version, kinds (none: all), the minor version that stopped serving it, and what to use.
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
    ("storage.k8s.io", "v1beta1", &["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
    ("autoscaling", "v2beta1", &[], 25, "autoscaling/v2"),
    ("autoscaling", "v2beta2", &[], 26, "autoscaling/v2"),
    ("batch", "v1beta1", &["CronJob"], 25, "batch/v1"),
    ("discovery.k8s.io", "v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    ("events.k8s.io", "v1beta1", &[], 25, "events.k8s.io/v1"),
    ("node.k8s.io", "v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    ("policy", "v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    ("policy", "v1beta1", &["PodSecurityPolicy"], 25, ""),
    ("flowcontrol.apiserver.k8s.io", "v1beta1", &[], 26, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io", "v1beta2", &[], 29, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io", "v1beta3", &[], 32, "flowcontrol.apiserver.k8s.io/v1"),
];

/// The 33 of `1.33`, `v1.33.2`.
fn minor(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').nth(1)?.parse().ok()
}
