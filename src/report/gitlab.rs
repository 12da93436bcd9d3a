//! GitLab's code quality report: the widget of a merge request.
//!
//! GitLab merges entries with the same fingerprint, so it must be unique; ours is. `type` and `categories` are what Code
//! Climate's specification asks for, from which the format comes; GitLab does not read them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::finding::Severity;
use crate::lint::Report;

use super::{GAPS_SHOWN, gap_words, to_json};

/// What every entry is.
const ISSUE: &str = "issue";

/// Of Code Climate's categories the one that fits.
const CATEGORIES: [&str; 1] = ["Bug Risk"];

#[derive(Serialize)]
struct Issue<'a> {
    r#type: &'static str,
    categories: [&'static str; 1],
    description: String,
    check_name: &'a str,
    fingerprint: Cow<'a, str>,
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
    let mut issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .filter_map(|reported| {
            let finding = &reported.finding;
            let (path, start, end) = report.locate(finding.primary.at)?;
            let mut description = finding.message.clone();
            if let Some(help) = &finding.help {
                description.push_str(": ");
                description.push_str(help);
            }
            Some(Issue {
                r#type: ISSUE,
                categories: CATEGORIES,
                description,
                check_name: &finding.rule,
                fingerprint: Cow::Borrowed(&reported.fingerprint),
                severity: match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                    Severity::Note => "info",
                },
                location: Location { path, lines: Lines { begin: start.line, end: end.line } },
            })
        })
        .collect();
    // What was not looked at is known to the merge request, too: an empty report is no proof.
    issues.extend(report.gaps().iter().take(GAPS_SHOWN).filter_map(|gap| {
        let first = gap.apps.first()?;
        let digest = Sha256::digest(format!("{}\0{}\0{}", gap.status.as_str(), gap.reason, first.file));
        let fingerprint = digest.iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Some(Issue {
            r#type: ISSUE,
            categories: CATEGORIES,
            description: gap_words(gap),
            check_name: "not-rendered",
            fingerprint: Cow::Owned(fingerprint),
            severity: "info",
            location: Location {
                path: Arc::clone(&first.file),
                lines: Lines { begin: first.line, end: first.line },
            },
        })
    }));
    to_json(&issues)
}
