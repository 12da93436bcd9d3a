//! The command line: what can be typed behind the commands that answer questions.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::args::{CommonArgs, TableFormat};
use super::candidates;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule, or the danger of a change
    #[arg(add = ArgValueCandidates::new(candidates::pages))]
    pub(super) rule: String,
    /// Show the page in the browser instead
    #[arg(long)]
    pub(super) open: bool,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// Output format
    #[arg(long, default_value = "table")]
    pub(super) format: TableFormat,
    #[command(subcommand)]
    pub(super) command: Option<RulesCommand>,
}

/// What to do with rules beside listing them.
#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Run the examples of the rules below `rules.d`
    Test {
        /// The root of the repository
        #[arg(default_value = ".")]
        path: PathBuf,
    },
}

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    /// The root of the repository
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,
    /// Output format
    #[arg(long, default_value = "dot")]
    pub(super) format: GraphFormat,
    /// Only this app and what it touches; a pattern such as `prod-*`; may be repeated
    #[arg(long, value_name = "APP", value_delimiter = ',', add = ArgValueCandidates::new(candidates::apps))]
    pub(super) app: Vec<String>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Formats of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// Graphviz
    Dot,
    /// Mermaid, for Markdown
    Mermaid,
    /// JSON
    Json,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The root of the repository
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,
    /// The file that the page is written to
    #[arg(long, value_name = "FILE")]
    pub(super) html: PathBuf,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// The app; alone: a line, as FILE:LINE or FILE:LINE:COLUMN
    #[arg(value_name = "APP|FILE:LINE", add = ArgValueCandidates::new(candidates::apps))]
    pub(super) target: String,
    /// The object: KIND/NAME, or KIND/NAMESPACE/NAME
    #[arg(value_name = "KIND/NAME", add = ArgValueCandidates::new(candidates::objects))]
    pub(super) object: Option<String>,
    /// The field
    #[arg(
        help = "The field: spec.containers[0].image, a JSON pointer, or the end of its path",
        add = ArgValueCandidates::new(candidates::fields)
    )]
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
    #[arg(add = ArgValueCandidates::new(candidates::apps))]
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
