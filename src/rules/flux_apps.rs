//! What the rules about Flux share: its apps, and whether the repository shows all of a cluster.

use crate::finding::{Missing, ProblemKind};
use crate::flux::{HelmRelease, Inputs, Kustomization, ObjectName};
use crate::k8s::{Reference, Via, is_named_after};
use crate::repo::{AppEntry, AppId, Inventory, Spec, Status, World};

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

/// Whether something that is not seen may make an object of Flux called so. What fails makes what its own files say; a
/// repository of others is about itself.
pub(super) fn may_be_made(inventory: &Inventory, world: &World<'_>, app: AppId, name: &str) -> bool {
    inventory.apps.iter().any(|entry| {
        let lacks = entry.incomplete.iter().any(|it| it.missing == Missing::Content);
        let may = match entry.status {
            Status::Failed => {
                let absent = entry.problems.iter().any(|it| it.kind == ProblemKind::MissingPath);
                !absent && entry.said.as_ref().is_none_or(|said| said.may_make(name))
            }
            Status::Skipped | Status::Partial if lacks => {
                let source = match &entry.app.spec {
                    Spec::FluxKustomization(it, _) => it.source.as_ref().map(|it| it.name.as_str()),
                    _ => None,
                };
                is_named_after(name, &entry.app.name)
                    || source.is_some_and(|source| is_named_after(name, source))
            }
            _ => false,
        };
        may && !entry.app.kind.is_loose() && world.may_serve(entry.app.id, app)
    })
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
