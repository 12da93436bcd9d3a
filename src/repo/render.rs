//! Rendering one app: the one `match` that knows all engines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::argocd;
use crate::finding::{Problem, ProblemKind};
use crate::helm;
use crate::kustomize;
use crate::origin::Origins;
use crate::source::{Dir, OverlayTree, SourceFile, TracingTree, Tree, TreePath};
use crate::yaml::Node;

use super::app::{App, Spec, Status};
use super::{Object, Workspace};

/// What an app renders to.
#[derive(Debug)]
pub struct Rendered {
    /// The objects, in the order the tool prints them.
    pub objects: Vec<Object>,
    /// What engines met.
    pub problems: Vec<Problem>,
    /// The steps that places of objects and problems refer to.
    pub origins: Origins,
    /// How far it got.
    pub status: Status,
    /// Why not all the way, for people.
    pub reason: Option<String>,
    /// Facts about Helm sources: values, overrides, reads.
    pub helm: Vec<argocd::HelmFacts>,
    /// Facts about kustomize builds: what did nothing, which files were read.
    pub kustomize: Vec<kustomize::Built>,
    /// Files of the linted tree that were read or looked for.
    pub files: BTreeSet<TreePath>,
}
