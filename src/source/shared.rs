//! A tree beside another one: what both hold is one file, so that it is parsed once and has one set of places.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::{ContentId, Entry, EntryKind, ReadError, SourceFile, Tree, TreeId, TreePath};

/// A tree whose files are those of `beside` where they hold the same bytes.
pub struct SharedTree {
    below: Arc<dyn Tree>,
    beside: Arc<dyn Tree>,
    /// What was read: bytes are compared once.
    read: RwLock<FxHashMap<TreePath, Result<Arc<SourceFile>, ReadError>>>,
}

impl SharedTree {
    /// `below`, sharing what it can with `beside`. Both register what they read in the same sources.
    pub fn new(below: Arc<dyn Tree>, beside: Arc<dyn Tree>) -> Self {
        Self { below, beside, read: RwLock::default() }
    }
}

impl fmt::Debug for SharedTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedTree({:?} beside {:?})", self.below, self.beside)
    }
}

impl SharedTree {
    fn read_once(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        let same = self.below.content(path).is_some_and(|own| self.beside.content(path) == Some(own));
        if same && let Ok(other) = self.beside.read(path) {
            return Ok(other);
        }
        let own = self.below.read(path)?;
        match self.beside.read(path) {
            Ok(other) if other.name() == own.name() && other.bytes() == own.bytes() => Ok(other),
            _ => Ok(own),
        }
    }
}

impl Tree for SharedTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        if let Some(known) = self.read.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let result = self.read_once(path);
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.entry(path.clone()).or_insert(result).clone()
    }

    fn content(&self, path: &TreePath) -> Option<ContentId> {
        self.below.content(path)
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

    fn unlisted(&self) -> Vec<(String, ReadError)> {
        self.below.unlisted()
    }

    fn id(&self, dir: &TreePath) -> TreeId {
        self.below.id(dir)
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        self.below.resolve(path)
    }
}
