//! A repository without a work tree, of which one commit is wanted: what was fetched into the cache.

use std::path::Path;
use std::sync::Arc;

use crate::source::{Sources, Tree, TreePath};

use super::discover::open_git_dir;
use super::store::Store;
use super::tree::RevisionTree;
use super::{CommitId, GitError};

/// The tree of a commit of the bare repository in `git_dir`. `revision` is what its files are called after.
pub fn open_bare(
    git_dir: &Path,
    commit: &str,
    revision: &str,
    sources: &Arc<Sources>,
) -> Result<Arc<dyn Tree>, GitError> {
    let id = gix::ObjectId::from_hex(commit.as_bytes())
        .map_err(|error| GitError::new(format!("`{commit}` is no commit: {error}")))?;
    let store = Arc::new(Store::new(open_git_dir(git_dir)?, false)?);
    let root = store.commit(CommitId(id).0)?.tree;
    let tree = RevisionTree::new(store, root, &TreePath::root(), revision.to_owned(), Arc::clone(sources))?;
    Ok(Arc::new(tree))
}
