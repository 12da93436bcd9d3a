//! The two sides of a diff, and which app of one is which of the other.

use std::collections::BTreeSet;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::explain::app_names;
use crate::repo::{self, Analysis, App, AppEntry, AppKey, Inventory, Print, Rendered, Status, Workspace};
use crate::source::TreePath;

use super::digest;

/// One side: what its apps are, and what they say.
#[derive(Debug)]
pub struct Side<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) inventory: Inventory,
    pub(super) prints: Vec<Print>,
    pub(super) names: Vec<String>,
}

impl<'a> Side<'a> {
    /// Looks at a side. What `analysis` knows from another side is not rendered again.
    pub fn new(workspace: &'a Workspace, analysis: &Analysis<Print>) -> Self {
        let on_app = |_: &Workspace, app: &App, rendered: &Rendered| of_objects(app, rendered);
        let (inventory, prints) = repo::prints(workspace, analysis, &on_app);
        let names = app_names(&inventory);
        Self { workspace, inventory, prints, names }
    }

    fn print(&self, index: Option<usize>) -> Option<Print> {
        self.prints.get(index?).copied()
    }

    /// What an app renders to, where only what it is made from is known so far.
    fn sight(&self, index: Option<usize>) -> Option<Sight> {
        let entry = self.entry_of(index)?;
        Some(match self.print(index)? {
            Print::Objects(digest) => {
                let (status, reason) = (entry.status, entry.reason.clone());
                Sight { digest, status, reason, objects: entry.objects }
            }
            Print::Inputs(_) => {
                let rendered = repo::render(&entry.app, self.workspace);
                let digest = of_objects(&entry.app, &rendered);
                let objects = rendered.objects.len();
                Sight { digest, status: rendered.status(), reason: rendered.reason(), objects }
            }
        })
    }

    pub(super) fn entry_of(&self, index: Option<usize>) -> Option<&AppEntry> {
        self.entry(index?)
    }

    pub(super) fn entry(&self, index: usize) -> Option<&AppEntry> {
        self.inventory.apps.get(index)
    }

    pub(super) fn name(&self, index: usize) -> String {
        self.names.get(index).cloned().unwrap_or_default()
    }

    /// Files that the apps above one read.
    pub(super) fn above(&self, index: usize, files: &mut BTreeSet<TreePath>) {
        let mut at = self.entry(index).and_then(|entry| entry.app.parent);
        for _ in 0..16 {
            let Some(entry) = at.and_then(|id| self.inventory.app(id)) else { return };
            files.extend(entry.files.iter().cloned());
            files.extend(entry.app.path.clone());
            at = entry.app.parent;
        }
    }
}

/// A number for the objects of an app, in any order.
fn of_objects(app: &App, rendered: &Rendered) -> u64 {
    let objects = rendered.objects.iter().map(digest::of_object);
    let sum = objects.fold(0_u64, u64::wrapping_add);
    sum.wrapping_add(digest::of_text(&app.cluster))
}

/// How an app of one side renders.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    digest: u64,
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    pub(super) objects: usize,
}

/// A pair that was looked at: what it is made from is not the same on both sides.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) pair: Pair,
    pub(super) base: Option<Sight>,
    pub(super) head: Option<Sight>,
}

impl Seen {
    /// Looks at a pair; `None` where nothing that decides about it differs.
    pub(super) fn of(pair: Pair, base: &Side<'_>, head: &Side<'_>) -> Option<Self> {
        let (was, is) = (base.print(pair.base), head.print(pair.head));
        if was == is {
            return None;
        }
        Some(Self { pair, base: base.sight(pair.base), head: head.sight(pair.head) })
    }

    /// Whether the objects differ.
    pub(super) fn differs(&self) -> bool {
        let digest = |sight: &Option<Sight>| sight.as_ref().map(|sight| sight.digest);
        digest(&self.base) != digest(&self.head)
    }
}

/// An app on both sides, or on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) base: Option<usize>,
    pub(super) head: Option<usize>,
}

/// Which app is which on the other side.
pub(super) fn pairs(base: &Inventory, head: &Inventory) -> Vec<Pair> {
    let mut old: Vec<Option<&App>> = base.apps.iter().map(|entry| Some(&entry.app)).collect();
    let mut new: Vec<Option<&App>> = head.apps.iter().map(|entry| Some(&entry.app)).collect();
    let mut found = Vec::new();
    fn stage<'a, K: Hash + Eq>(
        (old, new): (&mut [Option<&'a App>], &mut [Option<&'a App>]),
        found: &mut Vec<Pair>,
        alone: bool,
        key: impl Fn(&'a App) -> K,
    ) {
        let mut known: FxHashMap<K, Vec<usize>> = FxHashMap::default();
        for (index, app) in old.iter().enumerate().rev() {
            if let Some(app) = app {
                known.entry(key(app)).or_default().push(index);
            }
        }
        for (index, slot) in new.iter_mut().enumerate() {
            let Some(indexes) = slot.and_then(|app| known.get_mut(&key(app))) else { continue };
            if alone && indexes.len() > 1 {
                continue;
            }
            if let Some(at) = indexes.pop() {
                if let Some(taken) = old.get_mut(at) {
                    *taken = None;
                }
                *slot = None;
                found.push(Pair { base: Some(at), head: Some(index) });
            }
        }
    }
    stage((&mut old, &mut new), &mut found, false, AppKey::of);
    stage((&mut old, &mut new), &mut found, true, |app| {
        (app.kind, &app.name, &app.namespace, &app.cluster, &app.environment)
    });
    stage((&mut old, &mut new), &mut found, true, |app| (app.kind, &app.name, &app.namespace, &app.path));
    stage((&mut old, &mut new), &mut found, true, |app| (app.kind, &app.name, &app.namespace));
    let rest = |slots: Vec<Option<&App>>| {
        let indexes = slots.into_iter().enumerate().filter_map(|(index, app)| app.map(|_| index));
        indexes.collect::<Vec<usize>>()
    };
    found.extend(rest(old).into_iter().map(|base| Pair { base: Some(base), head: None }));
    found.extend(rest(new).into_iter().map(|head| Pair { base: None, head: Some(head) }));
    found
}
