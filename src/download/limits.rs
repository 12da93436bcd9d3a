//! How much a server may send.

/// An `index.yaml`: the largest public ones have 30 MiB.
pub(super) const INDEX: u64 = 128 << 20;

/// A packed chart or artifact; unpacked it may have what [`ArchiveLimits`](crate::source::ArchiveLimits) allows.
pub(super) const ARCHIVE: u64 = 64 << 20;

/// A single file.
pub(super) const FILE: u64 = 32 << 20;

/// What a Git server sends for one commit.
pub(super) const PACK: u64 = 512 << 20;

/// Manifests, tokens, lists of tags: small JSON.
pub(super) const JSON: u64 = 4 << 20;

/// Pages of a list of tags.
pub(super) const PAGES: usize = 50;

/// Redirects that are followed, as Go does.
pub(super) const REDIRECTS: usize = 10;

/// How often a server that says "later" is asked again.
pub(super) const RETRIES: u32 = 3;

/// The longest that one answer of "later" is waited for, in seconds.
pub(super) const LONGEST_WAIT: u64 = 20;

/// The references of a Git server that lists all of them at once.
pub(super) const REFERENCES: u64 = 32 << 20;
