//! How findings look: one file per format. Each owns its wire structs; nothing outside of this folder
//! serializes anything.
//!
//! Reports are pure: the same [`Report`] gives the same bytes. They print no times and read no clock.

mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod objects;
mod pretty;
mod reach;
mod sarif;
mod source_code;
mod values;
mod why;

use std::fmt::Write as _;

use crate::lint::{AppStatus, Gap, Report, Summary};
use crate::rules::RuleMeta;

pub use json::render_apps as apps_json;
pub use objects::{Origination, json as objects_json, yaml as objects_yaml};
pub use pretty::{Look, apps_table, render_finding};
pub use reach::{reach_json, reach_text};
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
}

impl Format {
    /// Every format with its name, in the order of the documentation.
    pub const ALL: [(&'static str, Self); 7] = [
        ("pretty", Self::Pretty),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("github", Self::Github),
        ("gitlab", Self::Gitlab),
        ("junit", Self::Junit),
        ("markdown", Self::Markdown),
    ];

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// Renders a report. `look` only matters to [`Format::Pretty`].
pub fn render(report: &Report, format: Format, look: Look) -> String {
    match format {
        Format::Pretty => pretty::render(report, look),
        Format::Json => json::render(report),
        Format::Sarif => sarif::render(report),
        Format::Github => github::render(report),
        Format::Gitlab => gitlab::render(report),
        Format::Junit => junit::render(report),
        Format::Markdown => markdown::render(report),
    }
}

/// Where a rule's page is read.
fn page_url(meta: &RuleMeta) -> String {
    format!("{}/blob/main/rules/{}/{}.md", env!("CARGO_PKG_REPOSITORY"), meta.subject(), meta.name)
}

/// `2 errors, 1 warning`, or `no findings`.
fn totals(summary: &Summary) -> String {
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

/// A header and rows as lines of aligned columns.
fn aligned<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let mut widths = header.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: [&str; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
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
    text
}
