//! JUnit XML, as Jenkins, Azure and GitLab read it: a suite per file, a test case per finding. Notes are passed cases
//! with words, since JUnit knows no severities. What was not rendered is a skipped case per reason, in a suite of its own. A run
//! without findings is one passed case, because readers refuse reports without any.
//!
//! Valid under the schema of Jenkins' xUnit plugin (`junit-10.xsd`), which refuses what it does not know: cases have no file
//! and line, suites have a file. `.ci/packaging` checks that.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::finding::Severity;
use crate::lint::{Report, Reported};
use crate::source::Position;

use super::gap_words;
use super::text::xml;

type Case<'a> = (&'a Reported, Position);

pub(super) fn render(report: &Report) -> String {
    let mut suites: BTreeMap<Arc<str>, Vec<Case<'_>>> = BTreeMap::new();
    for reported in &report.findings {
        let Some((file, at, _)) = report.locate(reported.finding.primary.at) else { continue };
        suites.entry(file).or_default().push((reported, at));
    }
    let failed = |case: &&Case<'_>| case.0.finding.severity > Severity::Note;
    let gaps = report.gaps();
    let tests = report.findings.len().max(1) + gaps.len();
    let failures: usize = suites.values().map(|cases| cases.iter().filter(failed).count()).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"gitops-lint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
    );
    if suites.is_empty() {
        out.push_str("  <testsuite name=\"gitops-lint\" tests=\"1\" failures=\"0\" errors=\"0\">\n");
        out.push_str("    <testcase classname=\"gitops-lint\" name=\"no findings\"/>\n  </testsuite>\n");
    }
    for (file, cases) in &suites {
        let failures = cases.iter().filter(failed).count();
        let name = xml(file);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" file=\"{name}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\">",
            cases.len()
        );
        for case in cases {
            let (Reported { finding, .. }, at) = case;
            let title = xml(&format!("{} at line {}", finding.rule, at.line));
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"{title}\">");
            let mut text = format!("{file}:{}:{}: {}", at.line, at.column, finding.message);
            for label in &finding.related {
                if let Some((file, at, _)) = report.locate(label.at) {
                    let _ = write!(text, "\n{file}:{}:{}: {}", at.line, at.column, label.message);
                }
            }
            if !finding.apps.is_empty() {
                let _ = write!(text, "\naffects {}", finding.apps.join(", "));
            }
            if let Some(help) = &finding.help {
                let _ = write!(text, "\nhelp: {help}");
            }
            let text = xml(&text);
            let _ = if failed(&case) {
                let (message, severity) = (xml(&finding.message), finding.severity.as_str());
                writeln!(out, "      <failure message=\"{message}\" type=\"{severity}\">{text}</failure>")
            } else {
                writeln!(out, "      <system-out>{text}</system-out>")
            };
            out.push_str("    </testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    if !gaps.is_empty() {
        let number = gaps.len();
        let _ = writeln!(
            out,
            "  <testsuite name=\"coverage\" tests=\"{number}\" failures=\"0\" errors=\"0\" skipped=\"{number}\">"
        );
        for gap in &gaps {
            let Some(first) = gap.apps.first() else { continue };
            let name = xml(&format!("{} {}", first.kind, first.name));
            let words = xml(&format!("{} ({}:{})", gap_words(gap), first.file, first.line));
            let _ = writeln!(
                out,
                "    <testcase classname=\"coverage\" name=\"{name}\"><skipped message=\"{words}\"/></testcase>"
            );
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
