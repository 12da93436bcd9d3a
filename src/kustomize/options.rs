//! What a build is told beside its directory.

use std::fmt;

use smol_str::SmolStr;

use crate::origin::Origins;
use crate::source::{Dir, NoRemotes, Remotes};
use crate::yaml::{Cache, Node};

use super::kustomization::HelmChart;

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
    /// Renders `helmCharts`.
    pub helm: Option<&'a dyn Inflate>,
    /// What `buildMetadata: [managedByLabel]` writes behind `kustomize-`.
    pub version: &'a str,
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
            helm: None,
            version: "v5.7.1",
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
            .field("helm", &self.helm.is_some())
            .finish_non_exhaustive()
    }
}

/// A chart to render for `helmCharts`.
#[derive(Debug)]
pub struct Inflation<'a> {
    /// The chart's directory.
    pub chart: Dir,
    /// The entry of the kustomization.
    pub args: &'a HelmChart,
    /// The values that replace the chart's own, last one winning: `valuesFile` merged with `valuesInline`, then
    /// `additionalValuesFiles`.
    pub values: Vec<Node>,
    /// The release's namespace, which is the entry's own or empty.
    pub namespace: SmolStr,
}

/// What renders charts: the Helm engine, seen from here.
pub trait Inflate: Send + Sync {
    /// Renders a chart as `helm template` does. The objects keep their places; steps go into `origins`. An error is
    /// what Helm would say.
    fn inflate(
        &self,
        inflation: &Inflation<'_>,
        origins: &mut Origins,
        cache: &Cache,
    ) -> Result<Vec<Node>, String>;
}
