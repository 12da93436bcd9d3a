//! The command line: what can be typed behind `render`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::args::CommonArgs;
use super::deferred::Deferred;
use super::flavors::{HelmFlavorArg, RenderKustomizeArgs};

/// What to render.
#[derive(Debug, Subcommand)]
pub(super) enum RenderCommand {
    /// An app of the repository, as Argo CD or Flux would render it
    App(Deferred<RenderAppArgs>),
    /// A kustomization, as `kustomize build` prints it
    Kustomize(Deferred<RenderKustomizeArgs>),
    /// A chart, as `helm template` prints it
    Helm(Deferred<RenderHelmArgs>),
}

/// Arguments of `render helm`, in Helm's words.
#[derive(Debug, Args)]
pub(super) struct RenderHelmArgs {
    /// The chart: a directory or a .tgz
    pub(super) chart: PathBuf,
    /// The name of the release
    #[arg(long, default_value = "release-name")]
    pub(super) release: String,
    /// The namespace of the release
    #[arg(short, long, default_value = "default")]
    pub(super) namespace: String,
    /// A values file; may be repeated, later files win
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    pub(super) values: Vec<PathBuf>,
    /// Set a value: KEY=VALUE
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    pub(super) set: Vec<String>,
    /// Set a value that is a string
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    pub(super) set_string: Vec<String>,
    /// Set a value to what a file holds
    #[arg(long, value_name = "KEY=FILE")]
    pub(super) set_file: Vec<String>,
    /// Set a value that is JSON
    #[arg(long, value_name = "KEY=JSON", allow_hyphen_values = true)]
    pub(super) set_json: Vec<String>,
    /// Set a value that is taken as it is
    #[arg(long, value_name = "KEY=TEXT", allow_hyphen_values = true)]
    pub(super) set_literal: Vec<String>,
    /// Print CRDs as well
    #[arg(long)]
    pub(super) include_crds: bool,
    #[command(flatten)]
    pub(super) output: ObjectsArgs,
    /// Leave out test hooks
    #[arg(long)]
    pub(super) skip_tests: bool,
    /// Do not check values against values.schema.json
    #[arg(long)]
    pub(super) skip_schema_validation: bool,
    /// Which Helm is followed
    #[arg(long, value_name = "VERSION", default_value = "4")]
    pub(super) flavor: HelmFlavorArg,
    /// The Kubernetes version that templates see
    #[arg(long, value_name = "VERSION")]
    pub(super) kube_version: Option<String>,
    /// An API version that templates see beside the usual ones; may be repeated
    #[arg(short, long, value_name = "GROUP/VERSION", value_delimiter = ',')]
    pub(super) api_versions: Vec<String>,
}

/// `--load-restrictor`, in kustomize's words.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LoadRestrictorArg {
    /// Files in or below the directory of the kustomization
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    /// Any file
    #[value(name = "LoadRestrictionsNone")]
    None,
}

/// Arguments of `render app`.
#[derive(Debug, Args)]
pub(super) struct RenderAppArgs {
    /// The app: its name, or the directory of an overlay or chart
    pub(super) name: String,
    /// The root of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    #[command(flatten)]
    pub(super) output: ObjectsArgs,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// How rendered objects are printed.
#[derive(Debug, Args)]
pub(super) struct ObjectsArgs {
    /// Say behind each value in which line it is written
    #[arg(long)]
    pub(super) show_origins: bool,
    /// Output format
    #[arg(long, default_value = "yaml")]
    pub(super) format: ObjectsFormat,
}

/// Formats of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ObjectsFormat {
    /// YAML
    Yaml,
    /// JSON: a List or, with --show-origins, every value with the file and line it comes from
    Json,
}
