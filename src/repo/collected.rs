//! The end of discovery: what was found becomes the inventory.

use std::collections::BTreeMap;

use crate::origin::Origins;
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
                depth: done.depth,
            });
            results.push(done.result);
        }
        inventory.objects = self
            .objects
            .into_iter()
            .filter_map(|facts| Some(ObjectFacts { app: *names.get(&facts.app)?, ..facts }))
            .collect();
        inventory.find_roots();
        inventory.declared = declared::declared(workspace, &inventory.scan, &inventory);
        (inventory, results)
    }
}
