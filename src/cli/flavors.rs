//! `--flavor`: which generation of a tool is followed.

use clap::ValueEnum;

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
