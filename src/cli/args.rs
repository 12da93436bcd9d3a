//! The command line: what can be typed. What it means is in the sibling modules.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Level;
use crate::finding::{Confidence, Severity};
use crate::report::Format;

use super::deferred::Deferred;
use super::fetch_args::{CacheCommand, FetchArgs};
use super::flavors::{HelmFlavorArg, RenderKustomizeArgs};

/// Below the short help.
const AFTER_HELP: &str = "--help shows examples and exit codes.";

/// Below the long help.
const AFTER_LONG_HELP: &str = "\
Examples:
  gitops-lint                               lint the repository that you are in
  gitops-lint --preset strict clusters/     one directory, with good advice on top
  gitops-lint --changed apps/web.yaml       only what this file touches; no file: what differs from HEAD
  gitops-lint --base origin/main            only what a branch adds
  gitops-lint --write-baseline              live with what is there, and see what is new from now on:
  gitops-lint --baseline .gitops-lint-baseline.json
  gitops-lint --format sarif=lint.sarif --format pretty
  gitops-lint fetch                         bring charts and repositories that are not on this machine
  gitops-lint explain missing-secret        why a rule exists, and what to do
  gitops-lint init                          write a commented .gitops-lint.yaml

A finding is suppressed where it is caused, in a manifest, a values file, a patch or a template:
  targetRevision: stage1  # gitops-lint: ignore[stale-target-revision] until 2027-01-31: release freeze

Exit codes:
  0  nothing at or above --fail-on
  1  findings at or above --fail-on
  2  the tool could not do its job: unknown flags, a broken configuration, an unreadable path

Environment: NO_COLOR, CLICOLOR_FORCE, GITOPS_LINT_TODAY (like --today), GITOPS_LINT_CACHE (like --cache-dir),
RAYON_NUM_THREADS.";

/// Renders what Argo CD or Flux would apply, offline, and points every problem at the line somebody wrote.
#[derive(Debug, Parser)]
#[command(
    name = "gitops-lint",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
    after_help = AFTER_HELP,
    after_long_help = AFTER_LONG_HELP
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) check: CheckArgs,
}

/// The part of [`Cli`] that `gitops-lint render ...` needs. Describing all of it takes longer than rendering a small chart.
#[derive(Debug, Parser)]
#[command(name = "gitops-lint", max_term_width = 100)]
pub(super) struct RenderCli {
    #[command(subcommand)]
    pub(super) command: OnlyRender,
}

