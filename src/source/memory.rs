//! A tree held in memory: examples of rule pages, unpacked archives, generated benches.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use super::{Entry, EntryKind, ReadError, SourceFile, Sources, Tree, TreeId, TreePath};

/// Files in memory. Build with [`insert`](Self::insert), then share as a [`Tree`].
pub struct MemoryTree {
    id: TreeId,
    files: BTreeMap<TreePath, Arc<SourceFile>>,
    dirs: BTreeMap<TreePath, BTreeSet<SmolStr>>,
}

impl fmt::Debug for MemoryTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryTree({} files)", self.files.len())
    }
}

impl Default for MemoryTree {
    fn default() -> Self {
        Self { id: TreeId::fresh(), files: BTreeMap::new(), dirs: BTreeMap::new() }
    }
}

impl MemoryTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of `(path, content)` pairs, registered under their paths. Paths that leave the tree are dropped.
    pub fn of<'a>(sources: &Sources, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut tree = Self::new();
        for (path, text) in files {
            if let Ok(path) = TreePath::new(path) {
                let file = sources.add(path.as_str(), text.as_bytes().to_vec());
                tree.insert(path, file);
            }
        }
        tree
    }

    /// Puts a file at a path, replacing what was there.
    pub fn insert(&mut self, path: TreePath, file: Arc<SourceFile>) {
        let mut name = SmolStr::new(path.file_name());
        let mut dir = path.parent();
        while let Some(at) = dir {
            let fresh = self.dirs.entry(at.clone()).or_default().insert(name);
            if !fresh {
                break;
            }
            name = SmolStr::new(at.file_name());
            dir = at.parent();
        }
        self.files.insert(path, file);
    }
}

impl Tree for MemoryTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        match self.files.get(path) {
            Some(file) => Ok(Arc::clone(file)),
            None if self.dirs.contains_key(path) => Err(ReadError::IsDir),
            None => Err(ReadError::NotFound),
        }
    }

    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError> {
        let Some(names) = self.dirs.get(dir) else {
            return Err(if self.files.contains_key(dir) { ReadError::NotDir } else { ReadError::NotFound });
        };
        let entry = |name: &SmolStr| {
            let kind =
                if self.files.contains_key(&dir.child(name)) { EntryKind::File } else { EntryKind::Dir };
            Entry { name: name.clone(), kind, link: false, ignored: false }
        };
        Ok(names.iter().map(entry).collect())
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        if self.files.contains_key(path) {
            Some(EntryKind::File)
        } else if path.is_root() || self.dirs.contains_key(path) {
            Some(EntryKind::Dir)
        } else {
            None
        }
    }

    fn files(&self) -> Vec<TreePath> {
        self.files.keys().cloned().collect()
    }

    fn id(&self, _: &TreePath) -> TreeId {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_what_was_inserted() {
        let sources = Sources::new();
        let tree = MemoryTree::of(&sources, [("a/b/c.yaml", "x"), ("a/d.yaml", "y"), ("e.yaml", "z")]);
        let names = |dir: &str| -> Vec<String> {
            tree.list(&TreePath::new(dir).unwrap())
                .unwrap()
                .iter()
                .map(|entry| entry.name.to_string())
                .collect()
        };
        assert_eq!(names(""), ["a", "e.yaml"]);
        assert_eq!(names("a"), ["b", "d.yaml"]);
        assert_eq!(names("a/b"), ["c.yaml"]);
        assert!(tree.is_dir(&TreePath::new("a/b").unwrap()));
        assert_eq!(tree.read(&TreePath::new("a").unwrap()).unwrap_err(), ReadError::IsDir);
        assert_eq!(tree.list(&TreePath::new("e.yaml").unwrap()).unwrap_err(), ReadError::NotDir);
    }
}
