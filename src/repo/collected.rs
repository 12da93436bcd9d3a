//! The end of discovery: what was found becomes the inventory.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::origin::Origins;
use crate::schema::Scope;
use crate::source::TreePath;

use super::Workspace;
use super::app::{App, AppId, Spec};
use super::batch::Summary;
use super::clusters::Variants;
use super::declared;
use super::facts::ObjectFacts;
use super::inventory::{AppEntry, Inventory};
use super::scan::Scan;

/// Directories that apps render, so that they are not rendered again by themselves.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) dirs: BTreeMap<TreePath, AppId>,
    pub(super) below: BTreeMap<TreePath, AppId>,
}

impl Claims {
    pub(super) fn by(&self, dir: &TreePath) -> Option<AppId> {
        if let Some(app) = self.dirs.get(dir) {
            return Some(*app);
        }
        let mut at = Some(dir.clone());
        while let Some(dir) = at {
            if let Some(app) = self.below.get(&dir) {
                return Some(*app);
            }
            at = dir.parent();
        }
        None
    }

    pub(super) fn covers(&self, dir: &TreePath) -> bool {
        self.by(dir).is_some()
    }
}

/// An app that was rendered.
pub(super) struct Done<T> {
    pub(super) app: App,
    pub(super) depth: u32,
    pub(super) rendered: Summary,
    pub(super) result: T,
}

/// What discovery leaves behind.
pub(super) struct Collected<T> {
    pub(super) done: Vec<Done<T>>,
    pub(super) claimed: Claims,
    pub(super) origins: Origins,
    pub(super) objects: Vec<ObjectFacts>,
}

impl<T> Collected<T> {
    /// Puts the inventory together. Overlays that an app turned out to render are dropped.
    pub(super) fn finish(self, workspace: &Workspace, scan: Scan, variants: Variants) -> (Inventory, Vec<T>) {
        let claimed = &self.claimed;
        let claimant = |app: &App| match &app.spec {
            Spec::Overlay(dir) | Spec::Chart(dir) => claimed.by(&dir.path),
            Spec::Release(release) if release.declared.is_none() => claimed.by(&release.chart.path),
            Spec::Release(_)
            | Spec::Argo(_)
            | Spec::ArgoSet(_)
            | Spec::FluxKustomization(..)
            | Spec::FluxRelease(..)
            | Spec::Manifests(_) => None,
        };
        let superseded: BTreeMap<AppId, AppId> =
            self.done.iter().filter_map(|done| Some((done.app.id, claimant(&done.app)?))).collect();
        let mut names: BTreeMap<AppId, AppId> = BTreeMap::new();
        for done in &self.done {
            if !superseded.contains_key(&done.app.id) {
                names.insert(done.app.id, AppId(names.len() as u32));
            }
        }
        let mut inventory = Inventory { origins: self.origins, scan, variants, ..Inventory::default() };
        let mut results = Vec::new();
        for mut done in self.done {
            let Some(id) = names.get(&done.app.id) else { continue };
            let parent = done.app.parent.map(|parent| superseded.get(&parent).copied().unwrap_or(parent));
            let parent = parent.filter(|parent| *parent != done.app.id);
            done.app.id = *id;
            done.app.parent = parent.and_then(|parent| names.get(&parent).copied());
            inventory.apps.push(AppEntry {
                root: *id,
                app: done.app,
                status: done.rendered.status,
                reason: done.rendered.reason,
                objects: done.rendered.objects,
                problems: done.rendered.problems,
                no_ops: done.rendered.no_ops,
                idle_values: done.rendered.idle_values,
                redundant_values: done.rendered.redundant_values,
                incomplete: done.rendered.incomplete,
                files: done.rendered.files,
                built: done.rendered.built,
                wants: done.rendered.wants,
                said: done.rendered.said,
                depth: done.depth,
            });
            results.push(done.result);
        }
        inventory.objects = self
            .objects
            .into_iter()
            .filter_map(|facts| Some(ObjectFacts { app: *names.get(&facts.app)?, ..facts }))
            .collect();
        settle_scopes(&mut inventory.objects);
        inventory.find_roots();
        inventory.declared = declared::declared(workspace, &inventory.scan, &inventory);
        (inventory, results)
    }
}

/// Definitions that some app renders say where objects of other apps live, too.
fn settle_scopes(objects: &mut [ObjectFacts]) {
    let defined = objects.iter().filter_map(|object| object.defines.as_deref());
    let defined: FxHashMap<(SmolStr, SmolStr), Scope> =
        defined.map(|(group, kind, scope)| ((group.clone(), kind.clone()), *scope)).collect();
    if defined.is_empty() {
        return;
    }
    for object in objects.iter_mut().filter(|object| object.scope.is_none()) {
        object.scope = defined.get(&(object.group.clone(), object.kind.clone())).copied();
        if object.scope == Some(Scope::Cluster) {
            object.namespace = SmolStr::default();
        }
    }
}
