//! A tree in which some paths are as another tree has them: what a change would be without a part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::{Entry, EntryKind, ReadError, SourceFile, Tree, TreeId, TreePath};

/// `head`, in which some files are as `base` has them: with another content, there again, or gone.
pub struct RevertedTree {
    id: TreeId,
    head: Arc<dyn Tree>,
    base: Arc<dyn Tree>,
    paths: BTreeSet<TreePath>,
}

impl RevertedTree {
    /// `head` with the files of `paths` taken from `base`. Both register what they read in the same sources.
    pub fn new(head: Arc<dyn Tree>, base: Arc<dyn Tree>, paths: BTreeSet<TreePath>) -> Self {
        Self { id: TreeId::fresh(), head, base, paths }
    }

    /// Files that are there again, below a directory.
    fn back<'a>(&'a self, dir: &'a TreePath) -> impl Iterator<Item = &'a TreePath> {
        self.paths.iter().filter(move |path| path.starts_with(dir) && self.base.is_file(path))
    }
}

impl fmt::Debug for RevertedTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevertedTree({:?} of {:?} in {:?})", self.paths, self.base, self.head)
    }
}

impl Tree for RevertedTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        if self.paths.contains(path) { self.base.read(path) } else { self.head.read(path) }
    }

    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError> {
        let mut entries: BTreeMap<_, Entry> = match self.head.list(dir) {
            Ok(entries) => entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect(),
            Err(_) if self.kind(dir) == Some(EntryKind::Dir) => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        entries.retain(|name, _| !self.paths.contains(&dir.child(name)));
        for path in self.back(dir) {
            let rest = path.relative_to(dir);
            let (name, kind) = match rest.split_once('/') {
                Some((name, _)) => (name, EntryKind::Dir),
                None => (rest.as_str(), EntryKind::File),
            };
            let entry = Entry { name: name.into(), kind, link: false, ignored: false };
            entries.entry(name.into()).or_insert(entry);
        }
        Ok(entries.into_values().collect())
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        if self.paths.contains(path) {
            return self.base.kind(path);
        }
        self.head.kind(path).or_else(|| self.back(path).next().map(|_| EntryKind::Dir))
    }

    fn files(&self) -> Vec<TreePath> {
        let mut files: BTreeSet<TreePath> = self.head.files().into_iter().collect();
        files.retain(|path| !self.paths.contains(path));
        files.extend(self.back(&TreePath::root()).cloned());
        files.into_iter().collect()
    }

    fn id(&self, dir: &TreePath) -> TreeId {
        let differs = self.paths.iter().any(|path| path.starts_with(dir));
        if differs { self.id } else { self.head.id(dir) }
    }

    fn unlisted(&self) -> Vec<(String, ReadError)> {
        self.head.unlisted()
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        if self.paths.contains(path) { self.base.resolve(path) } else { self.head.resolve(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemoryTree, Sources};

    #[test]
    fn a_part_is_as_it_was() {
        let sources = Sources::new();
        let base = MemoryTree::of(&sources, [("a/x", "1"), ("a/y", "2"), ("gone/deep/z", "3")]);
        let head = MemoryTree::of(&sources, [("a/x", "9"), ("a/y", "8"), ("a/new", "7")]);
        let path = |text: &str| TreePath::new(text).unwrap();
        let paths = ["a/x", "a/new", "gone/deep/z"].map(path).into();
        let tree = RevertedTree::new(Arc::new(head), Arc::new(base), paths);
        let text = |at: &str| tree.read(&path(at)).map(|file| file.text_or_empty().to_owned());
        assert_eq!(text("a/x").unwrap(), "1");
        assert_eq!(text("a/y").unwrap(), "8");
        assert_eq!(text("a/new"), Err(ReadError::NotFound));
        assert_eq!(text("gone/deep/z").unwrap(), "3");
        assert_eq!(tree.files(), ["a/x", "a/y", "gone/deep/z"].map(path));
        let names = |at: &TreePath| -> Vec<String> {
            tree.list(at).unwrap().iter().map(|entry| entry.name.to_string()).collect()
        };
        assert_eq!(names(&TreePath::root()), ["a", "gone"]);
        assert_eq!(names(&path("a")), ["x", "y"]);
        assert_eq!(names(&path("gone")), ["deep"]);
        assert!(tree.is_dir(&path("gone/deep")) && tree.is_file(&path("gone/deep/z")));
        assert_eq!(tree.kind(&path("a/new")), None);
    }
}
