//! `ingress-without-tls`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!("ingress-without-tls", "security", Note, Strict, "0.1.0", "An Ingress serves a host without TLS.");

pub(crate) struct IngressWithoutTls;

impl Rule for IngressWithoutTls {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("networking.k8s.io", "Ingress") || !object.node.items(&["spec", "tls"]).is_empty() {
            return;
        }
        // Some controllers take certificates from elsewhere and say so in an annotation.
        let annotations = object.at(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
        let elsewhere = ["certificate", "ssl", "tls", "cert-manager"];
        if annotations.iter().any(|entry| elsewhere.iter().any(|word| entry.key.text.contains(word))) {
            return;
        }
        let Some(rules) = object.at(&["spec", "rules"]) else { return };
        let message = format!("Ingress `{}` has no `tls` section", object.name);
        cx.report(rules.place(), message)
            .object(object, Some("spec.tls"))
            .help("add `tls` with the hosts and a Secret, or let cert-manager make it");
    }
}
