//! Which files of the linted tree one app reads: the remotes seam with every read of that tree on record.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::source::{Dir, Found, Remotes, TracingTree, Tree, TreePath};

use super::Workspace;

/// The remotes of a workspace, watched.
#[derive(Debug)]
pub(super) struct Trace<'a> {
    workspace: &'a Workspace,
    watched: Arc<TracingTree>,
    tree: Arc<dyn Tree>,
}

impl<'a> Trace<'a> {
    /// Watches the linted tree.
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        Self::over(workspace, Arc::clone(&workspace.tree))
    }

    /// Watches a tree that stands for the linted one.
    pub(super) fn over(workspace: &'a Workspace, tree: Arc<dyn Tree>) -> Self {
        let watched = Arc::new(TracingTree::new(tree));
        Self { workspace, tree: Arc::clone(&watched) as Arc<dyn Tree>, watched }
    }

    /// The same directory, watched when it lies in the linted tree.
    pub(super) fn watch(&self, dir: Dir) -> Dir {
        let linted = std::ptr::addr_eq(Arc::as_ptr(&dir.tree), Arc::as_ptr(&self.workspace.tree));
        if linted { Dir::new(Arc::clone(&self.tree), dir.path) } else { dir }
    }

    /// The files that were read or looked for.
    pub(super) fn files(&self) -> BTreeSet<TreePath> {
        self.watched.read_paths()
    }
}

impl Trace<'_> {
    fn watched(&self, found: Found) -> Found {
        match found {
            Found::Here(dir) => Found::Here(self.watch(dir)),
            Found::Instead(dir, note) => Found::Instead(self.watch(dir), note),
            missing @ Found::Missing { .. } => missing,
        }
    }
}

impl Remotes for Trace<'_> {
    fn git(&self, url: &str, revision: &str) -> Found {
        self.watched(self.workspace.remotes().git(url, revision))
    }

    fn chart(&self, url: &str, name: &str, version: &str) -> Found {
        self.watched(self.workspace.remotes().chart(url, name, version))
    }

    fn artifact(&self, url: &str, version: &str) -> Found {
        self.watched(self.workspace.remotes().artifact(url, version))
    }

    fn file(&self, url: &str) -> Found {
        self.watched(self.workspace.remotes().file(url))
    }

    fn bucket(&self, endpoint: &str, name: &str) -> Found {
        self.watched(self.workspace.remotes().bucket(endpoint, name))
    }
}
