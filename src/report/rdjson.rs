//! Reviewdog's diagnostic format, `rdjson`: comments on any code host. Columns count bytes of UTF-8, from 1.

use std::sync::Arc;

use serde::Serialize;

use crate::finding::Severity;
use crate::lint::Report;
use crate::source::Span;

use super::{page_url, to_json};

#[derive(Serialize)]
struct Root<'a> {
    source: Source,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location,
    severity: &'static str,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Location {
    path: Arc<str>,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: At,
    end: At,
}

#[derive(Serialize)]
struct At {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    location: Location,
}

pub(super) fn render(report: &Report) -> String {
    let diagnostics = report.findings.iter().filter_map(|reported| {
        let finding = &reported.finding;
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        let related = finding.related.iter().filter_map(|label| {
            Some(Related { message: &label.message, location: location(report, label.at)? })
        });
        Some(Diagnostic {
            message,
            location: location(report, finding.primary.at)?,
            severity: match finding.severity {
                Severity::Error => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Note => "INFO",
            },
            code: Code {
                value: &finding.rule,
                url: report.rules.get(&finding.rule).and_then(|rule| page_url(rule.meta())),
            },
            related_locations: related.collect(),
        })
    });
    to_json(&Root {
        source: Source { name: "gitops-lint", url: env!("CARGO_PKG_REPOSITORY") },
        diagnostics: diagnostics.collect(),
    })
}

fn location(report: &Report, at: Span) -> Option<Location> {
    let (path, ..) = report.locate(at)?;
    let file = report.sources.get(at.file)?;
    let position = |offset: u32| {
        let index = file.line_index(offset);
        let start = file.line_starts().get(index).copied().unwrap_or_default();
        At { line: index as u32 + 1, column: offset.saturating_sub(start) + 1 }
    };
    Some(Location { path, range: Range { start: position(at.start), end: position(at.end) } })
}
