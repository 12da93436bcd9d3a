//! Paths of the command line that need not lie in one repository: the tree is the whole disk.

use std::path::Path;
use std::sync::Arc;

use crate::source::{Dir, Sources, TreePath, WorkTree};

use super::Failure;

/// Opens a file or directory, wherever it is.
pub(super) fn open(path: &Path, sources: &Arc<Sources>) -> Result<Dir, Failure> {
    let shown = path.display();
    let real = std::fs::canonicalize(path).map_err(|error| format!("cannot open `{shown}`: {error}"))?;
    let root = real.ancestors().last().unwrap_or(Path::new("/"));
    let tree = WorkTree::unwalked(root, "/", Arc::clone(sources))
        .map_err(|error| format!("cannot open `{}`: {error}", root.display()))?;
    let inside = real.strip_prefix(root).unwrap_or(&real).to_str();
    let path = inside.and_then(|path| TreePath::new(&path.replace(std::path::MAIN_SEPARATOR, "/")).ok());
    let path = path.ok_or_else(|| format!("`{shown}` is not a path in UTF-8"))?;
    Ok(Dir::new(Arc::new(tree), path))
}
