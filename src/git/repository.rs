//! A repository: where it is, what is checked out, what it is a clone of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::source::{Sources, TreePath};

use super::coverage::{self, Coverage};
use super::refs::{self, Refs};
use super::remotes::Remotes;
use super::store::Store;
use super::tree::{Naming, RevisionTree};
use super::{Answer, Commit, CommitId, GitError, Head, Remote, Tracked};

/// The repository that a directory belongs to. Made by [`discover`](Self::discover); may be shared by threads.
///
/// Answers are those of the moment when they were first asked for: a fetch during the run changes nothing.
pub struct Repository {
    pub(super) store: Arc<Store>,
    pub(super) remotes: Remotes,
    work_dir: PathBuf,
    prefix: TreePath,
    sources: Arc<Sources>,
    refs: OnceLock<Result<Refs, GitError>>,
    head: OnceLock<Result<Head, GitError>>,
    tracked: OnceLock<Result<Arc<Tracked>, GitError>>,
    trees: Mutex<BTreeMap<(CommitId, String, TreePath), Arc<RevisionTree>>>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repository({}, {})", self.work_dir.display(), self.prefix)
    }
}

/// The default branch of a remote: what `targetRevision: HEAD` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultBranch {
    /// The clone recorded it.
    Recorded(String),
    /// It was not recorded; this is the only candidate among the usual names.
    Assumed(String),
}

impl DefaultBranch {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Recorded(name) | Self::Assumed(name) => name,
        }
    }
}

impl Repository {
    pub(super) fn new(
        store: Store,
        remotes: Remotes,
        work_dir: PathBuf,
        prefix: TreePath,
        sources: Arc<Sources>,
    ) -> Self {
        Self {
            store: Arc::new(store),
            remotes,
            work_dir,
            prefix,
            sources,
            refs: OnceLock::new(),
            head: OnceLock::new(),
            tracked: OnceLock::new(),
            trees: Mutex::default(),
        }
    }

    /// The top directory of the work tree, with all links followed.
    pub fn work_dir(&self) -> &Path {
        &self.work_dir
    }

    /// Where the directory given to [`discover`](Self::discover) lies in the work tree; the root when it is the
    /// top directory.
    pub fn prefix(&self) -> &TreePath {
        &self.prefix
    }

    /// The configured remotes, by name.
    pub fn remotes(&self) -> &[Remote] {
        &self.remotes.all
    }

    /// The remote that stands for the published repository where nothing says which: the only one, `origin`, or
    /// the one that the checked out branch pulls from.
    pub fn upstream(&self) -> Option<&Remote> {
        self.remotes.upstream(self.head().ok().and_then(|head| head.branch()))
    }

    /// The remote `name`, or [`upstream`](Self::upstream).
    pub(super) fn remote_or_upstream(&self, name: Option<&str>) -> Option<&Remote> {
        match name {
            Some(name) => self.remotes.get(name),
            None => self.upstream(),
        }
    }

    /// What is checked out.
    pub fn head(&self) -> Result<&Head, GitError> {
        let head = self.head.get_or_init(|| refs::read_head(&self.store.git()));
        head.as_ref().map_err(Clone::clone)
    }

    pub(super) fn refs(&self) -> Result<&Refs, GitError> {
        let refs = self.refs.get_or_init(|| Refs::read(&self.store.git(), &self.remotes));
        refs.as_ref().map_err(Clone::clone)
    }

    /// Whether history is cut off (`git clone --depth`).
    pub fn is_shallow(&self) -> bool {
        self.store.is_shallow()
    }

    /// Whether objects may be missing (`git clone --filter`).
    pub fn is_partial(&self) -> bool {
        self.store.is_partial()
    }

    /// The branches by name with their newest commits: those of `remote` as last fetched, or without a remote the
    /// local ones.
    pub fn branches(&self, remote: Option<&str>) -> Result<Vec<(&str, CommitId)>, GitError> {
        let refs = self.refs()?;
        let branches = match remote {
            Some(remote) => refs.tracking(remote),
            None => Some(&refs.branches),
        };
        let branches = branches.into_iter().flatten();
        Ok(branches.map(|(name, id)| (name.as_str(), CommitId(*id))).collect())
    }

    /// The names of all tags, sorted bytewise.
    pub fn tags(&self) -> Result<Vec<&str>, GitError> {
        Ok(self.refs()?.tags.keys().map(String::as_str).collect())
    }

