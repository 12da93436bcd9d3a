//! The command line: what can be typed. What it means is in the sibling modules.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;
use smol_str::SmolStr;

use crate::config::Level;
use crate::finding::{Confidence, Severity};
use crate::report::Format;
use crate::source::MAX_FACTOR;

use super::candidates;
use super::deferred::Deferred;
use super::diff_args::{DiffArgs, ImpactArgs};
use super::fetch_args::{CacheCommand, FetchArgs};
use super::fix_args::{FixArgs, MendArgs};
use super::question_args::{ExplainArgs, GraphArgs, ReportArgs, RulesArgs, ValuesArgs, WhyArgs};
use super::render_args::RenderCommand;
use super::targets::{self, Target};

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
  gitops-lint --format concise --min-severity warning --limit 20
  gitops-lint --select missing-secret,helm --app 'prod-*'
  gitops-lint fix --diff                    show what can be mended; without --diff, mend it
  gitops-lint fetch                         bring charts and repositories that are not on this machine
  gitops-lint explain missing-secret        why a rule exists, and what to do
  gitops-lint init                          write a commented .gitops-lint.yaml

A finding is suppressed where it is caused, in a manifest, a values file, a patch or a template:
  targetRevision: stage1  # gitops-lint: ignore[stale-target-revision] until 2027-01-31: release freeze

Exit codes:
  0  nothing at or above --fail-on
  1  findings at or above --fail-on
  2  the tool could not do its job: unknown flags, a broken configuration, an unreadable path

Environment: NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, COLUMNS, LC_ALL and LANG (C draws with ASCII), TERM (dumb as well),
GITOPS_LINT_TODAY (like --today), GITOPS_LINT_CACHE (like --cache-dir), RAYON_NUM_THREADS.";

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
    pub(super) screen: ScreenArgs,
    #[command(flatten)]
    pub(super) check: CheckArgs,
}

