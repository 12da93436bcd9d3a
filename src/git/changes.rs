//! Which files differ between two revisions, or between a revision and the work tree.

use std::collections::BTreeMap;

use gix::ObjectId;
use sha1::{Digest, Sha1};

use crate::source::{EntryKind, ReadError, Tree, TreePath};

use super::store::{Item, MAX_ENTRIES, Mode, ObjectError};
use super::{CommitId, GitError, Repository, RevisionTree};

/// What happened to a file. A file that was moved is one removed and one added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content, or what it is (file, link, submodule), differs. Whether it is executable does not count.
    Modified,
}

/// A directory that both sides may have, still to be compared.
type Pair = (TreePath, Option<ObjectId>, Option<ObjectId>);

impl Repository {
    /// The files that differ between two commits, by path from the top of the repository.
    pub fn changes(&self, from: CommitId, to: CommitId) -> Result<BTreeMap<TreePath, Change>, GitError> {
        let mut changes = BTreeMap::new();
        let from = self.store.commit(from.0)?.tree;
        let to = self.store.commit(to.0)?.tree;
        let mut todo: Vec<Pair> = vec![(TreePath::root(), Some(from), Some(to))];
        let mut directories = 0;
        while let Some((dir, from, to)) = todo.pop() {
            directories += 1;
            if from != to {
                self.compare_directory(&dir, from, to, &mut todo, &mut changes)?;
            }
            if directories + changes.len() > MAX_ENTRIES {
                return Err(GitError::new("more files differ than can be listed"));
            }
        }
        Ok(changes)
    }

    fn compare_directory(
        &self,
        dir: &TreePath,
        from: Option<ObjectId>,
        to: Option<ObjectId>,
        todo: &mut Vec<Pair>,
        changes: &mut BTreeMap<TreePath, Change>,
    ) -> Result<(), GitError> {
        let listing = |id: Option<ObjectId>| id.map(|id| self.store.listing(id)).transpose();
        let (from, to) = (listing(from)?, listing(to)?);
        let mut pairs: BTreeMap<&str, (Option<&Item>, Option<&Item>)> = BTreeMap::new();
        for item in from.iter().flat_map(|listing| listing.iter()) {
            pairs.entry(&item.name).or_default().0 = Some(item);
        }
        for item in to.iter().flat_map(|listing| listing.iter()) {
            pairs.entry(&item.name).or_default().1 = Some(item);
        }
        for (name, (from, to)) in pairs {
            let directory =
                |item: Option<&Item>| item.filter(|item| item.mode == Mode::Dir).map(|item| item.id);
            let file = |item: Option<&Item>| {
                item.filter(|item| item.mode != Mode::Dir).map(|item| (item.mode, item.id))
            };
            let path = dir.child(name);
            let (from_dir, to_dir) = (directory(from), directory(to));
            if from_dir != to_dir {
                todo.push((path.clone(), from_dir, to_dir));
            }
            let change = match (file(from), file(to)) {
                (None, Some(_)) => Change::Added,
                (Some(_), None) => Change::Removed,
                (Some(from), Some(to)) if from != to => Change::Modified,
                _ => continue,
            };
            changes.insert(path, change);
        }
        Ok(())
    }

    /// The files of `work` (a work tree whose root lies at [`prefix`](Self::prefix)) that differ from those of a
    /// commit, by path in `work`. Files that an ignore file matches count only where the commit has them.
    ///
    /// Line endings that a checkout converted to CRLF are no change.
    pub fn changes_in_work_tree(
        &self,
        from: CommitId,
        work: &dyn Tree,
    ) -> Result<BTreeMap<TreePath, Change>, GitError> {
        let name = from.short();
        if self.tree(from, &name)?.kind(self.prefix()).is_none() {
            return Ok(work.files().into_iter().map(|path| (path, Change::Added)).collect());
        }
        let base = self.tree_below(from, &name, self.prefix())?;
        let before = base.items()?;
        let mut changes = BTreeMap::new();
        for path in work.files() {
            if !before.contains_key(&path) && !in_submodule(&path, &before) {
                changes.insert(path, Change::Added);
            }
        }
        for (path, item) in &before {
            if let Some(change) = self.compare_file(path, item, &base, work) {
                changes.insert(path.clone(), change);
            }
        }
        Ok(changes)
    }

