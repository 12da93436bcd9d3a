//! Opens the two sides of a change: revisions and the working tree, or two directories.

use std::path::Path;
use std::sync::Arc;

use crate::git::{Answer, CommitId, Discovery, Head, Repository};
use crate::repo::Workspace;
use crate::source::{MemoryTree, SharedTree, Sources, Tree, WorkTree};
use crate::yaml::Cache;

use super::Failure;
use super::args::CommonArgs;
use super::open::{assemble, beside, configuration, lock, work_tree};

/// Two workspaces that share their sources.
pub(super) struct Sides {
    /// How it was.
    pub(super) base: Workspace,
    /// How it is.
    pub(super) head: Workspace,
    /// What the sides are called.
    pub(super) names: [String; 2],
}

/// Two directories, each under its own configuration.
pub(super) fn of_directories(base: &Path, head: &Path, common: &CommonArgs) -> Result<Sides, Failure> {
    let sources = Sources::new();
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let open = |path: &Path, beside: Option<&Arc<dyn Tree>>| {
        let repository = Repository::discover(path, Arc::clone(&sources)).found().map(Arc::new);
        let mut tree = work_tree(path, repository.as_deref(), &sources)?;
        if let Some(beside) = beside {
            tree = Arc::new(SharedTree::new(tree, Arc::clone(beside)));
        }
        let config = configuration(path, common, &tree, &cache)?;
        let lock = lock(tree.as_ref(), &cache)?;
        let cache_dir = common.cache_dir.as_deref();
        assemble(path, tree, Arc::clone(&cache), config, repository, (lock, cache_dir))
    };
    let new = open(head, None)?;
    let old = open(base, Some(&new.tree))?;
    let names = [base, head].map(|path| path.display().to_string());
    Ok(Sides { base: old, head: new, names })
}

/// Revisions of the repository at `root`, both under the configuration of the working tree. Without `base` it is where
/// this branch left the default branch; with one alone, where this branch left that; without `head` it is the working tree.
pub(super) fn of_revisions(
    root: &Path,
    base: Option<&str>,
    head: Option<&str>,
    common: &CommonArgs,
) -> Result<Sides, Failure> {
    let sources = Sources::new();
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let repository = match Repository::discover(root, Arc::clone(&sources)) {
        Discovery::Found(repository) => Arc::new(*repository),
        _ => {
            return Err(format!(
                "`{}` is in no git repository: name two directories, or a directory in one with --repo",
                root.display()
            ));
        }
    };
    let unwalked = WorkTree::unwalked(root, "", Arc::clone(&sources));
    let here: Arc<dyn Tree> =
        Arc::new(unwalked.map_err(|error| format!("cannot open `{}`: {error}", root.display()))?);
    let config = configuration(root, common, &here, &cache)?;
    let new_commit = match head {
        Some(revision) => Some(commit(&repository, revision)?),
        None => repository.head().ok().and_then(Head::commit),
    };
    let (old_commit, old_name) = match (base, new_commit) {
        (Some(revision), new) => {
            let there = commit(&repository, revision)?;
            (Some(fork(&repository, new, there)), revision.to_owned())
        }
        (None, None) => (None, "nothing".to_owned()),
        (None, Some(new)) => {
            let (name, there) = default_branch(&repository)?;
            (Some(fork(&repository, Some(new), there)), name)
        }
    };
    let at = |commit: CommitId| -> Result<Arc<dyn Tree>, Failure> {
        let tree = repository.tree_below(commit, "", repository.prefix());
        Ok(tree.map_err(|error| format!("cannot look at {}: {error}", commit.short()))?)
    };
    let new_tree = match (head, new_commit) {
        (Some(_), Some(commit)) => at(commit)?,
        _ => work_tree(root, Some(&repository), &sources)?,
    };
    let old_tree: Arc<dyn Tree> = match old_commit {
        Some(commit) => at(commit)?,
        None => Arc::new(MemoryTree::new()),
    };
    let described = |name: &str, commit: Option<CommitId>| match commit {
        Some(commit) => format!("{name} ({})", commit.short()),
        None => name.to_owned(),
    };
    let new_name = match head {
        Some(revision) => described(revision, new_commit),
        None => "the working tree".to_owned(),
    };
    let names = [described(&old_name, old_commit), new_name];
    let lock = (lock(new_tree.as_ref(), &cache)?, common.cache_dir.as_deref());
    let head = assemble(root, new_tree, cache, config, Some(repository), lock)?;
    Ok(Sides { base: beside(&head, old_tree, common)?, head, names })
}

fn commit(repository: &Repository, revision: &str) -> Result<CommitId, Failure> {
    repository.parse(revision).map_err(|error| {
        format!(
            "cannot look at `{revision}`: {error}; a shallow clone may not have it: fetch it, or clone with more depth"
        )
    })
}

/// Where `new` left the history of `there`; `there` itself where that cannot be told.
fn fork(repository: &Repository, new: Option<CommitId>, there: CommitId) -> CommitId {
    new.and_then(|new| repository.merge_base(new, there).known().flatten()).unwrap_or(there)
}

/// The default branch as the clone knows it: of the remote, else its own.
fn default_branch(repository: &Repository) -> Result<(String, CommitId), Failure> {
    let branch = match repository.default_branch(None) {
        Answer::Known(branch) => branch.name().to_owned(),
        Answer::Unknown(why) => {
            return Err(format!("which branch is the base? {why}: name it, `gitops-lint diff BASE`"));
        }
    };
    let remote = repository.upstream().map(|remote| format!("{}/{branch}", remote.name));
    for name in remote.into_iter().chain([branch.clone()]) {
        if let Ok(commit) = repository.parse(&name) {
            return Ok((name, commit));
        }
    }
    Err(format!("this clone has no branch `{branch}`: fetch it, or name the base, `gitops-lint diff BASE`"))
}
