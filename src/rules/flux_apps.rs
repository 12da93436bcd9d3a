//! What the rules about Flux share: its apps, and whether the repository shows all of a cluster.

use crate::flux::{HelmRelease, Inputs, Kustomization, ObjectName};
use crate::relations::{Reference, Via};
use crate::repo::{AppEntry, AppId, Inventory, Spec};

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

/// A reference for [`World::look_up`].
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
