//! What the rules about Flux share: its apps, and whether the repository shows all of a cluster.

use crate::flux::{HelmRelease, Inputs, Kustomization, ObjectName};
use crate::origin::Place;
use crate::relations::{Reference, Via};
use crate::repo::{AppEntry, AppId, Inventory, Spec};
use crate::yaml::Node;

/// The Kustomization of an app that something deploys, and the objects that it names.
pub(super) fn kustomization(entry: &AppEntry) -> Option<(&Kustomization, &Inputs)> {
    match &entry.app.spec {
        Spec::FluxKustomization(kustomization, inputs) if !entry.app.provisional => {
            Some((kustomization, inputs))
        }
        _ => None,
    }
}

/// The HelmRelease of an app that something deploys, and the objects that it names.
pub(super) fn helm_release(entry: &AppEntry) -> Option<(&HelmRelease, &Inputs)> {
    match &entry.app.spec {
        Spec::FluxRelease(release, inputs) if !entry.app.provisional => Some((release, inputs)),
        _ => None,
    }
}

/// Whether Flux deploys an app: a Kustomization leads to it.
pub(super) fn is_deployed(inventory: &Inventory, entry: &AppEntry) -> bool {
    let root = inventory.app(entry.root);
    root.is_some_and(|root| !root.app.kind.is_loose())
}

/// Where the namespace beside the name of an object is written.
pub(super) fn namespace_of(entry: &AppEntry, name: &ObjectName) -> Option<Place> {
    fn find(node: &Node, name: Place, depth: u32) -> Option<Place> {
        if node.get("name").is_some_and(|it| it.place() == name) {
            return node.get("namespace").map(Node::place);
        }
        let entries = node.entries().iter().map(|entry| &entry.value);
        let mut inner = entries.chain(node.seq_or_empty()).filter(|_| depth < 8);
        inner.find_map(|node| find(node, name, depth + 1))
    }
    find(entry.app.node.as_deref()?.get("spec")?, name.place, 0)
}

/// A reference for [`World::look_up`](crate::world::World::look_up).
pub(super) fn reference(name: &ObjectName, field: &str) -> Reference {
    Reference {
        group: name.group().into(),
        kind: name.kind.clone(),
        namespace: Some(name.namespace.clone()),
        name: name.name.clone(),
        key: None,
        optional: false,
        place: name.place,
        key_place: None,
        field: field.into(),
        via: Via::Field,
    }
}

/// Whether one Kustomization's path lies in that of another on the same cluster.
pub(super) fn contains(inventory: &Inventory, outer: AppId, inner: AppId) -> bool {
    let (Some(a), Some(b)) = (inventory.app(outer), inventory.app(inner)) else { return false };
    let (Some(a), Some(b)) = (&a.built, &b.built) else { return false };
    outer != inner && a != b && b.starts_with(a) && inventory.may_meet(outer, inner)
}
