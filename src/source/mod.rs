//! Where bytes come from: trees of files, the files read from them, and spans into those files.
//!
//! A [`Tree`] is anything that answers `read(path)` and `list(dir)`: the working tree, a git revision, a
//! chart archive, an edited copy. Engines read through a `Tree` and never touch the disk, which is what
//! makes rendering at a `targetRevision`, rendering of vendored archives and the counterfactual render
//! ("this app without that line") one mechanism instead of three.
//!
//! This module knows files and lines. It does not know YAML.

mod archive;
mod encoding;
mod facts;
mod file;
mod home;
mod limits;
mod located;
mod memory;
mod overlay;
mod path;
mod remotes;
mod repo_url;
mod reverted;
mod shared;
mod told;
mod tracing;
mod tree;
mod work_tree;

pub use archive::{ArchiveLimits, open_archive};
pub use facts::Facts;
pub use file::{FileId, Position, SourceFile, Sources, Span};
pub use home::Home;
pub use limits::{MAX_FACTOR, relax, relaxed, relaxed_len};
pub use memory::MemoryTree;
pub use overlay::{OverlayTree, changed_between};
pub use path::TreePath;
pub use remotes::{Found, NoRemotes, Remotes};
pub use repo_url::{normalize_git_url, repository_key};
pub use reverted::RevertedTree;
pub use shared::SharedTree;
pub use told::{is_script, is_told};
pub use tracing::{Answers, TracingTree, Verified};
pub use tree::{ContentId, Dir, Entry, EntryKind, ReadError, Tree, TreeId};
pub use work_tree::{MAX_FILE_BYTES, WorkTree};
