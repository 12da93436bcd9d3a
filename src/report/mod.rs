//! How findings look: one file per format. Each owns its wire structs; nothing outside of this folder
//! serializes anything.
//!
//! Reports are pure: the same [`Report`] gives the same bytes. They print no times and read no clock.

mod azure;
mod checkstyle;
mod diff_json;
mod diff_markdown;
mod diff_page;
mod diff_pretty;
mod fixes;
mod github;
mod gitlab;
mod graph;
mod impact;
mod json;
mod junit;
mod lines;
mod markdown;
mod objects;
mod page;
mod pretty;
mod rdjson;
mod reach;
mod rule;
mod sarif;
mod source_code;
mod statistics;
mod teamcity;
mod text;
mod unchecked;
mod values;
mod wants;
mod why;
mod wrap;

use std::fmt::Write as _;

use crate::diff::DangerMeta;
use crate::lint::{AppStatus, Gap, Report, Summary};
use crate::rules::RuleMeta;

pub use diff_json::diff_json;
pub use diff_markdown::diff_markdown;
pub use diff_page::diff_page;
pub use diff_pretty::{diff_pretty, diff_stat};
pub use fixes::{fix_diff, fix_json, fix_text};
pub use graph::{graph_dot, graph_json, graph_mermaid};
pub use impact::{impact_json, impact_text};
pub use json::render_apps as apps_json;
pub use objects::{Origination, json as objects_json, yaml as objects_yaml};
pub use page::page;
pub use pretty::{Look, apps_table, render_finding};
pub use reach::{reach_json, reach_text};
pub use rule::{rule_page, rules_json};
pub use text::plain;
pub use values::{ValuesLook, differences_json, differences_table, unused_table, values_json, values_table};
pub use why::{story_json, story_text};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// For people: source lines with labels.
    Pretty,
    /// The stable machine format, version 1.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub workflow commands, shown as annotations on a pull request.
    Github,
    /// GitLab code quality, shown on a merge request.
    Gitlab,
    /// JUnit XML, for Jenkins and others.
    Junit,
    /// Markdown, for a step summary or a comment on a pull request.
    Markdown,
    /// For people and editors: a line per finding.
    Concise,
    /// For people: the findings of each file under its name.
    Grouped,
    /// Checkstyle XML, for Jenkins and others.
    Checkstyle,
    /// Logging commands of Azure Pipelines.
    Azure,
    /// Reviewdog's diagnostic format.
    Rdjson,
    /// Service messages of TeamCity.
    Teamcity,
}

impl Format {
    /// Every format with its name, in the order of the documentation.
    pub const ALL: [(&'static str, Self); 13] = [
        ("pretty", Self::Pretty),
        ("concise", Self::Concise),
        ("grouped", Self::Grouped),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("github", Self::Github),
        ("gitlab", Self::Gitlab),
        ("junit", Self::Junit),
        ("checkstyle", Self::Checkstyle),
        ("markdown", Self::Markdown),
        ("azure", Self::Azure),
        ("rdjson", Self::Rdjson),
        ("teamcity", Self::Teamcity),
    ];

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// The name of the format.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// Whether people read it, on a screen.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Pretty | Self::Concise | Self::Grouped)
    }

    /// The file of `--output DIR`; none for what is read from the screen or the log of a run.
    pub fn file_name(self) -> Option<&'static str> {
        match self {
            Self::Pretty | Self::Concise | Self::Grouped | Self::Github | Self::Azure | Self::Teamcity => {
                None
            }
            Self::Json => Some("gitops-lint.json"),
            Self::Sarif => Some("gitops-lint.sarif"),
            Self::Gitlab => Some("gl-code-quality-report.json"),
            Self::Junit => Some("gitops-lint.junit.xml"),
            Self::Checkstyle => Some("gitops-lint.checkstyle.xml"),
            Self::Markdown => Some("gitops-lint.md"),
            Self::Rdjson => Some("gitops-lint.rdjson"),
        }
    }
}

