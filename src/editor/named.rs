//! Names in the objects that a file holds, rendered or not, and the objects that they stand for.

use std::collections::BTreeSet;

use crate::origin::Place;
use crate::relations::{self, Reference};
use crate::repo::{Labels, Object};
use crate::source::{FileId, Span};

use super::cursor::Cursor;
use super::definition::primary;
use super::session::Checked;

/// Groups whose objects name each other, beside those that rules look into.
const CONTROL: [&str; 6] = [
    "argoproj.io",
    "helm.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "kustomize.toolkit.fluxcd.io",
    "notification.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
];

/// Everything that an object names.
pub(super) fn all(object: &Object) -> Vec<Reference> {
    let mut found = relations::control_references(&object.group, &object.kind, &object.node);
    found.extend(relations::references(&object.group, &object.kind, &object.node));
    found
}

fn holds(at: Span, file: FileId, offset: u32) -> bool {
    at.file == file && at.start <= offset && offset <= at.end
}

/// Where the objects are written that the name at a place stands for.
pub(super) fn definition(cursor: &Cursor, checked: &Checked) -> BTreeSet<Span> {
    let Some(object) = cursor.object() else { return BTreeSet::new() };
    let here = |place: Place| holds(place.at, cursor.file.id(), cursor.offset);
    let is_here = |it: &Reference| here(it.place) || it.key_place.is_some_and(here);
    let namespace = object.namespace.as_str();
    all(&object).iter().filter(|it| is_here(it)).flat_map(|it| meant(checked, it, namespace)).collect()
}

/// The objects of a name: those that are rendered, else those that are written; in the namespace that is meant, where some are.
fn meant(checked: &Checked, reference: &Reference, own: &str) -> BTreeSet<Span> {
    let inventory = &checked.inventory;
    let namespace = reference.namespace.as_deref().unwrap_or(own);
    let fits = |group: &str, kind: &str, name: &str| {
        kind == reference.kind && name == reference.name && group == reference.group
    };
    let rendered: Vec<_> = inventory
        .of_kind(&reference.kind)
        .filter(|it| fits(&it.group, &it.kind, &it.name))
        .map(|it| (it.namespace.clone(), primary(checked, it.place)))
        .collect();
    let documents = inventory.scan.documents.iter().filter(|it| fits(&it.group, &it.kind, &it.name));
    let written = documents.filter_map(|it| {
        let object = Object::new(it.node(&checked.workspace)?)?;
        Some((object.namespace.clone(), object.place().at))
    });
    let found = if rendered.is_empty() { written.collect() } else { rendered };
    let near: BTreeSet<Span> =
        found.iter().filter(|(it, _)| namespace.is_empty() || it == namespace).map(|(_, at)| *at).collect();
    if near.is_empty() { found.into_iter().map(|(_, at)| at).collect() } else { near }
}

/// Where objects of Argo CD and Flux name the object whose name stands at a place.
pub(super) fn references(cursor: &Cursor, checked: &Checked) -> BTreeSet<Span> {
    let Some(object) = cursor.object() else { return BTreeSet::new() };
    let names = |reference: &Reference, namespace: &str| {
        let namespace = reference.namespace.as_deref().unwrap_or(namespace);
        reference.kind == object.kind
            && reference.name == object.name
            && reference.group == object.group
            && (namespace.is_empty() || object.namespace.is_empty() || namespace == object.namespace)
    };
    let mut found = BTreeSet::new();
    for entry in &checked.inventory.apps {
        let Some(own) = entry.app.node.as_deref().cloned().and_then(Object::new) else { continue };
        let all = relations::control_references(&own.group, &own.kind, &own.node);
        let meant = all.iter().filter(|it| names(it, &entry.app.namespace));
        found.extend(meant.map(|it| Labels::of(it.place, &entry.app.origins, &checked.workspace).primary.at));
    }
    let documents = checked.inventory.scan.documents.iter();
    for document in documents.filter(|it| CONTROL.contains(&it.group.as_str())) {
        let Some(own) = document.node(&checked.workspace).and_then(Object::new) else { continue };
        let all = relations::control_references(&own.group, &own.kind, &own.node);
        found.extend(all.iter().filter(|it| names(it, &own.namespace)).map(|it| it.place.at));
    }
    found
}