/// What every command takes: about the screen, and about bounds.
#[derive(Debug, Args)]
pub(super) struct ScreenArgs {
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, help_heading = "Output")]
    pub(super) color: ColorArg,
    /// Multiply the bounds on what input may cost, for what is yours and larger than anybody expected
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1,
        hide_default_value = true,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_FACTOR)),
        global = true,
        help_heading = "Output"
    )]
    pub(super) limits: u32,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    /// On a terminal, or as the environment says
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The part of [`Cli`] that `gitops-lint render ...` needs. Describing all of it takes longer than rendering a small chart.
#[derive(Debug, Parser)]
#[command(name = "gitops-lint", max_term_width = 100)]
pub(super) struct RenderCli {
    #[command(subcommand)]
    pub(super) command: OnlyRender,
    #[command(flatten)]
    pub(super) screen: ScreenArgs,
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
    /// Mend what can be mended: each fix is proved by rendering before it is written
    Fix(Deferred<FixArgs>),
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
    /// Show what a change does to what is applied: which objects of which apps differ, and which line causes it
    Diff(Deferred<DiffArgs>),
    /// Show what files or lines reach: apps, clusters and objects
    Impact(Deferred<ImpactArgs>),
    /// List the values of an app: what each key is, which line says so, and what that line shadows
    Values(Deferred<ValuesArgs>),
    /// Speak the language server protocol with an editor, over standard input and output
    Lsp(Deferred<LspArgs>),
    /// Print a rule's page
    Explain(Deferred<ExplainArgs>),
    /// List the rules
    Rules(Deferred<RulesArgs>),
    /// Print the graph of the fleet: apps, sources, values files, clusters, namespaces, references, dependsOn and waves
    Graph(Deferred<GraphArgs>),
    /// Write one HTML page with coverage, findings, apps, graph and values
    Report(Deferred<ReportArgs>),
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
#[derive(Debug, Clone, Args)]
pub(super) struct CheckArgs {
    /// What to lint: a repository, or directories and files of one; `-` for a file on standard input
    #[arg(default_value = ".", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The root of the repository, where it is not what Git or a configuration file says
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// What the file on standard input is called
    #[arg(long, value_name = "FILE")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// Output format, or FORMAT=FILE to write to a file; may be repeated: pretty, concise, grouped, json, sarif, github,
    /// gitlab, junit, checkstyle, markdown, azure, rdjson, teamcity
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = parse_format, help_heading = "Output")]
    pub(super) format: Vec<Target<Format>>,
    /// Write the reports of all formats that machines read into this directory, under their usual names
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
    /// Show so many findings, the worst first, and count the rest; 0 for all. Reports for machines hold all of them
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = "Output")]
    pub(super) limit: usize,
    /// Count the findings by severity, rule and app instead of showing them; JSON has both
    #[arg(long, help_heading = "Output")]
    pub(super) statistics: bool,
    /// Exit with 1 when a finding is at least this bad (default: error)
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// Exit with 1 when less of what is deployed was rendered in full
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub(super) min_coverage: Option<f64>,
    /// Which rules run
    #[arg(long)]
    pub(super) preset: Option<PresetArg>,
    /// Set the level of a rule: off, on, note, warning or error; may be repeated
    #[arg(long, value_name = "NAME=LEVEL", value_parser = parse_rule)]
    pub(super) rule: Vec<(SmolStr, Level)>,
    /// How sure a finding must be to be reported: certain, likely (the default) or possible
    #[arg(long, value_name = "LEVEL", value_parser = parse_confidence, help_heading = "What to report")]
    pub(super) confidence: Option<Confidence>,
    /// Run only these rules, whatever preset they belong to; a subject such as `helm` stands for its rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', add = ArgValueCandidates::new(candidates::rules))]
    pub(super) select: Vec<String>,
    /// Do not run these rules; a subject stands for its rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', add = ArgValueCandidates::new(candidates::rules))]
    pub(super) ignore: Vec<String>,
    /// Report nothing less severe
    #[arg(long, value_name = "SEVERITY", help_heading = "What to report")]
    pub(super) min_severity: Option<SeverityArg>,
    /// Report only what affects this app; a pattern such as `prod-*`; may be repeated
    #[arg(long, value_name = "APP", value_delimiter = ',', help_heading = "What to report", add = ArgValueCandidates::new(candidates::apps))]
    pub(super) app: Vec<String>,
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
    /// Mend what can be mended first, and report what is left
    #[arg(long, conflicts_with_all = ["write_baseline", "stdin_filename"], help_heading = "Fixes")]
    pub(super) fix: bool,
    #[command(flatten)]
    pub(super) mend: MendArgs,
    /// Also report what is wholly inside of charts and repositories that were fetched
    #[arg(long, help_heading = "What to report")]
    pub(super) third_party: bool,
    /// The day that `until YYYY-MM-DD` in comments is compared with (default: today in UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    pub(super) today: Option<String>,
    /// Check again whenever a file changes, until it is interrupted; only apps that meet the change are rendered again
    #[arg(long, conflicts_with_all = ["base", "changed", "write_baseline", "stdin_filename", "output", "profile"])]
    pub(super) watch: bool,
    /// Print findings only, no closing line
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// List every app that was not fully rendered, and how long each phase and the slowest apps took
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Write how long each phase and each app took, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) profile: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Arguments of `lsp`.
#[derive(Debug, Args)]
pub(super) struct LspArgs {
    /// The root of the repository (default: the one that the editor opens)
    pub(super) path: Option<PathBuf>,
    /// Over standard input and output, as always: editors like to say so
    #[arg(long, hide = true)]
    pub(super) stdio: bool,
    /// Which rules run
    #[arg(long)]
    pub(super) preset: Option<PresetArg>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Arguments of every command that looks at a repository.
#[derive(Debug, Clone, Args)]
pub(super) struct CommonArgs {
    /// The configuration file (default: .gitops-lint.yaml or .gitops-lint.yml at the root)
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Follow paths of the repository's own configuration that lead out of the repository: not for code of strangers
    #[arg(long)]
    pub(super) trust_config: bool,
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

impl From<Option<Severity>> for FailOn {
    fn from(least: Option<Severity>) -> Self {
        match least {
            Some(Severity::Error) => Self::Error,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Note) => Self::Note,
            None => Self::Never,
        }
    }
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

/// `--min-severity`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SeverityArg {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// Everything
    Note,
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        match severity {
            SeverityArg::Error => Self::Error,
            SeverityArg::Warning => Self::Warning,
            SeverityArg::Note => Self::Note,
        }
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

fn parse_format(text: &str) -> Result<Target<Format>, String> {
    targets::parse(text, &Format::ALL)
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number: f64 =
        text.trim_end_matches('%').trim().parse().map_err(|_| "write a number from 0 to 100")?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("write a number from 0 to 100".to_owned()) }
}

pub(super) fn parse_day(text: &str) -> Result<String, String> {
    if crate::lint::is_date(text) { Ok(text.to_owned()) } else { Err("write YYYY-MM-DD".to_owned()) }
}

/// One of the words of [`Confidence`].
fn parse_confidence(text: &str) -> Result<Confidence, String> {
    let words = Confidence::WORDS;
    let known = words.iter().find(|(word, _)| *word == text).map(|(_, confidence)| *confidence);
    known.ok_or_else(|| format!("write {}", words.map(|(word, _)| word).join(", ")))
}

/// A rule and its level; which rules there are, the repository says.
fn parse_rule(text: &str) -> Result<(SmolStr, Level), String> {
    let (name, level) = text.split_once('=').ok_or("write NAME=LEVEL")?;
    let words = Level::WORDS;
    let level = words.iter().find(|(word, _)| *word == level);
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    level
        .map(|(_, level)| (SmolStr::new(name), *level))
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
