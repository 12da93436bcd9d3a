//! A tree with some files changed: what the counterfactual render and editors look at.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Answers, Entry, EntryKind, ReadError, SourceFile, Tree, TreeId, TreePath};

/// Another tree in which some files have other content, and some are new.
pub struct OverlayTree {
    id: TreeId,
    below: Arc<dyn Tree>,
    changed: BTreeMap<TreePath, Arc<SourceFile>>,
    /// Those of them that the tree below does not have.
    added: Vec<TreePath>,
}

impl OverlayTree {
    /// `below`, with the content of `changed` where it names a path.
    pub fn new(below: Arc<dyn Tree>, changed: BTreeMap<TreePath, Arc<SourceFile>>) -> Self {
        let added = changed.keys().filter(|path| below.kind(path).is_none()).cloned().collect();
        Self { id: TreeId::fresh(), below, changed, added }
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
        let known = self.below.list(dir);
        let mut more = self.added.iter().filter_map(|path| first_below(path, dir)).peekable();
        if more.peek().is_none() {
            return known;
        }
        let mut entries = match known {
            Err(ReadError::NotFound) => Vec::new(),
            known => known?,
        };
        for (name, kind) in more {
            if let Err(at) = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)) {
                entries.insert(at, Entry { name: name.into(), kind, link: false, ignored: false });
            }
        }
        Ok(entries)
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        let is_dir = |it: &TreePath| it.starts_with(path);
        let added = || match self.added.iter().find(|it| is_dir(it))? {
            it if it == path => Some(EntryKind::File),
            _ => Some(EntryKind::Dir),
        };
        self.below.kind(path).or_else(added)
    }

    fn files(&self) -> Vec<TreePath> {
        let mut files = self.below.files();
        if !self.added.is_empty() {
            files.extend(self.added.iter().cloned());
            files.sort_unstable();
        }
        files
    }

    fn id(&self, dir: &TreePath) -> TreeId {
        let changed = self.changed.keys().any(|path| path.starts_with(dir));
        if changed { self.id } else { self.below.id(dir) }
    }

    fn unlisted(&self) -> Vec<(String, ReadError)> {
        self.below.unlisted()
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        match self.below.resolve(path) {
            Err(ReadError::NotFound) if self.kind(path).is_some() => Ok(path.clone()),
            resolved => resolved,
        }
    }

    fn unwatched(&self) -> Option<Arc<dyn Tree>> {
        let below = self.below.unwatched()?;
        Some(Arc::new(Self { id: self.id, below, changed: self.changed.clone(), added: self.added.clone() }))
    }

    fn note(&self, answers: &Arc<Answers>) {
        self.below.note(answers);
    }

    fn as_overlay(&self) -> Option<&OverlayTree> {
        Some(self)
    }
}

/// The files that have other content in one of two trees; `None` where they may differ in more than that.
pub fn changed_between(a: &dyn Tree, b: &dyn Tree) -> Option<Vec<TreePath>> {
    let none = BTreeMap::new();
    let root = TreePath::root();
    let parts = |tree: &'_ dyn Tree| match tree.as_overlay() {
        Some(overlay) => overlay.added.is_empty().then(|| overlay.below.id(&root)),
        None => Some(tree.id(&root)),
    };
    if parts(a)? != parts(b)? {
        return None;
    }
    let one = a.as_overlay().map_or(&none, |overlay| &overlay.changed);
    let other = b.as_overlay().map_or(&none, |overlay| &overlay.changed);
    let id = |files: &BTreeMap<TreePath, Arc<SourceFile>>, path| files.get(path).map(|file| file.id());
    let mut changed: Vec<TreePath> =
        one.keys().chain(other.keys()).filter(|path| id(one, path) != id(other, path)).cloned().collect();
    changed.sort_unstable();
    changed.dedup();
    Some(changed)
}

/// The name through which `path` is reached from `dir`, and what that is.
fn first_below<'p>(path: &'p TreePath, dir: &TreePath) -> Option<(&'p str, EntryKind)> {
    let rest = path.strip_prefix(dir).filter(|rest| !rest.is_empty())?;
    Some(rest.split_once('/').map_or((rest, EntryKind::File), |(name, _)| (name, EntryKind::Dir)))
}

#[cfg(test)]
mod tests {
    use super::super::{MemoryTree, Sources};
    use super::*;

    #[test]
    fn states_differ_in_what_was_changed() {
        let sources = Sources::new();
        let below: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, [("a", "x"), ("b", "x"), ("c", "x")]));
        let over = |files: &[(&str, &Arc<SourceFile>)]| {
            let changed = files.iter().map(|(path, file)| (TreePath::new(path).unwrap(), Arc::clone(file)));
            OverlayTree::new(Arc::clone(&below), changed.collect())
        };
        let (one, two) = (sources.add("a", b"y".to_vec()), sources.add("b", b"y".to_vec()));
        let changed = |a: &dyn Tree, b: &dyn Tree| {
            changed_between(a, b).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        let (first, second) = (over(&[("a", &one)]), over(&[("a", &one), ("b", &two)]));
        assert_eq!(changed(&first, &second).as_deref(), Some("b"));
        assert_eq!(changed(below.as_ref(), &second).as_deref(), Some("a b"));
        assert_eq!(changed(&second, &second).as_deref(), Some(""));
        // A new file changes listings, and another tree everything.
        assert_eq!(changed(&first, &over(&[("d", &two)])), None);
        assert_eq!(changed(&first, &MemoryTree::of(&sources, [("a", "x")])), None);
    }

    #[test]
    fn new_files_are_listed() {
        let sources = Sources::new();
        let below: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, [("a/b.yaml", "x"), ("z.yaml", "x")]));
        let path = |path: &str| TreePath::new(path).unwrap();
        let file = |name: &str| (path(name), sources.add(name, b"y".to_vec()));
        let tree = OverlayTree::new(below, ["a/a.yaml", "a/b.yaml", "n/m/o.yaml"].map(file).into());
        let names = |dir: &str| -> Vec<(String, EntryKind)> {
            tree.list(&path(dir)).unwrap().iter().map(|it| (it.name.to_string(), it.kind)).collect()
        };
        let (file, dir) = (EntryKind::File, EntryKind::Dir);
        assert_eq!(names("."), [("a".into(), dir), ("n".into(), dir), ("z.yaml".into(), file)]);
        assert_eq!(names("a"), [("a.yaml".into(), file), ("b.yaml".into(), file)]);
        assert_eq!(names("n"), [("m".into(), dir)]);
        let files: Vec<String> = tree.files().iter().map(|it| it.as_str().to_owned()).collect();
        assert_eq!(files, ["a/a.yaml", "a/b.yaml", "n/m/o.yaml", "z.yaml"]);
        assert_eq!((tree.kind(&path("n/m")), tree.kind(&path("n/m/o.yaml"))), (Some(dir), Some(file)));
        assert_eq!(tree.resolve(&path("n/m/o.yaml")), Ok(path("n/m/o.yaml")));
        assert_eq!(tree.list(&path("none")), Err(ReadError::NotFound));
        assert_eq!(tree.kind(&path("none")), None);
    }
}
