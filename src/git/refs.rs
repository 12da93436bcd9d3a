//! A snapshot of the references: branches, branches of remotes, tags, and what HEAD is.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::refs::{FullName, Target};

use super::remotes::Remotes;
use super::store::words;
use super::{CommitId, GitError};

/// References may name references; git itself follows five.
const MAX_SYMREF_DEPTH: usize = 5;

/// What the work tree is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A branch; without a commit when nothing was committed to it yet.
    Branch {
        /// Its name, without `refs/heads/`.
        name: String,
        /// Its newest commit.
        commit: Option<CommitId>,
    },
    /// A commit, no branch: how continuous integration checks out.
    Detached(CommitId),
}

impl Head {
    /// The branch that is checked out.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Branch { name, .. } => Some(name),
            Self::Detached(_) => None,
        }
    }

    /// The commit that is checked out.
    pub fn commit(&self) -> Option<CommitId> {
        match self {
            Self::Branch { commit, .. } => *commit,
            Self::Detached(commit) => Some(*commit),
        }
    }
}

/// All references, read once. Ids are as stored: a tag may be a tag object that leads to a commit.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// `refs/heads/*` by short name.
    pub(super) branches: BTreeMap<String, ObjectId>,
    /// Branches of remotes as last fetched, by remote and short name: `refs/remotes/<remote>/*`.
    pub(super) tracking: BTreeMap<String, BTreeMap<String, ObjectId>>,
    /// The branch that `refs/remotes/<remote>/HEAD` names.
    pub(super) remote_heads: BTreeMap<String, String>,
    /// `refs/tags/*` by short name.
    pub(super) tags: BTreeMap<String, ObjectId>,
    /// Everything else by full name: `refs/pull/7/head`.
    pub(super) others: BTreeMap<String, ObjectId>,
    /// References that could not be read; for people.
    pub(super) broken: Vec<String>,
}

impl Refs {
    pub(super) fn read(git: &gix::Repository, remotes: &Remotes) -> Result<Self, GitError> {
        let fail = |error: gix::Error| {
            GitError::new(format!("the references of the repository cannot be read: {}", words(&error)))
        };
        let mut refs = Self::default();
        let mut ids: BTreeMap<String, ObjectId> = BTreeMap::new();
        let mut symbolic: Vec<(String, FullName)> = Vec::new();
        let platform = git.references().map_err(fail)?;
        for reference in platform.all().map_err(fail)? {
            let reference = match reference {
                Ok(reference) => reference.detach(),
                Err(error) => {
                    refs.broken.push(words(&error));
                    continue;
                }
            };
            // Argo CD and Flux name revisions in YAML, which is UTF-8: other names cannot be meant.
            let Ok(name) = std::str::from_utf8(reference.name.as_bstr()) else { continue };
            match reference.target {
                Target::Object(id) => {
                    ids.insert(name.to_owned(), id);
                }
                Target::Symbolic(target) => symbolic.push((name.to_owned(), target)),
            }
        }
        refs.take_symbolic(&mut ids, symbolic, remotes);
        for (name, id) in ids {
            refs.insert(name, id, remotes);
        }
        Ok(refs)
    }

    /// Gives symbolic references the id they lead to, and notes default branches.
    fn take_symbolic(
        &mut self,
        ids: &mut BTreeMap<String, ObjectId>,
        symbolic: Vec<(String, FullName)>,
        remotes: &Remotes,
    ) {
        let targets: BTreeMap<String, String> =
            symbolic.into_iter().map(|(name, target)| (name, target.as_bstr().to_string())).collect();
        for (name, target) in &targets {
            if let Some((remote, "HEAD")) = tracking_name(name, remotes) {
                // `origin/HEAD` may name a branch that was not fetched or is gone: still the default branch.
                if let Some((_, branch)) = tracking_name(target, remotes).filter(|(of, _)| *of == remote) {
                    self.remote_heads.insert(remote.to_owned(), branch.to_owned());
                }
                continue;
            }
            let mut at = target;
            for _ in 0..MAX_SYMREF_DEPTH {
                match (ids.get(at).copied(), targets.get(at)) {
                    (Some(id), _) => {
                        ids.insert(name.clone(), id);
                        break;
                    }
                    (None, Some(next)) => at = next,
                    (None, None) => break,
                }
            }
        }
    }

    fn insert(&mut self, name: String, id: ObjectId, remotes: &Remotes) {
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            self.branches.insert(branch.to_owned(), id);
        } else if let Some(tag) = name.strip_prefix("refs/tags/") {
            self.tags.insert(tag.to_owned(), id);
        } else if let Some((remote, branch)) = tracking_name(&name, remotes) {
            if branch != "HEAD" {
                self.tracking.entry(remote.to_owned()).or_default().insert(branch.to_owned(), id);
            }
        } else {
            self.others.insert(name, id);
        }
    }

    /// The branches of a remote as last fetched.
    pub(super) fn tracking(&self, remote: &str) -> Option<&BTreeMap<String, ObjectId>> {
        self.tracking.get(remote).filter(|branches| !branches.is_empty())
    }
}

/// `refs/remotes/origin/feature/x` is branch `feature/x` of `origin`. Only configured remotes count: continuous
/// integration stores pull requests as `refs/remotes/pull/7/merge`. Names of remotes may contain slashes, so
/// the longest one wins.
fn tracking_name<'a>(name: &'a str, remotes: &'a Remotes) -> Option<(&'a str, &'a str)> {
    let rest = name.strip_prefix("refs/remotes/")?;
    let of = |remote: &'a str| Some((remote, rest.strip_prefix(remote)?.strip_prefix('/')?));
    remotes.all.iter().filter_map(|remote| of(&remote.name)).max_by_key(|(remote, _)| remote.len())
}

/// Reads HEAD.
pub(super) fn read_head(git: &gix::Repository) -> Result<Head, GitError> {
    let fail = |error: gix::Error| GitError::new(format!("HEAD cannot be read: {}", words(&error)));
    let head = git.head().map_err(fail)?;
    match head.kind {
        gix::head::Kind::Symbolic(reference) => {
            let name = short(reference.name.as_bstr());
            let mut target = reference.target;
            for _ in 0..MAX_SYMREF_DEPTH {
                match target {
                    Target::Object(id) => return Ok(Head::Branch { name, commit: Some(CommitId(id)) }),
                    // A branch that is an alias of another.
                    Target::Symbolic(next) => {
                        target = git.find_reference(&next).map_err(fail)?.detach().target;
                    }
                }
            }
            Err(GitError::new(format!("HEAD cannot be read: branch `{name}` leads to no commit")))
        }
        gix::head::Kind::Unborn(name) => Ok(Head::Branch { name: short(name.as_bstr()), commit: None }),
        gix::head::Kind::Detached { target, .. } => Ok(Head::Detached(CommitId(target))),
    }
}

fn short(name: &gix::bstr::BStr) -> String {
    let name = name.to_string();
    name.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(name)
}
