//! The `Tree` seam.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smol_str::SmolStr;

use super::{Answers, OverlayTree, SourceFile, TreePath};

/// What a directory entry is, after following symbolic links that stay inside of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A link that is broken or leaves the tree, a socket, a submodule: nothing that can be read.
    Other,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The name, one path component.
    pub name: SmolStr,
    /// What it is.
    pub kind: EntryKind,
    /// Reached through a symbolic link. Argo CD and `filepath.Walk` do not descend into linked directories.
    pub link: bool,
    /// Matched by an ignore file of the repository, so a clone would not have it.
    pub ignored: bool,
}

/// Why a path could not be read or listed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReadError {
    /// Nothing is there.
    NotFound,
    /// A directory where a file was expected.
    IsDir,
    /// A file where a directory was expected.
    NotDir,
    /// A symbolic link leads outside of the tree.
    Outside,
    /// The file is larger than the limit (both in bytes).
    TooLarge {
        /// Bytes in the file.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The operating system or the archive said no; its words.
    Failed(SmolStr),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such file or directory"),
            Self::IsDir => f.write_str("is a directory"),
            Self::NotDir => f.write_str("is not a directory"),
            Self::Outside => f.write_str("a symbolic link leads outside of the repository"),
            Self::TooLarge { size, limit } => {
                write!(f, "is {} MiB large, more than the limit of {} MiB", size >> 20, limit >> 20)
            }
            Self::Failed(why) => f.write_str(why),
        }
    }
}

/// Tells trees apart; see [`Tree::id`]. Nothing but whether two are equal means anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(u64);

impl TreeId {
    /// An id that no other tree of this process has.
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The name that Git gives the content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId([u8; 32]);

impl ContentId {
    /// A name of at most 32 bytes; one repository has names of one length.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut id = [0; 32];
        id.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self(id))
    }
}

/// A tree of files that can be read: the one door between the engines and any storage.
///
/// Implementations answer the same for the same path throughout a run (they cache), and register what they
/// read in [`Sources`](super::Sources).
pub trait Tree: Send + Sync + fmt::Debug {
    /// Reads a file.
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError>;

    /// Lists a directory, sorted by name (bytewise). `.git` is never listed.
    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError>;

    /// What `path` is; `None` when nothing is there.
    fn kind(&self, path: &TreePath) -> Option<EntryKind>;

    /// Every file that is not ignored, sorted by path. Does not descend into linked directories.
    fn files(&self) -> Vec<TreePath>;

    /// What a listing met and could not list, as people see its path, and why; sorted.
    fn unlisted(&self) -> Vec<(String, ReadError)> {
        Vec::new()
    }

    /// Which tree this is below `dir`: two that answer the same id are views of one tree, with the same files there.
    fn id(&self, dir: &TreePath) -> TreeId;

    /// The path that `path` leads to after following symbolic links inside of the tree.
    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        self.kind(path).map(|_| path.clone()).ok_or(ReadError::NotFound)
    }

    /// The tree that a record of questions is kept about; `None` where none is kept. What is made from that once may
    /// serve all who [`note`](Self::note) what it was made from.
    fn unwatched(&self) -> Option<Arc<dyn Tree>> {
        None
    }

    /// Puts on record what was asked earlier on behalf of this tree.
    fn note(&self, answers: &Arc<Answers>) {
        let _ = answers;
    }

    /// What a file of a repository's history holds, as far as that is known without reading it: two trees of one repository that
    /// answer the same have the same file there.
    fn content(&self, path: &TreePath) -> Option<ContentId> {
        let _ = path;
        None
    }

    /// Reads a file as it is now, whatever was read before. Only the working tree changes.
    fn reread(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        self.read(path)
    }

    /// The tree as one with other content in some files, where it is made so.
    fn as_overlay(&self) -> Option<&OverlayTree> {
        None
    }

    /// Whether `path` is a file.
    fn is_file(&self, path: &TreePath) -> bool {
        self.kind(path) == Some(EntryKind::File)
    }

    /// Whether `path` is a directory.
    fn is_dir(&self, path: &TreePath) -> bool {
        self.kind(path) == Some(EntryKind::Dir)
    }
}

/// A directory of a tree: what an engine renders.
#[derive(Debug, Clone)]
pub struct Dir {
    /// The tree.
    pub tree: Arc<dyn Tree>,
    /// The directory inside of it.
    pub path: TreePath,
}

impl Dir {
    /// The directory `path` of `tree`.
    pub fn new(tree: Arc<dyn Tree>, path: TreePath) -> Self {
        Self { tree, path }
    }

    /// Another directory of the same tree.
    #[must_use]
    pub fn at(&self, path: TreePath) -> Self {
        Self { tree: Arc::clone(&self.tree), path }
    }
}
