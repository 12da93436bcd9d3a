//! The files that git tracks.

use crate::source::TreePath;

use super::store::words;
use super::{GitError, Head, Repository};

/// The paths that git tracks, from the top of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tracked {
    /// Sorted.
    paths: Vec<TreePath>,
    /// Directories outside of a sparse checkout, whose files a sparse index does not spell out.
    sparse: Vec<TreePath>,
}

impl Tracked {
    /// The index says what the next commit will hold, so a file that was just added counts. Without an index (a
    /// clone without checkout), or with one that cannot be read, the checked out commit answers.
    pub(super) fn read(repository: &Repository) -> Result<Self, GitError> {
        match Self::from_index(repository) {
            Ok(Some(tracked)) => Ok(tracked),
            Ok(None) => Self::from_head(repository),
            Err(error) => Self::from_head(repository).map_err(|_| error),
        }
    }

    fn from_index(repository: &Repository) -> Result<Option<Self>, GitError> {
        let git = repository.store.git();
        let index = git
            .try_index()
            .map_err(|error| GitError::new(format!("the index cannot be read: {}", words(&error))))?;
        let Some(index) = index else { return Ok(None) };
        let mut tracked = Self::default();
        for entry in index.entries() {
            let Ok(path) = std::str::from_utf8(entry.path(&index)) else { continue };
            let Ok(tree_path) = TreePath::new(path) else { continue };
            let to = if path.ends_with('/') { &mut tracked.sparse } else { &mut tracked.paths };
            to.push(tree_path);
        }
        // The index sorts by bytes as well, but holds up to three entries of a path in conflict.
        tracked.paths.sort_unstable();
        tracked.paths.dedup();
        Ok(Some(tracked))
    }

    fn from_head(repository: &Repository) -> Result<Self, GitError> {
        let commit = match repository.head()? {
            Head::Branch { commit: None, .. } => return Ok(Self::default()),
            Head::Branch { commit: Some(commit), .. } | Head::Detached(commit) => *commit,
        };
        let tree = repository.store.commit(commit.0)?.tree;
        let items = repository.store.entries(tree).complete()?;
        Ok(Self { paths: items.into_iter().map(|(path, _)| path).collect(), sparse: Vec::new() })
    }

    /// Every tracked path, sorted; without those outside of a sparse checkout.
    pub fn paths(&self) -> &[TreePath] {
        &self.paths
    }

    /// Whether `path` is a tracked file. Below a directory that a sparse index does not spell out, every path is
    /// taken for one.
    pub fn has(&self, path: &TreePath) -> bool {
        self.paths.binary_search(path).is_ok() || self.sparse.iter().any(|dir| path.starts_with(dir))
    }

    /// Whether any tracked file lies below `dir` (or is it).
    pub fn any_below(&self, dir: &TreePath) -> bool {
        if dir.is_root() {
            return !self.paths.is_empty() || !self.sparse.is_empty();
        }
        // `a-b` sorts between `a` and `a/x`, so the first path below `dir` is looked for by its slash.
        let first = dir.child("");
        let at = self.paths.partition_point(|path| *path < first);
        self.paths.get(at).is_some_and(|path| path.starts_with(dir))
            || self.has(dir)
            || self.sparse.iter().any(|sparse| sparse.starts_with(dir))
    }
}
