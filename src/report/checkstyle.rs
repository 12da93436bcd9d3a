//! Checkstyle XML, as Jenkins' Warnings plugin, reviewdog and many others read it: a `file` with its `error`s.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::finding::Severity;
use crate::lint::{Report, Reported};
use crate::source::Position;

use super::text::xml;

pub(super) fn render(report: &Report) -> String {
    let mut files: BTreeMap<Arc<str>, Vec<(Position, &Reported)>> = BTreeMap::new();
    for reported in &report.findings {
        let Some((file, at, _)) = report.locate(reported.finding.primary.at) else { continue };
        files.entry(file).or_default().push((at, reported));
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    for (file, mut findings) in files {
        findings.sort_by_key(|(at, _)| *at);
        let _ = writeln!(out, "  <file name=\"{}\">", xml(&file));
        for (at, Reported { finding, .. }) in findings {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "info",
            };
            let message = match &finding.help {
                Some(help) => format!("{}; help: {help}", finding.message),
                None => finding.message.clone(),
            };
            let _ = writeln!(
                out,
                "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"gitops-lint.{}\"/>",
                at.line,
                at.column,
                xml(&message),
                finding.rule
            );
        }
        out.push_str("  </file>\n");
    }
    out.push_str("</checkstyle>\n");
    out
}