    /// What happened to a path that a commit has as `item`.
    fn compare_file(
        &self,
        path: &TreePath,
        item: &Item,
        base: &RevisionTree,
        work: &dyn Tree,
    ) -> Option<Change> {
        let Some(kind) = work.kind(path) else { return Some(Change::Removed) };
        let where_now = work.resolve(path);
        let modified = |changed: bool| changed.then_some(Change::Modified);
        match (item.mode, kind) {
            (Mode::Submodule, kind) => modified(kind == EntryKind::File),
            // Checkouts on systems without links write the target into a file.
            (Mode::Link, _) if where_now.as_ref() == Ok(path) => {
                modified(self.content_differs(path, item, work))
            }
            (Mode::Link, _) => modified(where_now != base.resolve(path)),
            (_, EntryKind::Dir) => Some(Change::Removed),
            (_, EntryKind::File) if where_now.as_ref() == Ok(path) => {
                modified(self.content_differs(path, item, work))
            }
            // Reached through a directory that has become a link, the file itself is gone.
            _ if path.parent().is_some_and(|dir| work.resolve(&dir).as_ref() != Ok(&dir)) => {
                Some(Change::Removed)
            }
            _ => Some(Change::Modified),
        }
    }

    fn content_differs(&self, path: &TreePath, item: &Item, work: &dyn Tree) -> bool {
        match work.read(path) {
            Ok(file) => {
                let bytes = file.bytes();
                blob_id(bytes) != item.id
                    && !(bytes.contains(&b'\r') && blob_id(&without_carriage_returns(bytes)) == item.id)
            }
            // Too large to be read by anybody: the same size will do.
            Err(ReadError::TooLarge { size, .. }) => {
                !matches!(self.store.blob(item.id, 0), Err(ObjectError::TooLarge { size: was, .. }) if was == size)
            }
            Err(_) => true,
        }
    }
}

fn in_submodule(path: &TreePath, before: &BTreeMap<TreePath, Item>) -> bool {
    std::iter::successors(path.parent(), TreePath::parent)
        .any(|dir| before.get(&dir).is_some_and(|item| item.mode == Mode::Submodule))
}

/// The id that git gives to a file of this content.
pub(super) fn blob_id(bytes: &[u8]) -> ObjectId {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    ObjectId::Sha1(hash.finalize().into())
}

