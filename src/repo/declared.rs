//! Argo CD's own objects, wherever they are: rendered by an app, or in files that nothing renders.
//!
//! Applications and projects are often applied by hand (`kubectl apply -f bootstrap/`), so no app renders them.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::source::Span;
use crate::yaml::Node;

use super::{AppId, Inventory, Object, Scan, Workspace};

/// An object that configures Argo CD.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The app that renders it, if one does.
    pub app: Option<AppId>,
    /// Kind.
    pub kind: SmolStr,
    /// `metadata.name`.
    pub name: SmolStr,
    /// The namespace: its own, else the app's.
    pub namespace: SmolStr,
    /// The whole object; origins are in the inventory.
    pub node: Arc<Node>,
}

/// Whether objects of this identity configure Argo CD.
pub(super) fn is_argo(group: &str, kind: &str, name: &str) -> bool {
    match (group, kind) {
        ("argoproj.io", "Application" | "ApplicationSet" | "AppProject") => true,
        ("", "ConfigMap") => matches!(name, "argocd-cm" | "argocd-cmd-params-cm" | "argocd-rbac-cm"),
        _ => false,
    }
}

/// All of them: the rendered ones, then what is in files and was not rendered, each definition once.
pub(super) fn declared(workspace: &Workspace, scan: &Scan, inventory: &Inventory) -> Vec<Declared> {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let mut found = Vec::new();
    for object in &inventory.objects {
        let Some(node) = object.node.as_ref().filter(|_| is_argo(&object.group, &object.kind, &object.name))
        else {
            continue;
        };
        seen.insert(object.place.at);
        seen.insert(node.at);
        found.push(Declared {
            app: Some(object.app),
            kind: object.kind.clone(),
            name: object.name.clone(),
            namespace: object.namespace.clone(),
            node: Arc::clone(node),
        });
    }
    for document in scan.documents.iter().filter(|it| is_argo(&it.group, &it.kind, &it.name)) {
        if scan.is_input(&document.path) {
            continue;
        }
        let Some(object) = document.node(workspace).and_then(Object::new) else { continue };
        if seen.contains(&object.node.at) || seen.contains(&object.place().at) {
            continue;
        }
        found.push(Declared {
            app: None,
            kind: object.kind,
            name: object.name,
            namespace: object.namespace,
            node: Arc::new(object.node),
        });
    }
    found
}
