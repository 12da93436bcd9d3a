//! ConfigMaps and Secrets that nothing names: the one beside a line that needs another may be the one that is meant.

use rustc_hash::FxHashMap;

use crate::origin::Place;
use crate::relations::Reference;
use crate::repo::{AppId, Inventory, Labels, ObjectFacts, Workspace};
use crate::source::Home;

/// ConfigMaps and Secrets that nothing names: what makes each, by kind, namespace and app, or by kind, namespace and directory of
/// the line to edit.
#[derive(Default)]
pub(super) struct Made<'a> {
    by_app: FxHashMap<(&'a str, &'a str, AppId), Vec<&'a ObjectFacts>>,
    /// With the root of the app as well: what another root leads to says nothing.
    by_dir: FxHashMap<(&'a str, &'a str, Home, AppId), Vec<&'a ObjectFacts>>,
}

impl<'a> Made<'a> {
    /// All of them.
    pub(super) fn of(inventory: &'a Inventory, workspace: &Workspace) -> Self {
        let mut made = Self::default();
        for object in &inventory.objects {
            for kind in ["ConfigMap", "Secret"] {
                let name = if object.is("", kind) {
                    Some(&object.name)
                } else {
                    let own = object.provides.iter().find(|it| it.kind == kind && it.namespace.is_none());
                    own.and_then(|own| own.name.exact())
                };
                if !is_token(object)
                    && name.is_some_and(|name| !is_named(inventory, kind, &object.namespace, name))
                {
                    let namespace = object.namespace.as_str();
                    made.by_app.entry((kind, namespace, object.app)).or_default().push(object);
                    if let Some(entry) = inventory.app(object.app)
                        && let Some(dir) = directory(inventory, workspace, object.place)
                    {
                        made.by_dir.entry((kind, namespace, dir, entry.root)).or_default().push(object);
                    }
                }
            }
        }
        made
    }
}

/// Whether it is a token of a ServiceAccount, which is read by whoever asks for it, by name in no manifest.
fn is_token(object: &ObjectFacts) -> bool {
    let kind = object.node.as_deref().and_then(|node| node.get("type")?.as_str());
    object.is("", "Secret") && kind == Some("kubernetes.io/service-account-token")
}

/// Whether anything says the name of a ConfigMap or Secret in its namespace, or in one that is not known.
fn is_named(inventory: &Inventory, kind: &str, namespace: &str, name: &str) -> bool {
    let here = |other: &str| other.is_empty() || other == namespace;
    inventory.referring(name).any(|other| {
        let mut references = other.references.iter().filter(|its| its.kind == kind && its.name == name);
        references.any(|its| here(its.namespace.as_ref().unwrap_or(&other.namespace)))
    }) || inventory.mentioning(name).any(|other| here(&other.namespace))
}

/// The one ConfigMap or Secret that nothing names, of the same app or written beside the line that needs one: it may be
/// the one that is meant.
pub(super) fn unused(
    inventory: &Inventory,
    workspace: &Workspace,
    made: &Made<'_>,
    object: &ObjectFacts,
    reference: &Reference,
) -> Option<(Place, String)> {
    if !matches!(reference.kind.as_str(), "ConfigMap" | "Secret") {
        return None;
    }
    let namespace = reference.namespace.as_ref().unwrap_or(&object.namespace).as_str();
    let kind = reference.kind.as_str();
    let own = made.by_app.get(&(kind, namespace, object.app)).into_iter().flatten();
    let needed = directory(inventory, workspace, reference.place);
    let root = inventory.app(object.app).map(|entry| entry.root);
    let beside = needed.zip(root).and_then(|(dir, root)| made.by_dir.get(&(kind, namespace, dir, root)));
    let others = beside.into_iter().flatten().filter(|it| it.app != object.app);
    let mut free = own.chain(others);
    let (Some(only), None) = (free.next(), free.next()) else { return None };
    Some((only.place, format!("nothing uses this {}", only.kind)))
}

/// The directory of the line to edit.
fn directory(inventory: &Inventory, workspace: &Workspace, place: Place) -> Option<Home> {
    let at = Labels::of(place, &inventory.origins, workspace).primary.at;
    workspace.sources.get(at.file)?.home().parent()
}
