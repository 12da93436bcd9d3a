//! The command line: what can be typed behind `fix`, and behind `check --fix`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::args::{CommonArgs, PresetArg, parse_day};
use super::candidates;

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub(super) struct FixArgs {
    /// What to fix: a repository, or directories and files of one
    #[arg(default_value = ".", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The root of the repository, where it is not what Git or a configuration file says
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// Fix only what these rules find; a subject such as `helm` stands for its rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', add = ArgValueCandidates::new(candidates::rules))]
    pub(super) rule: Vec<String>,
    #[command(flatten)]
    pub(super) mend: MendArgs,
    /// Suppress what these rules find by comments at the lines, instead of mending it
    #[arg(long, requires = "rule", help_heading = "Fixes")]
    pub(super) suppress: bool,
    /// The reason that these comments give
    #[arg(
        long,
        value_name = "TEXT",
        requires = "suppress",
        default_value = "",
        hide_default_value = true,
        help_heading = "Fixes"
    )]
    pub(super) reason: String,
    /// Which rules run
    #[arg(long)]
    pub(super) preset: Option<PresetArg>,
    /// Output format
    #[arg(long, default_value = "pretty")]
    pub(super) format: FixFormat,
    /// The day that `until YYYY-MM-DD` in comments is compared with (default: today in UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    pub(super) today: Option<String>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// How fixes are applied.
#[derive(Debug, Clone, Args)]
pub(super) struct MendArgs {
    /// Show the fixes as a diff instead of writing them; exits with 1 if there are any
    #[arg(long, help_heading = "Fixes")]
    pub(super) diff: bool,
    /// Apply fixes that change what is applied in a way somebody has to want, too
    #[arg(long = "unsafe", help_heading = "Fixes")]
    pub(super) not_safe: bool,
    /// Write nothing if a file that would be written differs from the last commit
    #[arg(long, help_heading = "Fixes")]
    pub(super) require_clean: bool,
}

/// Formats of what was fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FixFormat {
    /// For people
    Pretty,
    /// JSON
    Json,
}
