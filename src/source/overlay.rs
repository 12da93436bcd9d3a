//! A tree with some files changed: what the counterfactual render and editors look at.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Answers, Entry, EntryKind, ReadError, SourceFile, Tree, TreeId, TreePath};

/// Another tree in which some files have other content. Only existing files can be replaced, so listings are
/// those of the tree below.
pub struct OverlayTree {
    id: TreeId,
    below: Arc<dyn Tree>,
    changed: BTreeMap<TreePath, Arc<SourceFile>>,
}

impl OverlayTree {
    /// `below`, with the content of `changed` where it names a path.
    pub fn new(below: Arc<dyn Tree>, changed: BTreeMap<TreePath, Arc<SourceFile>>) -> Self {
        Self { id: TreeId::fresh(), below, changed }
    }
}

impl fmt::Debug for OverlayTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OverlayTree({:?} over {:?})", self.changed.keys(), self.below)
    }
}

impl Tree for OverlayTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        match self.changed.get(path) {
            Some(file) => Ok(Arc::clone(file)),
            None => self.below.read(path),
        }
    }

    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError> {
        self.below.list(dir)
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        self.below.kind(path)
    }

    fn files(&self) -> Vec<TreePath> {
        self.below.files()
    }

    fn id(&self, dir: &TreePath) -> TreeId {
        let changed = self.changed.keys().any(|path| path.starts_with(dir));
        if changed { self.id } else { self.below.id(dir) }
    }

    fn unlisted(&self) -> Vec<(String, ReadError)> {
        self.below.unlisted()
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        self.below.resolve(path)
    }

    fn unwatched(&self) -> Option<Arc<dyn Tree>> {
        let below = self.below.unwatched()?;
        Some(Arc::new(Self { id: self.id, below, changed: self.changed.clone() }))
    }

    fn note(&self, answers: &Arc<Answers>) {
        self.below.note(answers);
    }
}
