//! A tree that remembers what was asked of it: which files one app reads, and which it looks for in vain.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{ContentId, Entry, EntryKind, ReadError, SourceFile, Tree, TreePath};

/// Another tree, with a record of the paths that were read.
pub struct TracingTree {
    below: Arc<dyn Tree>,
    read: Mutex<BTreeSet<TreePath>>,
}

impl TracingTree {
    /// Watches `below`.
    pub fn new(below: Arc<dyn Tree>) -> Self {
        Self { below, read: Mutex::default() }
    }

    /// The files that were read, or tried, so far.
    pub fn read_paths(&self) -> BTreeSet<TreePath> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds files that were read on behalf of this tree earlier (a chart that was loaded once and is shared).
    pub fn note(&self, paths: impl IntoIterator<Item = TreePath>) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).extend(paths);
    }
}

impl fmt::Debug for TracingTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TracingTree({:?})", self.below)
    }
}

impl Tree for TracingTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        self.below.read(path)
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

    fn content_id(&self, dir: &TreePath) -> ContentId {
        self.below.content_id(dir)
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        self.below.resolve(path)
    }
}
