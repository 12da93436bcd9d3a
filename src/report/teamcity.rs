//! TeamCity service messages: inspections, with the type of each declared before its first use.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::finding::Severity;
use crate::lint::Report;

use super::text::teamcity;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    let mut declared: BTreeSet<&str> = BTreeSet::new();
    for reported in &report.findings {
        let finding = &reported.finding;
        let Some((file, at, _)) = report.locate(finding.primary.at) else { continue };
        if declared.insert(&finding.rule) {
            let meta = report.rules.get(&finding.rule).map(|rule| rule.meta());
            let _ = writeln!(
                out,
                "##teamcity[inspectionType id='{0}' name='{0}' category='gitops-lint {1}' description='{2}']",
                teamcity(&finding.rule),
                teamcity(meta.map_or("", |meta| meta.subject)),
                teamcity(meta.map_or(&*finding.rule, |meta| &meta.summary)),
            );
        }
        let severity = match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        };
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            let _ = write!(message, "; help: {help}");
        }
        let _ = writeln!(
            out,
            "##teamcity[inspection typeId='{}' message='{}' file='{}' line='{}' SEVERITY='{severity}']",
            teamcity(&finding.rule),
            teamcity(&message),
            teamcity(&file),
            at.line,
        );
    }
    out
}