/// Renders a report. `look` matters to formats for people, and JSON has statistics if it asks for them.
pub fn render(report: &Report, format: Format, look: Look) -> String {
    match format {
        Format::Pretty | Format::Concise | Format::Grouped if look.statistics => {
            lines::statistics(report, look)
        }
        Format::Pretty => pretty::render(report, look),
        Format::Concise => lines::concise(report, look),
        Format::Grouped => lines::grouped(report, look),
        Format::Json => json::render(report, look),
        Format::Sarif => sarif::render(report),
        Format::Github => github::render(report),
        Format::Gitlab => gitlab::render(report),
        Format::Junit => junit::render(report),
        Format::Markdown => markdown::render(report),
        Format::Checkstyle => checkstyle::render(report),
        Format::Azure => azure::render(report),
        Format::Rdjson => rdjson::render(report),
        Format::Teamcity => teamcity::render(report),
    }
}

/// Where a rule's page is read; a team's own has none.
pub fn page_url(meta: &RuleMeta) -> Option<String> {
    meta.written.is_none().then(|| url(meta.subject, &meta.name))
}

/// Where the page of a danger is read.
pub fn danger_url(danger: &DangerMeta) -> String {
    url("changes", danger.name)
}

fn url(subject: &str, name: &str) -> String {
    format!("{}/blob/main/rules/{subject}/{name}.md", env!("CARGO_PKG_REPOSITORY"))
}

/// `2 errors, 1 warning`, or `no findings`.
pub fn totals(summary: &Summary) -> String {
    let parts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")];
    let parts = parts.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(*number, noun));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

/// Gaps of coverage that a report lists; the rest is counted.
const GAPS_SHOWN: usize = 100;

/// Apps that are named for one gap.
const GAP_APPS: usize = 3;

/// A gap in words: `3 apps are not rendered (a, b, c): why`.
fn gap_words(gap: &Gap<'_>) -> String {
    let how = match gap.status {
        AppStatus::Partial => "rendered in part only",
        AppStatus::Failed => "not rendered, since rendering fails",
        AppStatus::Skipped | AppStatus::Rendered => "not rendered",
    };
    let mut names = gap.apps.iter().take(GAP_APPS).map(|app| &*app.name).collect::<Vec<_>>().join(", ");
    if gap.apps.len() > GAP_APPS {
        let _ = write!(names, " and {} more", gap.apps.len() - GAP_APPS);
    }
    let verb = if gap.apps.len() == 1 { "is" } else { "are" };
    format!("{} {verb} {how} ({names}): {}", count(gap.apps.len(), "app"), gap.reason)
}

/// How much of what is deployed was rendered: `40 of 50 deployed apps rendered in full (80 %)`.
fn coverage_words(summary: &Summary) -> String {
    let percent = summary.coverage().floor();
    format!(
        "{} of {} rendered in full ({percent} %)",
        summary.covered,
        count(summary.deployed, "deployed app")
    )
}

/// `1 error`, `2 errors`.
fn count(number: usize, noun: &str) -> String {
    let mut text = format!("{number} {noun}");
    if number != 1 {
        let _ = text.write_char('s');
    }
    text
}

/// A longer cell is not waited for: one of a thousand lines would make all of them as long.
const WIDEST_CELL: usize = 200;

/// A text with blanks up to a width. Rust's own format ends with the program at 65,536.
fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// The width of a column that holds these texts.
fn width_of<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(|cell| cell.chars().count()).filter(|width| *width <= WIDEST_CELL).max().unwrap_or(0)
}

/// A header and rows as lines of aligned columns. Cells lose what would act in a terminal or a log.
fn aligned<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let rows: Vec<[String; N]> =
        rows.iter().map(|row| row.each_ref().map(|cell| text::plain(cell))).collect();
    let mut widths = header.map(str::len);
    for (column, width) in widths.iter_mut().enumerate() {
        let cells = rows.iter().filter_map(|row| row.get(column).map(String::as_str));
        *width = (*width).max(width_of(cells));
    }
    let line = |row: [&str; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| padded(cell, width));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    std::iter::once(line(header))
        .chain(rows.iter().map(|row| line(row.each_ref().map(String::as_str))))
        .collect()
}

/// Pretty-printed JSON with a final newline. The wire structs hold nothing that JSON cannot.
fn to_json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text::json(text)
}
