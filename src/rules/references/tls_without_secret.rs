//! `tls-without-secret`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "tls-without-secret",
    "references",
    Warning,
    Recommended,
    "0.3.0",
    "An Ingress wants a certificate of cert-manager, but names no Secret for it."
);

pub(crate) struct TlsWithoutSecret;

/// Deeper values than these are of no chart.
const MAX_DEPTH: u32 = 24;

/// The annotations by which cert-manager makes a certificate for an Ingress.
const WANTS: [&str; 3] =
    ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"];

impl Rule for TlsWithoutSecret {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.is("networking.k8s.io", "Ingress") {
            let wants = object.at(&["metadata", "annotations"]).is_some_and(wants_certificate);
            for (index, entry) in object.node.items(&["spec", "tls"]).iter().enumerate() {
                if wants && lacks_secret(entry) {
                    tell(object, entry, &format!("spec.tls[{index}]"), cx);
                }
            }
        } else if object.is("helm.toolkit.fluxcd.io", "HelmRelease")
            && let Some(values) = object.at(&["spec", "values"])
        {
            walk(object, values, "spec.values", cx, 0);
        }
    }
}

fn wants_certificate(annotations: &Node) -> bool {
    annotations.entries().iter().any(|entry| {
        WANTS.contains(&entry.key.text.as_str()) && !matches!(entry.value.as_str(), Some("" | "false"))
    })
}

fn lacks_secret(entry: &Node) -> bool {
    !entry.items(&["hosts"]).is_empty() && entry.get("secretName").is_none()
}

/// Looks for what charts call nearly alike: `annotations` beside `tls`, a list of entries with hosts.
fn walk(object: &Object, node: &Node, field: &str, cx: &mut Context<'_>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    let is_off = node.get("enabled").and_then(Node::as_bool) == Some(false);
    if !is_off && node.get("annotations").is_some_and(wants_certificate) {
        for (index, entry) in node.items(&["tls"]).iter().enumerate() {
            if lacks_secret(entry) {
                tell(object, entry, &format!("{field}.tls[{index}]"), cx);
            }
        }
    }
    for entry in node.entries() {
        walk(object, &entry.value, &format!("{field}.{}", entry.key.text), cx, depth + 1);
    }
}

fn tell(object: &Object, entry: &Node, field: &str, cx: &mut Context<'_>) {
    let message = format!(
        "{} `{}` wants a certificate for hosts that no Secret is named for: cert-manager makes none",
        object.kind, object.name
    );
    let report = cx
        .report(entry.place(), message)
        .object(object, Some(field))
        .help("name the Secret that cert-manager is to make, with `secretName`");
    // A chart may name one itself.
    if object.kind == "HelmRelease" {
        report.likely();
    }
}
