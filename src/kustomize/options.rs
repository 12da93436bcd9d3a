//! What a build is told beside its directory.

use std::fmt;

use smol_str::SmolStr;

use crate::helm::{self, ChartCache};
use crate::source::{NoRemotes, Remotes};
use crate::yaml::Node;

use super::flavor::Flavor;

/// Which files a kustomization may name: `--load-restrictor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadRestrictor {
    /// Files in or below the directory of the kustomization.
    #[default]
    RootOnly,
    /// Any file.
    None,
}

/// In which order resources come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reorder {
    /// By kind, as the command line of kustomize and Argo CD do unless `sortOptions` says otherwise.
    #[default]
    Legacy,
    /// As accumulated, as Flux does unless `sortOptions` says otherwise.
    None,
}

/// Settings of a build.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// `--load-restrictor`
    pub load_restrictor: LoadRestrictor,
    /// `--enable-helm`
    pub enable_helm: bool,
    /// `--enable-alpha-plugins` or `--enable-exec`: plugins may run, though not here.
    pub enable_plugins: bool,
    /// The order without `sortOptions`.
    pub reorder: Reorder,
    /// A kustomization to build instead of the one in the file: what a controller made of it, canonical (see
    /// [`Node::canonicalize`]). Only the root's; places of values that the file has lead into the file.
    pub kustomization: Option<&'a Node>,
    /// Objects that the root has beside those that its `resources` name: what Helm printed, for a post-renderer.
    pub resources: &'a [Node],
    /// Where remote bases are found on this machine.
    pub remotes: &'a dyn Remotes,
    /// Charts that were loaded before.
    pub charts: Option<&'a ChartCache>,
    /// `--helm-kube-version`: what `.Capabilities.KubeVersion` is for `helmCharts` that do not say; else Helm's
    /// own default.
    pub helm_kube_version: Option<&'a helm::ClusterVersion>,
    /// `--helm-api-versions`: what `.Capabilities.APIVersions` has in addition for `helmCharts` that do not say.
    pub helm_api_versions: &'a [SmolStr],
    /// Which kustomize is followed.
    pub flavor: Flavor,
    /// Which Helm renders `helmCharts`.
    pub helm_flavor: helm::Flavor,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            load_restrictor: LoadRestrictor::default(),
            enable_helm: false,
            enable_plugins: false,
            reorder: Reorder::default(),
            kustomization: None,
            resources: &[],
            remotes: &NoRemotes,
            charts: None,
            helm_kube_version: None,
            helm_api_versions: &[],
            flavor: Flavor::default(),
            helm_flavor: helm::Flavor::default(),
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("load_restrictor", &self.load_restrictor)
            .field("enable_helm", &self.enable_helm)
            .field("reorder", &self.reorder)
            .field("kustomization", &self.kustomization.is_some())
            .finish_non_exhaustive()
    }
}
