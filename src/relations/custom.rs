//! What custom resources of any group name: by the fields that nearly all of them call alike (`passwordSecretRef`,
//! `credentialsName`). Whether the object must be there or is made by the controller cannot be told from the field alone.

use crate::yaml::Node;

use super::collector::{Collector, Via};

/// Deeper fields than these do not exist.
const MAX_DEPTH: u32 = 24;

/// Groups whose references are known better, or whose fields say what is made.
const KNOWN: [&str; 9] = [
    "argoproj.io",
    "helm.toolkit.fluxcd.io",
    "kustomize.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
    "apiextensions.k8s.io",
    "bitnami.com",
    "gateway.networking.k8s.io",
    "keda.sh",
    "tekton.dev",
];

pub(super) fn references(cx: &mut Collector, group: &str, kind: &str, object: &Node) {
    let makes = matches!(
        kind,
        "ExternalSecret" | "ClusterExternalSecret" | "PushSecret" | "Certificate" | "CertificateRequest"
    );
    if crate::k8s::is_built_in(group) || KNOWN.contains(&group) || makes {
        return;
    }
    let Some(spec) = object.get("spec") else { return };
    let first = cx.found.len();
    walk(cx, spec, "spec", 0);
    for reference in cx.found.iter_mut().skip(first) {
        reference.via = Via::Custom;
        // Issuers of the whole cluster look where cert-manager runs.
        if reference.namespace.is_none() && group == "cert-manager.io" && kind == "ClusterIssuer" {
            reference.namespace = Some("cert-manager".into());
        }
    }
}

fn walk(cx: &mut Collector, node: &Node, path: &str, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    for (index, item) in node.seq_or_empty().iter().enumerate() {
        walk(cx, item, &format!("{path}[{index}]"), depth + 1);
    }
    for entry in node.entries() {
        let (key, value) = (entry.key.text.to_ascii_lowercase(), &entry.value);
        let field = format!("{path}.{}", entry.key.text);
        // What is written to is made by the controller.
        if ["write", "output", "target", "connection", "publish"].iter().any(|word| key.contains(word)) {
            continue;
        }
        let ends = |ends: &[&str]| ends.iter().any(|end| key.ends_with(end));
        if value.get("name").is_some_and(|name| name.as_str().is_some()) {
            let kind = if ends(&["secretref", "secretkeyref", "credentialssecret"]) {
                Some("Secret")
            } else if ends(&["configmapref", "configmapkeyref"]) {
                Some("ConfigMap")
            } else {
                None
            };
            if let Some(kind) = kind {
                let before = cx.found.len();
                cx.add_selector(kind, value, &field);
                if let Some(reference) = cx.found.get_mut(before) {
                    reference.set_namespace(value.get("namespace"));
                }
                continue;
            }
        }
        // At the top of the spec it is what the controller makes, as often as not.
        if depth > 0 && ends(&["secretname"]) || key == "credentialsname" {
            cx.add("", "Secret", Some(value), field);
        } else {
            walk(cx, value, &field, depth + 1);
        }
    }
}
