//! The command line: what can be typed behind `diff` and `impact`.

use std::path::PathBuf;

use clap::Args;

use crate::diff::DANGERS;
use crate::near::did_you_mean;

use super::args::{CommonArgs, FailOn};
use super::question_args::AnswerFormat;
use super::targets::{self, Target};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// What to compare with: a revision, where this branch left it; or a directory, when HEAD is one, too. Default: where
    /// this branch left the default branch
    #[arg(value_name = "BASE")]
    pub(super) base: Option<String>,
    /// What to compare: a revision or a directory. Default: the working tree
    #[arg(value_name = "HEAD")]
    pub(super) head: Option<String>,
    /// Output format, or FORMAT=FILE to write to a file; may be repeated: pretty, json, markdown, html
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = parse_format, default_value = "pretty")]
    pub(super) format: Vec<Target<DiffFormat>>,
    /// Count instead of showing: a line per app
    #[arg(long)]
    pub(super) stat: bool,
    /// Exit with 1 if something differs, as `git diff --exit-code` does
    #[arg(long)]
    pub(super) exit_code: bool,
    /// Exit with 1 when a danger is at least this bad (default: never)
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// Do not tell this kind of danger: the change is meant; may be repeated
    #[arg(long, value_name = "DANGER", value_delimiter = ',', value_parser = parse_danger)]
    pub(super) allow: Vec<&'static str>,
    /// The root of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

fn parse_danger(text: &str) -> Result<&'static str, String> {
    let known = DANGERS.iter().map(|danger| danger.name);
    known.clone().find(|name| *name == text).ok_or_else(|| match did_you_mean(text, known.clone()) {
        Some(close) => format!("there is no danger `{text}`: did you mean `{close}`?"),
        None => format!("there is no danger `{text}`: they are {}", known.collect::<Vec<_>>().join(", ")),
    })
}

fn parse_format(text: &str) -> Result<Target<DiffFormat>, String> {
    targets::parse(text, &DiffFormat::ALL)
}

/// Formats of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiffFormat {
    /// For people
    Pretty,
    /// JSON
    Json,
    /// For a comment on a pull request, or a step summary
    Markdown,
    /// One self-contained page for a browser
    Html,
}

impl DiffFormat {
    /// Every format with its name.
    const ALL: [(&'static str, Self); 4] =
        [("pretty", Self::Pretty), ("json", Self::Json), ("markdown", Self::Markdown), ("html", Self::Html)];

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }
}

/// Arguments of `impact`.
#[derive(Debug, Args)]
pub(super) struct ImpactArgs {
    /// Files, or lines of them
    #[arg(value_name = "FILE[:LINE]", required = true)]
    pub(super) targets: Vec<String>,
    /// The root of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    /// Output format
    #[arg(long, default_value = "pretty")]
    pub(super) format: AnswerFormat,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}
