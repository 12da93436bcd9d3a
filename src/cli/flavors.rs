//! `--flavor`, which generation of a tool is followed, and the arguments of `render kustomize`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::render_args::{LoadRestrictorArg, ObjectsArgs};

/// `--flavor` of `render helm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum HelmFlavorArg {
    /// What Argo CD runs
    #[value(name = "3.19")]
    Helm3,
    /// What Flux and the command line have come to
    #[value(name = "4")]
    Helm4,
}

/// `--flavor` of `render kustomize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KustomizeFlavorArg {
    /// What Argo CD up to 3.2, Flux up to 2.7 and kubectl up to 1.35 run
    #[value(name = "5.7")]
    V5_7,
    /// What came after them
    #[value(name = "5.8")]
    V5_8,
}

/// Arguments of `render kustomize`.
#[derive(Debug, Args)]
pub(super) struct RenderKustomizeArgs {
    /// The directory of the kustomization
    #[arg(default_value = ".")]
    pub(super) dir: PathBuf,
    /// Which kustomize is followed
    #[arg(long, value_name = "VERSION", default_value = "5.8")]
    pub(super) flavor: KustomizeFlavorArg,
    /// Which files a kustomization may name
    #[arg(long, value_name = "RESTRICTOR", default_value = "LoadRestrictionsRootOnly")]
    pub(super) load_restrictor: LoadRestrictorArg,
    /// Render `helmCharts`
    #[arg(long)]
    pub(super) enable_helm: bool,
    /// Let plugins be named; they do not run
    #[arg(long)]
    pub(super) enable_alpha_plugins: bool,
    #[command(flatten)]
    pub(super) output: ObjectsArgs,
}