    /// References that cannot be read, for people; empty in a healthy repository.
    pub fn broken_references(&self) -> Result<&[String], GitError> {
        Ok(&self.refs()?.broken)
    }

    /// Whether this clone knows all branches of a remote (`None`: of [`upstream`](Self::upstream)).
    pub fn branch_coverage(&self, remote: Option<&str>) -> Coverage {
        self.coverage(remote, coverage::of_branches)
    }

    /// Whether this clone knows all tags of a remote (`None`: of [`upstream`](Self::upstream)).
    pub fn tag_coverage(&self, remote: Option<&str>) -> Coverage {
        self.coverage(remote, coverage::of_tags)
    }

    fn coverage(&self, remote: Option<&str>, of: fn(&Refs, Option<&Remote>, bool) -> Coverage) -> Coverage {
        match self.refs() {
            Ok(refs) if !refs.broken.is_empty() => Coverage::Partial(format!(
                "some references of this clone cannot be read: {}",
                refs.broken.join("; ")
            )),
            Ok(refs) => of(refs, self.remote_or_upstream(remote), self.is_shallow()),
            Err(error) => Coverage::Partial(error.to_string()),
        }
    }

    /// The default branch of a remote (`None`: of [`upstream`](Self::upstream); in a repository without remotes:
    /// of itself).
    pub fn default_branch(&self, remote: Option<&str>) -> Answer<DefaultBranch> {
        let refs = match self.refs() {
            Ok(refs) => refs,
            Err(error) => return Answer::Unknown(error.to_string()),
        };
        let remote = self.remote_or_upstream(remote);
        let branches = match remote {
            Some(remote) => {
                if let Some(name) = refs.remote_heads.get(&remote.name) {
                    return Answer::Known(DefaultBranch::Recorded(name.clone()));
                }
                // Where nothing was fetched, the branches made here are what will be published.
                refs.tracking(&remote.name).or(Some(&refs.branches))
            }
            None => Some(&refs.branches),
        };
        let has = |name: &str| branches.is_some_and(|branches| branches.contains_key(name));
        match (has("main"), has("master")) {
            (true, false) => Answer::Known(DefaultBranch::Assumed("main".to_owned())),
            (false, true) => Answer::Known(DefaultBranch::Assumed("master".to_owned())),
            (true, true) => Answer::Unknown(
                "this clone did not record the default branch, and there are both `main` and `master`"
                    .to_owned(),
            ),
            (false, false) => Answer::Unknown(
                "this clone did not record the default branch, and has neither `main` nor `master`"
                    .to_owned(),
            ),
        }
    }

    /// Facts of a commit.
    pub fn commit(&self, id: CommitId) -> Result<Arc<Commit>, GitError> {
        self.store.commit(id.0)
    }

    /// The files at a commit, from the top of the repository. `revision` is what users call it: files are named
    /// `path@revision` in messages. The same commit under the same name gives the same tree.
    pub fn tree(&self, commit: CommitId, revision: &str) -> Result<Arc<RevisionTree>, GitError> {
        self.tree_below(commit, revision, &TreePath::root())
    }

    /// The files at a commit below a directory, which becomes the root of the tree: with
    /// [`prefix`](Self::prefix) it has the paths of the work tree that is linted.
    pub fn tree_below(
        &self,
        commit: CommitId,
        revision: &str,
        directory: &TreePath,
    ) -> Result<Arc<RevisionTree>, GitError> {
        let key = (commit, revision.to_owned(), directory.clone());
        // Held while the tree is made, which reads only a few directories: two threads must not make two.
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = trees.get(&key) {
            return Ok(Arc::clone(known));
        }
        let root = self.store.commit(commit.0)?.tree;
        let tree = RevisionTree::new(
            Arc::clone(&self.store),
            root,
            directory,
            Naming::of(revision),
            Arc::clone(&self.sources),
        )?;
        let tree = Arc::new(tree);
        trees.insert(key, Arc::clone(&tree));
        Ok(tree)
    }

    /// The files that git tracks: those of the index or, where there is none, of the checked out commit.
    pub fn tracked(&self) -> Result<Arc<Tracked>, GitError> {
        self.tracked.get_or_init(|| Tracked::read(self).map(Arc::new)).clone()
    }
}
