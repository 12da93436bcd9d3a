//! Names of commits, facts of commits, and the two ways of not getting an answer.

use std::fmt;

use gix::ObjectId;

/// The id of a commit: 40 hexadecimal digits when shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) ObjectId);

impl CommitId {
    /// The first seven digits, as Argo CD and git abbreviate.
    pub fn short(self) -> String {
        self.0.to_hex_with_len(7).to_string()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_hex())
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a commit object says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// The commits it was made from; empty for a root, and for what a shallow clone cut off.
    pub parents: Vec<CommitId>,
    /// When it was committed: seconds since 1970, as the committer's clock said.
    pub time: i64,
    /// Whether a shallow clone ends here, so that `parents` says nothing.
    pub cut_off: bool,
    /// Its root directory.
    pub(super) tree: ObjectId,
}

/// A fact that a clone may be unable to tell: it is shallow, it was told to fetch one branch, it is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// The fact.
    Known(T),
    /// Why this clone cannot tell, for people.
    Unknown(String),
}

impl<T> Answer<T> {
    /// The fact, if there is one.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Unknown(_) => None,
        }
    }

    /// The same answer about something that follows from the fact.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Known(fact) => Answer::Known(f(fact)),
            Self::Unknown(why) => Answer::Unknown(why),
        }
    }
}

impl<T> From<Result<T, GitError>> for Answer<T> {
    fn from(result: Result<T, GitError>) -> Self {
        match result {
            Ok(fact) => Self::Known(fact),
            Err(error) => Self::Unknown(error.to_string()),
        }
    }
}

/// Something in the repository that cannot be read; says what and why, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitError(pub(super) String);

impl GitError {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GitError {}
