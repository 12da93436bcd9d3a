//! Revisions of this repository, from its git objects.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::git::{Answer, Head, Repository, Resolution};
use crate::source::TreePath;

use super::remotes::{RevisionTree, Revisions};

/// Answers from a git repository.
pub struct GitRevisions {
    repository: Arc<Repository>,
    /// The directory of the repository that is linted.
    prefix: TreePath,
    known: Mutex<BTreeMap<String, Result<RevisionTree, String>>>,
}

impl fmt::Debug for GitRevisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitRevisions({})", self.repository.work_dir().display())
    }
}

impl GitRevisions {
    /// Revisions of the directory `prefix` of a repository.
    pub fn new(repository: Arc<Repository>, prefix: TreePath) -> Self {
        Self { repository, prefix, known: Mutex::default() }
    }

    /// The branches that mean the working tree: the one that is checked out, and the default branch, into which it
    /// will be merged.
    pub fn branches_here(&self) -> Vec<String> {
        let mut branches = Vec::new();
        if let Ok(Head::Branch { name, .. }) = self.repository.head() {
            branches.push(name.clone());
        }
        if let Answer::Known(branch) = self.repository.default_branch(None) {
            branches.push(branch.name().to_owned());
        }
        branches
    }

    /// What a revision resolves to.
    pub fn resolve(&self, revision: &str) -> Resolution {
        self.repository.resolve(None, revision, &crate::argocd::pick_tag)
    }

    fn find(&self, revision: &str) -> Result<RevisionTree, String> {
        match self.resolve(revision) {
            Resolution::Found(found) if found.checked_out => Ok(RevisionTree::WorkingTree),
            Resolution::Found(found) => {
                let tree = self.repository.tree_below(found.commit, revision, &self.prefix);
                tree.map(|tree| RevisionTree::Commit(tree)).map_err(|error| error.to_string())
            }
            Resolution::NotFound(why) | Resolution::Unknown(why) => Err(why),
        }
    }
}

impl Revisions for GitRevisions {
    fn tree(&self, revision: &str) -> Result<RevisionTree, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known.get(revision) {
            return answer.clone();
        }
        let answer = self.find(revision);
        known.insert(revision.to_owned(), answer.clone());
        answer
    }

    fn absent(&self, revision: &str) -> Option<String> {
        match self.resolve(revision) {
            Resolution::NotFound(why) => Some(why),
            Resolution::Found(_) | Resolution::Unknown(_) => None,
        }
    }
}
