//! GitLab's code quality report: the widget of a merge request.
//!
//! GitLab merges entries with the same fingerprint, so it must be unique; ours is.

use std::sync::Arc;

use serde::Serialize;

use crate::finding::Severity;
use crate::lint::Report;

use super::to_json;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: Arc<str>,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn render(report: &Report) -> String {
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .filter_map(|reported| {
            let finding = &reported.finding;
            let (path, start, end) = report.sources.locate(finding.primary.at)?;
            let mut description = finding.message.clone();
            if let Some(help) = &finding.help {
                description.push_str(": ");
                description.push_str(help);
            }
            Some(Issue {
                description,
                check_name: finding.rule,
                fingerprint: &reported.fingerprint,
                severity: match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                    Severity::Note => "info",
                },
                location: Location { path, lines: Lines { begin: start.line, end: end.line } },
            })
        })
        .collect();
    to_json(&issues)
}