fn without_carriage_returns(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            text.push(*byte);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{File, Scratch, path};
    use crate::source::{Sources, WorkTree};

    fn changes(repository: &Repository, from: CommitId, root: &std::path::Path) -> Vec<String> {
        let work = WorkTree::open(root, "", Sources::new()).unwrap();
        let changes = repository.changes_in_work_tree(from, &work).unwrap();
        changes.into_iter().map(|(path, change)| format!("{change:?} {path}")).collect()
    }

    #[test]
    fn work_tree_against_a_commit() {
        let scratch = Scratch::new();
        let base = scratch.commit(
            &[
                ("apps/.gitignore", File::Text("*.log\n")),
                ("apps/a.yaml", File::Text("a: 1\n")),
                ("apps/b.yaml", File::Text("b: 1\n")),
                ("apps/gone.yaml", File::Text("c: 1\n")),
                ("apps/run.sh", File::Executable("true\n")),
                ("apps/kept.log", File::Text("ignored, but tracked\n")),
                ("apps/windows.yaml", File::Text("w: 1\nx: 2\n")),
                ("apps/dir", File::Text("was a file\n")),
                ("apps/sub", File::Submodule("5555555555555555555555555555555555555555")),
                ("other/a.yaml", File::Text("a: 1\n")),
            ],
            &[],
            10,
        );
        scratch.reference("refs/heads/main", base);
        for (name, text) in [
            ("apps/.gitignore", "*.log\n"),
            ("apps/a.yaml", "a: 1\n"),
            ("apps/b.yaml", "b: 2\n"),
            ("apps/run.sh", "true\n"),
            ("apps/kept.log", "ignored, but tracked\n"),
            ("apps/new.yaml", "n: 1\n"),
            ("apps/new.log", "ignored\n"),
            ("apps/windows.yaml", "w: 1\r\nx: 2\r\n"),
            ("apps/dir/now.yaml", "d: 1\n"),
            ("apps/sub/of-another.yaml", "s: 1\n"),
        ] {
            scratch.write(name, text);
        }
        let want = [
            "Modified apps/b.yaml",
            "Removed apps/dir",
            "Added apps/dir/now.yaml",
            "Removed apps/gone.yaml",
            "Added apps/new.yaml",
            "Removed other/a.yaml",
        ];
        assert_eq!(changes(&scratch.open(), base, scratch.root()), want);

        // Of a directory, in its own paths.
        let Some(below) = Repository::discover(&scratch.path("apps"), Sources::new()).found() else {
            panic!()
        };
        let want =
            ["Modified b.yaml", "Removed dir", "Added dir/now.yaml", "Removed gone.yaml", "Added new.yaml"];
        assert_eq!(changes(&below, base, &scratch.path("apps")), want);
        // A commit from before the directory.
        let earlier = scratch.commit(&[("other/a.yaml", File::Text("a: 1\n"))], &[], 5);
        let added = changes(&below, earlier, &scratch.path("apps"));
        assert!(
            added.contains(&"Added a.yaml".to_owned()) && added.iter().all(|line| line.starts_with("Added"))
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_in_the_work_tree() {
        use std::os::unix::fs::symlink;
        let scratch = Scratch::new();
        let base = scratch.commit(
            &[
                ("a.yaml", File::Text("a: 1\n")),
                ("b.yaml", File::Text("b: 1\n")),
                ("same", File::Link("a.yaml")),
                ("moved", File::Link("a.yaml")),
                ("as-text", File::Link("a.yaml")),
                ("now-file", File::Link("a.yaml")),
                ("broken", File::Link("nowhere")),
                ("now-link", File::Text("l: 1\n")),
                ("dir/x.yaml", File::Text("x: 1\n")),
            ],
            &[],
            10,
        );
        scratch.write("a.yaml", "a: 1\n");
        scratch.write("b.yaml", "b: 1\n");
        scratch.write("elsewhere/x.yaml", "x: 1\n");
        scratch.write("as-text", "a.yaml");
        scratch.write("now-file", "n: 1\n");
        for (target, link) in [
            ("a.yaml", "same"),
            ("b.yaml", "moved"),
            ("nowhere", "broken"),
            ("b.yaml", "now-link"),
            ("elsewhere", "dir"),
        ] {
            symlink(target, scratch.path(link)).unwrap();
        }
        let want = [
            "Removed dir/x.yaml",
            "Added elsewhere/x.yaml",
            "Modified moved",
            "Modified now-file",
            "Modified now-link",
        ];
        assert_eq!(changes(&scratch.open(), base, scratch.root()), want);
    }

    #[test]
    fn between_commits() {
        let scratch = Scratch::new();
        let one = scratch.commit(
            &[
                ("a", File::Text("1")),
                ("d/x", File::Text("1")),
                ("d/y", File::Text("1")),
                ("run", File::Text("1")),
                ("swap/x", File::Text("1")),
            ],
            &[],
            1,
        );
        let other = scratch.commit(
            &[
                ("a", File::Link("1")),
                ("d/x", File::Text("1")),
                ("run", File::Executable("1")),
                ("swap", File::Text("1")),
            ],
            &[one],
            2,
        );
        let want = [
            (path("a"), Change::Modified),
            (path("d/y"), Change::Removed),
            (path("swap"), Change::Added),
            (path("swap/x"), Change::Removed),
        ];
        let repository = scratch.open();
        assert_eq!(repository.changes(one, other).unwrap().into_iter().collect::<Vec<_>>(), want);
        assert_eq!(repository.changes(other, one).unwrap().len(), 4);
    }
}
