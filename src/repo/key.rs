//! What tells an app from all others: a key that is stable across runs, and a hash of all that it is rendered by.

use std::hash::{DefaultHasher, Hash, Hasher};

use smol_str::SmolStr;

use crate::flux::Inputs;
use crate::origin::{OriginId, Origins, Place};
use crate::source::TreePath;
use crate::yaml::{Data, Node};

use super::app::{App, AppKind, Spec};

/// Names an app across runs and states of a repository: what it is, what it is called, and where it is written and goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppKey {
    kind: AppKind,
    name: SmolStr,
    namespace: SmolStr,
    cluster: SmolStr,
    environment: SmolStr,
    path: Option<TreePath>,
}

impl AppKey {
    /// The key of an app.
    pub fn of(app: &App) -> Self {
        Self {
            kind: app.kind,
            name: SmolStr::new(&app.name),
            namespace: app.namespace.clone(),
            cluster: app.cluster.clone(),
            environment: app.environment.clone(),
            path: app.path.clone(),
        }
    }
}

/// A hash of an app with all places, under an environment.
pub(super) fn hash_app(app: &App, environment: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    let into = &mut hasher;
    (environment, AppKey::of(app), &app.target_namespace, app.parent.is_some()).hash(into);
    (app.provisional, app.stray, app.assumed).hash(into);
    hash_place(app.place, into);
    hash_origins(&app.origins, into);
    app.node.is_some().hash(into);
    if let Some(node) = &app.node {
        hash_node(node, into);
    }
    match &app.spec {
        // What these say follows from the node.
        Spec::Argo(_) | Spec::ArgoSet(_) => {}
        Spec::FluxKustomization(_, inputs) | Spec::FluxRelease(_, inputs) => hash_inputs(inputs, into),
        Spec::Overlay(dir) | Spec::Chart(dir) => dir.path.hash(into),
        Spec::Release(release) => {
            (&release.chart.path, &release.environment, &release.values, &release.name).hash(into);
            (&release.namespace, &release.cluster, release.is_test, release.declared.is_some()).hash(into);
            release.declared.into_iter().for_each(|place| hash_place(place, into));
        }
        Spec::Manifests(files) => files.hash(into),
    }
    hasher.finish()
}

fn hash_inputs(inputs: &Inputs, into: &mut impl Hasher) {
    for input in inputs.iter() {
        (&input.name.kind, &input.name.namespace, &input.name.name, input.applied).hash(into);
        hash_place(input.name.place, into);
        hash_node(&input.node, into);
        hash_origins(&input.origins, into);
    }
}

/// A node with its places.
pub(super) fn hash_node(node: &Node, into: &mut impl Hasher) {
    (node.at, node.origin.index(), node.style as u8, &node.tag).hash(into);
    match &node.data {
        Data::Scalar(text) => (0u8, text).hash(into),
        Data::Seq(items) => {
            (1u8, items.len()).hash(into);
            for item in items {
                hash_node(item, into);
            }
        }
        Data::Map(map) => {
            (2u8, map.len()).hash(into);
            for entry in map {
                (&entry.key.text, entry.key.at, entry.key.origin.index(), entry.key.style as u8).hash(into);
                hash_node(&entry.value, into);
            }
        }
    }
}

fn hash_place(place: Place, into: &mut impl Hasher) {
    (place.at, place.origin.index()).hash(into);
}

fn hash_origins(origins: &Origins, into: &mut impl Hasher) {
    let index = OriginId::index;
    for origin in origins.iter() {
        (origin.at, origin.by, index(origin.from), index(origin.under), index(origin.and)).hash(into);
    }
}
