//! GitHub workflow commands. GitHub shows at most ten annotations per step and severity and drops the rest
//! silently, so the rest is summarised in one more line that the log keeps.

use std::fmt::Write as _;

use crate::finding::Severity;
use crate::lint::Report;

use super::count;
use super::text::{github, github_property};

/// GitHub's limit per step and severity.
const PER_SEVERITY: usize = 10;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let findings: Vec<_> = report.findings.iter().filter(|it| it.finding.severity == severity).collect();
        // One annotation is kept free for saying that there are more.
        let shown = if findings.len() > PER_SEVERITY { PER_SEVERITY - 1 } else { findings.len() };
        for reported in findings.iter().take(shown) {
            let finding = &reported.finding;
            let Some((file, start, end)) = report.locate(finding.primary.at) else { continue };
            let mut message = finding.message.clone();
            for label in &finding.related {
                if let Some((file, at, _)) = report.locate(label.at) {
                    let _ = write!(message, "\n{file}:{}: {}", at.line, label.message);
                }
            }
            if !finding.apps.is_empty() {
                let _ = write!(message, "\naffects {}", finding.apps.join(", "));
            }
            if let Some(help) = &finding.help {
                let _ = write!(message, "\nhelp: {help}");
            }
            let _ = writeln!(
                out,
                "::{} file={},line={},col={},endLine={},endColumn={},title={}::{}",
                command(severity),
                github_property(&file),
                start.line,
                start.column,
                end.line,
                end.column,
                github_property(&finding.rule),
                github(&message)
            );
        }
        if let Some(rest) = findings.len().checked_sub(shown).filter(|rest| *rest > 0) {
            let _ = writeln!(
                out,
                "::{} title=gitops-lint::and {}, see the log or the step summary",
                command(severity),
                count(rest, &format!("more {}", severity.as_str()))
            );
        }
    }
    out
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}
