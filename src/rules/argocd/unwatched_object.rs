//! `unwatched-object`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::yaml::Node;

meta!(
    "unwatched-object",
    "argocd",
    Warning,
    Recommended,
    "0.2.0",
    "An object that Argo CD reads in its own namespace only lies in another one."
);

pub(crate) struct UnwatchedObject;

/// ConfigMaps and Secrets that Argo CD looks up by name in its own namespace.
const SINGLETONS: [(&str, &str); 9] = [
    ("ConfigMap", "argocd-cm"),
    ("ConfigMap", "argocd-cmd-params-cm"),
    ("ConfigMap", "argocd-rbac-cm"),
    ("ConfigMap", "argocd-notifications-cm"),
    ("ConfigMap", "argocd-ssh-known-hosts-cm"),
    ("ConfigMap", "argocd-tls-certs-cm"),
    ("ConfigMap", "argocd-gpg-keys-cm"),
    ("Secret", "argocd-notifications-secret"),
    ("Secret", "argocd-secret"),
];

/// How the setting is called that lets Argo CD read Applications of other namespaces, wherever it is set.
const ELSEWHERE: [&str; 5] = [
    "application.namespaces",
    "applicationsetcontroller.namespaces",
    "application-namespaces",
    "sourceNamespaces",
    "applicationset-namespaces",
];

impl Rule for UnwatchedObject {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let of_argo = |object: &&ObjectFacts| {
            // What does not say a namespace is told by the app that renders it where to go.
            let says = |node: &Node| node.at_path(&["metadata", "namespace"]).is_some();
            object.group == "argoproj.io"
                && object.node.as_deref().is_some_and(says)
                && !object.namespace.is_empty()
                && inventory.app(object.app).is_some_and(|entry| !entry.app.provisional)
        };
        let kinds = ["Application", "ApplicationSet", "AppProject"];
        let mut namespaces: BTreeMap<&str, Vec<&ObjectFacts>> = BTreeMap::new();
        for object in kinds.iter().flat_map(|kind| inventory.of_kind(kind)).filter(of_argo) {
            namespaces.entry(object.namespace.as_str()).or_default().push(object);
        }
        let total: usize = namespaces.values().map(Vec::len).sum();
        let Some((own, there)) = namespaces.iter().max_by_key(|(_, objects)| objects.len()) else { return };
        // One namespace has nearly all of them: it is Argo CD's.
        if there.len() < 3 || there.len() * 10 < total * 8 {
            return;
        }
        let is_other_instance = |namespace: &str| {
            namespace == *own
                || ["argo", "gitops"].iter().any(|word| namespace.contains(word))
                || namespaces.get(namespace).is_some_and(|objects| {
                    // One that several overlays render is one.
                    let named: BTreeSet<&str> = objects.iter().map(|it| it.name.as_str()).collect();
                    named.len() > 2
                })
        };
        let mut found: Vec<&ObjectFacts> = namespaces
            .iter()
            .filter(|(namespace, _)| !is_other_instance(namespace))
            .flat_map(|(_, objects)| objects.iter().copied())
            .collect();
        if !found.is_empty() && allows_others(cx) {
            found.clear();
        }
        for (kind, name) in SINGLETONS {
            let of_name = inventory.of_kind(kind).filter(|it| it.name == name && it.group.is_empty());
            let elsewhere =
                of_name.filter(|it| !it.namespace.is_empty() && !is_other_instance(&it.namespace));
            found.extend(elsewhere.filter(|it| missing::is_deployed(inventory, it)));
        }
        for object in found {
            let near = there.iter().find(|it| inventory.share_root(it.app, object.app));
            let Some(near) = near.or_else(|| there.first()) else { continue };
            let message = format!(
                "{} `{}` lies in namespace `{}`, where Argo CD does not look: its own is `{own}`",
                object.kind, object.name, object.namespace
            );
            cx.report(object.place, message)
                .apps([object.app])
                .object_ref(workloads::field_ref(inventory, object, "metadata.namespace"))
                .related(near.place, format!("this {} is in `{own}`, as nearly all are", near.kind))
                .help(format!(
                    "say `namespace: {own}`; where it is deployed to is the destination's business"
                ))
                .likely();
        }
    }
}

/// Whether anything sets up Argo CD to read Applications of other namespaces.
fn allows_others(cx: &Context<'_>) -> bool {
    cx.texts().any(|(_, file)| ELSEWHERE.iter().any(|word| file.text_or_empty().contains(word)))
}
