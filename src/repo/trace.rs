//! Which files of the linted tree one app reads: the remotes seam with every read of that tree on record.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cache::Want;
use crate::source::{Dir, Found, Remotes, TracingTree, Tree, TreePath};

use super::Workspace;

/// The remotes of a workspace, watched.
#[derive(Debug)]
pub(super) struct Trace<'a> {
    workspace: &'a Workspace,
    watched: Arc<TracingTree>,
    tree: Arc<dyn Tree>,
    /// What was asked for in vain.
    missed: Mutex<BTreeSet<Want>>,
}

impl<'a> Trace<'a> {
    /// Watches the linted tree.
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        Self::over(workspace, Arc::clone(&workspace.tree))
    }

    /// Watches a tree that stands for the linted one.
    pub(super) fn over(workspace: &'a Workspace, tree: Arc<dyn Tree>) -> Self {
        let watched = Arc::new(TracingTree::new(tree));
        Self { workspace, tree: Arc::clone(&watched) as Arc<dyn Tree>, watched, missed: Mutex::default() }
    }

    /// The same directory, watched when it lies in the linted tree.
    pub(super) fn watch(&self, dir: Dir) -> Dir {
        let root = TreePath::root();
        let linted = dir.tree.id(&root) == self.workspace.tree.id(&root);
        if linted { Dir::new(Arc::clone(&self.tree), dir.path) } else { dir }
    }

    /// What was asked for and is not here, of what a fetch brings.
    pub(super) fn wants(&self) -> BTreeSet<Want> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The files that were read or looked for.
    pub(super) fn files(&self) -> BTreeSet<TreePath> {
        self.watched.read_paths()
    }
}

impl Trace<'_> {
    /// The remotes with what is asked for in vain on record, and the linted tree as it is: Flux watches its own reads.
    pub(super) fn misses(&self) -> Misses<'_> {
        Misses(self)
    }

    /// Remembers what is missing of what a fetch brings.
    fn noted(&self, want: Want, found: Found) -> Found {
        if matches!(found, Found::Missing { .. }) && self.workspace.checkouts.fetched().lacks(&want) {
            self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert(want);
        }
        found
    }

    fn watched(&self, found: Found) -> Found {
        match found {
            Found::Here(dir) => Found::Here(self.watch(dir)),
            Found::Instead(dir, note) => Found::Instead(self.watch(dir), note),
            missing @ Found::Missing { .. } => missing,
        }
    }
}

/// See [`Trace::misses`].
#[derive(Debug)]
pub(super) struct Misses<'t>(&'t Trace<'t>);

impl Remotes for Misses<'_> {
    fn git(&self, url: &str, revision: &str) -> Found {
        self.0.noted(Want::git(url, revision), self.0.workspace.remotes().git(url, revision))
    }

    fn chart(&self, url: &str, name: &str, version: &str) -> Found {
        let found = self.0.workspace.remotes().chart(url, name, version);
        match self.0.workspace.checkouts.chart_want(url, name, version) {
            Some(want) => self.0.noted(want, found),
            None => found,
        }
    }

    fn artifact(&self, url: &str, version: &str) -> Found {
        self.0.noted(Want::artifact(url, version), self.0.workspace.remotes().artifact(url, version))
    }

    fn file(&self, url: &str) -> Found {
        self.0.noted(Want::file(url), self.0.workspace.remotes().file(url))
    }

    fn bucket(&self, endpoint: &str, name: &str) -> Found {
        self.0.noted(Want::bucket(endpoint, name), self.0.workspace.remotes().bucket(endpoint, name))
    }
}

impl Remotes for Trace<'_> {
    fn git(&self, url: &str, revision: &str) -> Found {
        self.watched(self.misses().git(url, revision))
    }

    fn chart(&self, url: &str, name: &str, version: &str) -> Found {
        self.watched(self.misses().chart(url, name, version))
    }

    fn artifact(&self, url: &str, version: &str) -> Found {
        self.watched(self.misses().artifact(url, version))
    }

    fn file(&self, url: &str) -> Found {
        self.watched(self.misses().file(url))
    }

    fn bucket(&self, endpoint: &str, name: &str) -> Found {
        self.watched(self.misses().bucket(endpoint, name))
    }
}
