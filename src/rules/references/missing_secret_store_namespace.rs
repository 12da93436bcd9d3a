//! `missing-secret-store-namespace`: see the page.

use crate::finding::Confidence;
use crate::repo::{AppKind, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing};
use crate::world::World;
use crate::yaml::{Data, Node};

meta!(
    "missing-secret-store-namespace",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "A secret store points into a namespace that nothing creates."
);

pub(crate) struct MissingSecretStoreNamespace;

impl Rule for MissingSecretStoreNamespace {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        for store in &inventory.objects {
            if !(store.is("external-secrets.io", "SecretStore")
                || store.is("external-secrets.io", "ClusterSecretStore"))
            {
                continue;
            }
            let Some(provider) = store.node.as_ref().and_then(|node| node.at_path(&["spec", "provider"]))
            else {
                continue;
            };
            let mut named = Vec::new();
            namespaces(provider, "spec.provider", &mut named, 0);
            for (namespace, node, field) in named {
                // What fails makes no namespace that its sources do not name.
                let open = inventory.is_open_for(store.app, false);
                let made = open && world.may_make(store.app, "", true, &namespace).is_some();
                let known =
                    missing::is_brought_along(&namespace) || inventory.has_namespace(store.app, &namespace);
                if !made && !known {
                    let sure = open || is_part(inventory, store);
                    let sure = if sure { Confidence::Likely } else { Confidence::Certain };
                    report(inventory, store, (&namespace, sure), node, field, cx);
                }
            }
        }
    }
}

/// Whether a store belongs to an overlay or chart that nothing deploys: what it comes with is not known.
fn is_part(inventory: &Inventory, store: &ObjectFacts) -> bool {
    let kind = inventory.app(store.app).map(|entry| entry.app.kind);
    kind.is_some_and(|kind| kind.is_loose() && kind != AppKind::Manifests)
}

fn report(
    inventory: &Inventory,
    store: &ObjectFacts,
    (namespace, sure): (&str, Confidence),
    node: &Node,
    field: String,
    cx: &mut Context<'_>,
) {
    let cluster = inventory.app(store.app).map_or("", |entry| entry.app.cluster.as_str());
    let mut object = store.to_ref(cluster);
    object.field = Some(field);
    let message =
        format!("{} `{}` points into namespace `{namespace}`, which nothing creates", store.kind, store.name);
    cx.report(node.place(), message)
        .apps([store.app])
        .object_ref(object)
        .confidence(sure)
        .help("point it at the namespace where the backend runs, or declare that one under `external:`");
}

/// Namespaces that a provider block names: `namespace` keys below references, and hosts of in-cluster servers.
fn namespaces<'a>(node: &'a Node, path: &str, named: &mut Vec<(String, &'a Node, String)>, depth: u32) {
    if depth > 16 {
        return;
    }
    match &node.data {
        Data::Map(map) => {
            for entry in map {
                let path = format!("{path}.{}", entry.key.text);
                match (entry.key.text.as_str(), entry.value.as_str()) {
                    ("namespace", Some(namespace)) if is_reference(&path) => {
                        named.push((namespace.to_owned(), &entry.value, path));
                    }
                    ("server" | "url" | "host" | "address", Some(url)) => {
                        if let Some(namespace) = service_namespace(url) {
                            named.push((namespace, &entry.value, path));
                        }
                    }
                    _ => namespaces(&entry.value, &path, named, depth + 1),
                }
            }
        }
        Data::Seq(items) => items.iter().for_each(|item| namespaces(item, path, named, depth + 1)),
        Data::Scalar(_) => {}
    }
}

/// Vault and others have a `namespace` of their own; only those of object references are Kubernetes namespaces.
fn is_reference(path: &str) -> bool {
    let mut parts = path.rsplit('.');
    parts.next();
    parts
        .next()
        .is_some_and(|parent| parent.ends_with("Ref") || parent == "caProvider" || parent == "serviceAccount")
}

/// The namespace of `https://service.namespace.svc[.cluster.local][:port]`.
fn service_namespace(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next()?;
    let mut labels = host.split('.');
    let (_service, namespace, svc) = (labels.next()?, labels.next()?, labels.next()?);
    (svc == "svc" && !namespace.is_empty()).then(|| namespace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts_of_services() {
        for (url, want) in [
            ("https://vault.vault.svc:8200", Some("vault")),
            ("http://vault.security.svc.cluster.local", Some("security")),
            ("vault.x.svc/v1", Some("x")),
            ("https://vault.example.com", None),
            ("https://vault.svc", None),
        ] {
            assert_eq!(service_namespace(url).as_deref(), want, "{url}");
        }
    }
}
