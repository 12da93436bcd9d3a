//! What a repository shows of the Flux that reads it.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::source::TreePath;

/// The source that `flux bootstrap` or the Flux operator makes of this repository: seldom written in it.
#[derive(Debug, Clone, Default)]
pub struct Bootstrap {
    /// The directory that the source begins with: the root, unless an artifact holds a part of the repository.
    pub dir: TreePath,
    /// Names of sources that are this repository for certain, since nearly all paths that are read from them exist.
    pub sources: BTreeSet<SmolStr>,
    /// Artifacts that a pipeline makes of a directory of this repository, by their URL: nearly all paths that are read from them
    /// exist there.
    pub packed: BTreeMap<String, TreePath>,
    /// Whether kustomize-controller refuses variables that nothing defines (`StrictPostBuildSubstitutions`, by default from
    /// Flux 2.9 on), where the repository shows its version or the gate.
    pub strict: Option<bool>,
    /// The minor version of Flux 2 that the repository installs, the oldest where it installs several.
    pub minor: Option<u64>,
    /// Patterns of variables that Kustomizations get from outside: by a webhook, or as the configuration says.
    pub injected: Vec<SmolStr>,
}
