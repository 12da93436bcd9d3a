//! A repository without a work tree, of which one commit is wanted: what was fetched into the cache.

use std::path::Path;
use std::sync::Arc;

use crate::source::{Sources, Tree, TreePath};

use super::discover::open_git_dir;
use super::store::Store;
use super::tree::{Naming, RevisionTree};
use super::{CommitId, GitError};

/// The tree of a commit of the bare repository in `git_dir`, which was fetched. `of` says in words what its files are of.
pub fn open_bare(
    git_dir: &Path,
    commit: &str,
    of: &str,
    sources: &Arc<Sources>,
) -> Result<Arc<dyn Tree>, GitError> {
    let id = gix::ObjectId::from_hex(commit.as_bytes())
        .map_err(|error| GitError::new(format!("`{commit}` is no commit: {error}")))?;
    let store = Arc::new(Store::new(open_git_dir(git_dir)?, false)?);
    let root = store.commit(CommitId(id).0)?.tree;
    let tree =
        RevisionTree::new(store, root, &TreePath::root(), Naming::Fetched(of.into()), Arc::clone(sources))?;
    Ok(Arc::new(tree))
}