/// The one command.
#[derive(Debug, Subcommand)]
pub(super) enum OnlyRender {
    /// Print what would be applied
    #[command(subcommand)]
    Render(RenderCommand),
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lint a repository (the default)
    Check(Deferred<CheckArgs>),
    /// Print what would be applied
    #[command(subcommand)]
    Render(RenderCommand),
    /// Bring the charts, repositories and files that the repository names and that are not on this machine
    Fetch(Deferred<FetchArgs>),
    /// Look after what `fetch` brought
    #[command(subcommand)]
    Cache(CacheCommand),
    /// List the apps that were found, and whether they could be rendered
    Apps(Deferred<AppsArgs>),
    /// Say where a field comes from: who set it, who was overridden, which template or patch put it there; or, for
    /// FILE:LINE, which fields that line reaches
    Why(Deferred<WhyArgs>),
    /// List the values of an app: what each key is, which line says so, and what that line shadows
    Values(Deferred<ValuesArgs>),
    /// Print a rule's page
    Explain {
        /// The rule
        rule: String,
    },
    /// List the rules
    Rules,
    /// Write a commented .gitops-lint.yaml from what the repository shows
    Init(Deferred<InitArgs>),
    /// Help with the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the tool or of a command, or write all of them
    Man(Deferred<ManArgs>),
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command whose page is printed, such as `render helm`
    pub(super) command: Vec<String>,
    /// Write the pages of all commands into this directory instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(super) out: Option<PathBuf>,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The root of the repository
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,
    /// Print the file instead of writing it
    #[arg(long)]
    pub(super) stdout: bool,
    /// Replace a configuration that exists
    #[arg(long)]
    pub(super) force: bool,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the JSON Schema of .gitops-lint.yaml, for editors
    Schema,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The root of the repository
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,
    /// Output format, or FORMAT=FILE to write to a file; may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = parse_format)]
    pub(super) format: Vec<(Format, Option<PathBuf>)>,
    /// Exit with 1 when a finding is at least this bad
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(super) fail_on: FailOn,
    /// Exit with 1 when less of what is deployed was rendered in full
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub(super) min_coverage: Option<f64>,
    /// Which rules run
    #[arg(long)]
    pub(super) preset: Option<PresetArg>,
    /// Set the level of a rule: off, on, note, warning or error; may be repeated
    #[arg(long, value_name = "NAME=LEVEL", value_parser = parse_rule)]
    pub(super) rule: Vec<(&'static str, Level)>,
    /// How sure a finding must be to be reported: certain, likely (the default) or possible
    #[arg(long, value_name = "LEVEL", value_parser = parse_confidence, help_heading = "What to report")]
    pub(super) confidence: Option<Confidence>,
    /// Report only what these files touch: paths, `-` to read them from standard input, or nothing for what differs
    /// from the last commit
    #[arg(long, value_name = "FILE", num_args = 0.., help_heading = "What to report")]
    pub(super) changed: Option<Vec<PathBuf>>,
    /// Report only findings that are new against this revision; its merge base with HEAD counts
    #[arg(long, value_name = "REV", help_heading = "What to report")]
    pub(super) base: Option<String>,
    /// Do not report the findings that this file lists
    #[arg(long, value_name = "FILE", help_heading = "What to report")]
    pub(super) baseline: Option<PathBuf>,
    /// Write all findings to the baseline file (default: .gitops-lint-baseline.json at the root) and exit with 0
    #[arg(long, conflicts_with_all = ["changed", "base"], help_heading = "What to report")]
    pub(super) write_baseline: bool,
    /// The day that `until YYYY-MM-DD` in comments is compared with (default: today in UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    pub(super) today: Option<String>,
    /// Print findings only, no closing line
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// List every app that was not fully rendered
    #[arg(short, long)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Arguments of every command that looks at a repository.
#[derive(Debug, Args)]
pub(super) struct CommonArgs {
    /// The configuration file (default: .gitops-lint.yaml at the root)
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where `gitops-lint fetch` keeps what it brings (default: gitops-lint in the user's cache directory)
    #[arg(long, value_name = "DIR")]
    pub(super) cache_dir: Option<PathBuf>,
}

/// Arguments of `apps`.
#[derive(Debug, Args)]
pub(super) struct AppsArgs {
    /// The root of the repository
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,
    /// Output format
    #[arg(long, default_value = "table")]
    pub(super) format: TableFormat,
    /// Print the charts that are not on this machine instead: the commands that fetch them, or with `=tsv` URL without
    /// `oci://`, name and version between tabs
    #[arg(
        long,
        conflicts_with = "format",
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "commands"
    )]
    pub(super) missing_charts: Option<MissingChartsFormat>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// The app; alone: a line, as FILE:LINE or FILE:LINE:COLUMN
    #[arg(value_name = "APP|FILE:LINE")]
    pub(super) target: String,
    /// The object: KIND/NAME, or KIND/NAMESPACE/NAME
    #[arg(value_name = "KIND/NAME")]
    pub(super) object: Option<String>,
    /// The field: spec.containers[0].image, a JSON pointer, or the end of its path
    pub(super) field: Option<String>,
    /// The root of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    /// Output format
    #[arg(long, default_value = "pretty")]
    pub(super) format: AnswerFormat,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Arguments of `values`.
#[derive(Debug, Args)]
pub(super) struct ValuesArgs {
    /// The app
    pub(super) app: String,
    /// Only this key and what is below it
    pub(super) key: Option<String>,
    /// Only values that are set but that no template reads
    #[arg(long, conflicts_with = "diff")]
    pub(super) unused: bool,
    /// Only values that another app has otherwise
    #[arg(long, value_name = "APP")]
    pub(super) diff: Option<String>,
    /// Show values that look like secrets, which are masked otherwise
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// The root of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    /// Output format
    #[arg(long, default_value = "table")]
    pub(super) format: TableFormat,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Formats of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AnswerFormat {
    /// For people
    Pretty,
    /// JSON
    Json,
}

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

/// `--fail-on`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FailOn {
    /// Any error
    Error,
    /// Any warning or error
    Warning,
    /// Any finding
    Note,
    /// Nothing
    Never,
}

impl FailOn {
    /// Whether a finding of that severity is bad enough.
    pub(super) fn is_met_by(self, severity: Severity) -> bool {
        let least = match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
            Self::Never => return false,
        };
        severity >= least
    }
}

/// `--preset`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum PresetArg {
    /// Rules that are silent on a good repository
    Recommended,
    /// Good advice on top
    Strict,
}

/// Formats of listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    /// Columns
    Table,
    /// JSON
    Json,
}

/// Formats of the charts that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MissingChartsFormat {
    /// `helm pull` commands
    Commands,
    /// URL, name and version between tabs
    Tsv,
}

fn parse_format(text: &str) -> Result<(Format, Option<PathBuf>), String> {
    let (name, file) =
        text.split_once('=').map_or((text, None), |(name, file)| (name, Some(PathBuf::from(file))));
    let known: Vec<&str> = Format::ALL.iter().map(|(name, _)| *name).collect();
    let format = Format::from_name(name).ok_or_else(|| format!("formats are {}", known.join(", ")))?;
    Ok((format, file))
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number: f64 =
        text.trim_end_matches('%').trim().parse().map_err(|_| "write a number from 0 to 100")?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("write a number from 0 to 100".to_owned()) }
}

fn parse_day(text: &str) -> Result<String, String> {
    if crate::lint::is_date(text) { Ok(text.to_owned()) } else { Err("write YYYY-MM-DD".to_owned()) }
}

/// One of the words of [`Confidence`].
fn parse_confidence(text: &str) -> Result<Confidence, String> {
    let words = Confidence::WORDS;
    let known = words.iter().find(|(word, _)| *word == text).map(|(_, confidence)| *confidence);
    known.ok_or_else(|| format!("write {}", words.map(|(word, _)| word).join(", ")))
}

fn parse_rule(text: &str) -> Result<(&'static str, Level), String> {
    let (name, level) = text.split_once('=').ok_or("write NAME=LEVEL")?;
    let rule = crate::rules::find(name).ok_or_else(|| super::unknown_rule(name))?;
    let words = Level::WORDS;
    let level = words.iter().find(|(word, _)| *word == level);
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    level
        .map(|(_, level)| (rule.meta().name, *level))
        .ok_or_else(|| format!("levels are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// What is described for `render` alone is what all of the command line says of it.
    #[test]
    fn render_alone_is_render() {
        for path in [&["render"][..], &["render", "app"], &["render", "kustomize"], &["render", "helm"]] {
            let help = |mut command: clap::Command| {
                command.build();
                let found = path.iter().try_fold(&mut command, |at, name| at.find_subcommand_mut(name));
                found.unwrap().render_long_help().to_string()
            };
            assert_eq!(help(RenderCli::command()), help(Cli::command()), "{path:?}");
        }
    }
}
