//! Azure Pipelines logging commands, shown in the summary of a run. Azure knows errors and warnings; notes stay plain
//! lines of the log.

use std::fmt::Write as _;

use crate::finding::Severity;
use crate::lint::Report;

use super::text::{azure, azure_property, plain};

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    for reported in &report.findings {
        let finding = &reported.finding;
        let Some((file, at, _)) = report.locate(finding.primary.at) else { continue };
        let kind = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => {
                let message = plain(&finding.message);
                let _ = writeln!(
                    out,
                    "{}:{}:{}: note[{}] {message}",
                    plain(&file),
                    at.line,
                    at.column,
                    finding.rule
                );
                continue;
            }
        };
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            let _ = write!(message, "; help: {help}");
        }
        let _ = writeln!(
            out,
            "##vso[task.logissue type={kind};sourcepath={};linenumber={};columnnumber={};code={}]{}",
            azure_property(&file),
            at.line,
            at.column,
            azure_property(&finding.rule),
            azure(&message)
        );
    }
    out
}
