//! What stands at one path of the disk, links followed. Whether it may be read is for the tree to decide.

#![expect(clippy::disallowed_methods, reason = "a part of the door to the disk that the ban points to")]

use std::fs::FileType;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::{EntryKind, ReadError};

/// What stands at a path on disk.
#[derive(Debug, Clone)]
pub(super) struct Located {
    /// The path with all links followed, or why a link leads nowhere.
    pub(super) real: Result<Arc<Path>, ReadError>,
    /// What it is after following links, wherever they lead.
    pub(super) kind: EntryKind,
}

impl Located {
    /// What a directory says of an entry that is no link.
    pub(super) fn new(real: &Path, kind: FileType) -> Self {
        let kind = if kind.is_dir() {
            EntryKind::Dir
        } else if kind.is_file() {
            EntryKind::File
        } else {
            EntryKind::Other
        };
        Self { real: Ok(real.into()), kind }
    }

    /// Looks at what is called so in this directory.
    pub(super) fn child(&self, name: &str) -> Result<Self, ReadError> {
        match (&self.real, self.kind) {
            (Err(error), _) => Err(error.clone()),
            (Ok(dir), EntryKind::Dir) => Self::look(&dir.join(name)),
            (Ok(_), _) => Err(ReadError::NotDir),
        }
    }

    /// Looks at `on_disk`, whose directory has no links in its path.
    pub(super) fn look(on_disk: &Path) -> Result<Self, ReadError> {
        let metadata = std::fs::symlink_metadata(on_disk).map_err(|error| io_error(&error))?;
        if !metadata.is_symlink() {
            return Ok(Self::new(on_disk, metadata.file_type()));
        }
        let followed = std::fs::canonicalize(on_disk)
            .and_then(|real| Ok(Self::new(&real, std::fs::metadata(&real)?.file_type())))
            .map_err(|error| io_error(&error));
        Ok(followed.unwrap_or_else(|error| Self { real: Err(error), kind: EntryKind::Other }))
    }
}

/// The system's errors that readers tell apart.
pub(super) fn io_error(error: &std::io::Error) -> ReadError {
    match error.kind() {
        ErrorKind::NotFound => ReadError::NotFound,
        ErrorKind::NotADirectory => ReadError::NotDir,
        ErrorKind::IsADirectory => ReadError::IsDir,
        ErrorKind::PermissionDenied => ReadError::Failed("permission denied".into()),
        _ => ReadError::Failed(error.to_string().into()),
    }
}
