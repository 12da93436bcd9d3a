//! What `gitops-lint fetch` brought to this machine, by content: archives and files by the SHA-256 of their bytes, Git
//! repositories by commit, and the names that led to them.
//!
//! Everything appears whole or not at all: it is written beside its place and renamed, so two processes may fetch at the
//! same time and a reader never sees half of anything. This module reads and writes one directory and knows nothing of
//! networks.

#![expect(clippy::disallowed_methods, reason = "the cache is a directory of its own, outside of every tree")]

mod content;
mod prune;
mod store;
mod want;

pub use content::Content;
pub(crate) use content::hex;
pub use store::{Known, Stage, Store};
pub use want::{Kind, Want};
