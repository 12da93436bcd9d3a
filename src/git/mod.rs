//! The git repository around the linted directory: references, history, and the files at a revision.
//!
//! Reads only, never runs git, never touches the network, and looks at nothing outside of the repository: neither user
//! configuration nor environment. A clone often cannot tell what its remote has (it is shallow, it fetched one branch,
//! it is stale); then answers say so ([`Answer::Unknown`], [`Resolution::Unknown`]) instead of guessing. Broken
//! repositories give errors in words.
//!
//! Objects, references, configuration and index are read by gix; none of its types leave this module. History is walked
//! here: gix does not say when a shallow clone ends too early for an answer. This module does not know YAML, nor what an
//! Application is; of Argo CD it knows how a revision is looked up.

#[cfg(test)]
mod against_git;
mod bare;
mod changes;
mod coverage;
mod discover;
mod id;
mod parse;
mod refs;
mod remotes;
mod repository;
mod resolve;
mod store;
#[cfg(test)]
mod testing;
mod tracked;
mod tree;
mod walk;

pub use bare::open_bare;
pub use coverage::Coverage;
pub use discover::Discovery;
pub use id::{Answer, Commit, CommitId, GitError};
pub use refs::Head;
pub use remotes::Remote;
pub use repository::{DefaultBranch, Repository};
pub use resolve::Resolution;
pub use tracked::Tracked;
pub use tree::RevisionTree;
