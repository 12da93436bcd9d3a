//! Markdown for a step summary or a comment on a pull request: grouped by rule, collapsed, and small enough for both.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Applicability, Finding, Fix, Severity};
use crate::lint::{AppStatus, Report};
use crate::source::Span;

use super::text::{code, html, markdown, source};
use super::{count, coverage_words, gap_words, page_url, totals};

/// GitHub takes 65,536 characters in a comment; a step summary takes more.
const MOST_BYTES: usize = 60_000;

/// Findings of one rule; the rest is counted.
const PER_RULE: usize = 20;

/// Apps of one finding.
const APPS_SHOWN: usize = 5;

pub(super) fn render(report: &Report) -> String {
    let mut out = format!("### gitops-lint: {}\n\n", totals(&report.summary));
    let summary = &report.summary;
    let _ = writeln!(
        out,
        "{} in {}, {} rendered, {} partly, {} not.{}",
        count(summary.apps, "app"),
        count(summary.files, "file"),
        summary.rendered,
        summary.partial,
        summary.failed + summary.skipped,
        notes(report),
    );
    let mut groups: BTreeMap<(std::cmp::Reverse<Severity>, &str), Vec<&Finding>> = BTreeMap::new();
    for reported in &report.findings {
        let finding = &reported.finding;
        groups.entry((std::cmp::Reverse(finding.severity), finding.rule.as_str())).or_default().push(finding);
    }
    let mut left = report.findings.len();
    for ((severity, rule), findings) in groups {
        let text = group(report, severity.0, rule, &findings);
        if out.len() + text.len() > MOST_BYTES {
            break;
        }
        left -= findings.len();
        out.push_str(&text);
    }
    let gaps = report.gaps();
    if !gaps.is_empty() {
        let mut text = format!(
            "\n<details><summary>⚪ <b>not rendered in full</b>: {}</summary>\n\n",
            html(&coverage_words(summary))
        );
        for gap in gaps.iter().take(PER_RULE) {
            let _ = writeln!(text, "- {}", markdown(&gap_words(gap)));
        }
        if let Some(rest) = gaps.len().checked_sub(PER_RULE).filter(|rest| *rest > 0) {
            let _ = writeln!(text, "- … and {}: `gitops-lint apps` lists all", count(rest, "more reason"));
        }
        text.push_str("\n</details>\n");
        if out.len() + text.len() <= MOST_BYTES {
            out.push_str(&text);
        }
    }
    if left > 0 {
        let _ = writeln!(out, "\n{} did not fit here: see the log.", count(left, "more finding"));
    }
    out
}

/// What is not listed, in half a sentence each.
fn notes(report: &Report) -> String {
    let mut text = String::new();
    let hidden = [
        (report.known.len(), "known to the baseline"),
        (report.suppressed.len(), "suppressed by comments"),
        (report.summary.unsure, "only possible"),
        (report.summary.old, "not new"),
        (report.summary.untouched, "not touched by the change"),
        (report.summary.left_out.less_severe, "less severe"),
        (report.summary.left_out.other_apps, "of other apps"),
        (report.summary.left_out.elsewhere, "elsewhere"),
        (report.summary.third_party, "inside of what was fetched (--third-party shows them)"),
    ];
    for (number, what) in hidden.iter().filter(|(number, _)| *number > 0) {
        let _ = write!(text, " {} {what}.", count(*number, "finding"));
    }
    if !report.fixed.is_empty() {
        let _ = write!(text, " {} of the baseline fixed.", count(report.fixed.len(), "finding"));
    }
    let missing = report.apps.iter().filter(|app| app.status != AppStatus::Rendered).count();
    if missing > 0 {
        text.push_str(" Rules stay silent about what was not rendered.");
    }
    text
}

fn group(report: &Report, severity: Severity, rule: &str, findings: &[&Finding]) -> String {
    let icon = match severity {
        Severity::Error => "🔴",
        Severity::Warning => "🟡",
        Severity::Note => "🔵",
    };
    let meta = report.rules.get(rule).map(|rule| rule.meta());
    let url = meta.and_then(page_url);
    let name = url.map_or_else(|| rule.to_owned(), |url| format!("<a href=\"{url}\">{rule}</a>"));
    let summary = meta.map_or("", |meta| &meta.summary);
    let mut out = format!(
        "\n<details><summary>{icon} <b>{name}</b>: {}. {}</summary>\n\n",
        count(findings.len(), severity.as_str()),
        html(summary)
    );
    for finding in findings.iter().take(PER_RULE) {
        let place = report.locate(finding.primary.at);
        let place = place.map_or_else(String::new, |(file, at, _)| format!("{file}:{}", at.line));
        let _ = write!(out, "- `{}` {}", code(&place), markdown(&finding.message));
        if !finding.apps.is_empty() {
            let shown: Vec<String> = finding.apps.iter().take(APPS_SHOWN).map(|app| markdown(app)).collect();
            let _ = write!(out, " ({}", shown.join(", "));
            if finding.apps.len() > APPS_SHOWN {
                let _ = write!(out, " and {} more", finding.apps.len() - APPS_SHOWN);
            }
            out.push(')');
        }
        if let Some(help) = &finding.help {
            let _ = write!(out, "<br>{}", markdown(help));
        }
        out.push('\n');
        if let Some(lines) = finding.fix.as_ref().and_then(|fix| suggestion(fix, report)) {
            let _ = write!(out, "\n  ```suggestion\n{lines}  ```\n\n");
        }
    }
    if let Some(rest) = findings.len().checked_sub(PER_RULE).filter(|rest| *rest > 0) {
        let _ = writeln!(out, "- … and {rest} more");
    }
    out.push_str("\n</details>\n");
    out
}

/// Lines of a suggestion; longer ones are for `gitops-lint fix`.
const SUGGESTED: usize = 12;

/// The lines of a file as a fix leaves them, which is what a suggestion on GitHub holds; `None` for edits of several files, of
/// many lines, or beside a secret.
fn suggestion(fix: &Fix, report: &Report) -> Option<String> {
    if fix.applicability == Applicability::DisplayOnly {
        return None;
    }
    let file = report.sources.get(fix.edits.first()?.0.file)?;
    let (mut first, mut last) = (u32::MAX, 0);
    for (at, _) in &fix.edits {
        if at.file != file.id() {
            return None;
        }
        first = first.min(at.start);
        last = last.max(at.end);
    }
    let from = file.line_span(file.line_index(first))?.start;
    // What ends at the start of a line changes the one before.
    let to = if last > from && file.text_or_empty().get(..last as usize)?.ends_with('\n') {
        last
    } else {
        file.line_span(file.line_index(last))?.end
    };
    let whole = Span::new(file.id(), from, to);
    let text = file.slice(whole);
    if file.shown_part(from, to) != text || text.contains("```") {
        return None;
    }
    let mut out = String::new();
    let mut at = from;
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort();
    for (span, new) in edits {
        out.push_str(file.slice(Span::new(file.id(), at, span.start)));
        out.push_str(new);
        at = span.end;
    }
    out.push_str(file.slice(Span::new(file.id(), at, to)));
    let lines: Vec<&str> = out.lines().collect();
    if lines.len() > SUGGESTED || out.contains("```") {
        return None;
    }
    let mut shown = String::new();
    for line in lines {
        let _ = writeln!(shown, "  {}", source(line));
    }
    Some(shown)
}
