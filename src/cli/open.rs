//! Opens a repository: the tree, the configuration, git. Everything a command needs before it can start.

use std::path::Path;
use std::sync::Arc;

use crate::repo::Workspace;
use crate::rules;
use crate::source::{Sources, WorkTree};
use crate::yaml::Cache;

use super::Failure;
use super::args::CommonArgs;

/// The workspace for a path given on the command line.
pub(super) fn workspace(path: &Path, common: &CommonArgs) -> Result<Workspace, Failure> {
    let sources = Sources::new();
    let tree = WorkTree::open(path, "", Arc::clone(&sources))
        .map_err(|error| format!("cannot open `{}`: {error}", path.display()))?;
    let cache = Arc::new(Cache::new(sources));
    let (workspace, problems) = Workspace::of_tree(Arc::new(tree), cache, &rules::names());
    let _ = common;
    if problems.is_empty() { Ok(workspace) } else { Err(format!("{problems:?}")) }
}
