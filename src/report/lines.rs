//! For people who want less than snippets: a line per finding (`concise`), or the findings of each file under its name
//! (`grouped`).

use std::fmt::Write as _;
use std::sync::Arc;

use crate::finding::{Confidence, Finding, Severity};
use crate::lint::{Report, Reported};
use crate::source::Position;

use super::pretty::{Look, Paint, closing, limited, more};
use super::{text, wrap};

/// `file:line:column: severity[rule] message`, a line each.
pub(super) fn concise(report: &Report, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    let shown = limited(report, look);
    for reported in shown {
        let finding = &reported.finding;
        let place = report.locate_here(finding.primary.at);
        let place = place.map_or_else(String::new, |(file, at, _)| {
            format!("{}:{}:{}: ", text::plain(&file), at.line, at.column)
        });
        let head =
            paint.severity(finding.severity, &format!("{}[{}]", finding.severity.as_str(), finding.rule));
        let _ = writeln!(out, "{}{head} {}", paint.bold(&place), words(finding));
    }
    more(&mut out, report, look);
    out
}

/// The message on one line, and how sure it is where it is not certain.
fn words(finding: &Finding) -> String {
    let message = text::plain(&finding.message);
    match finding.confidence {
        Confidence::Certain => message,
        less => format!("{message} ({})", less.as_str()),
    }
}

/// A finding and where it begins.
type Row<'a> = (&'a Reported, Position);

/// The findings of each file under its name; files with worse findings first.
pub(super) fn grouped(report: &Report, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut files: Vec<(Arc<str>, Vec<Row<'_>>)> = Vec::new();
    for reported in limited(report, look) {
        let start = Position { line: 1, column: 1 };
        let (file, at, _) =
            report.locate_here(reported.finding.primary.at).unwrap_or_else(|| ("".into(), start, start));
        match files.iter_mut().find(|(known, _)| *known == file) {
            Some((_, rows)) => rows.push((reported, at)),
            None => files.push((file, vec![(reported, at)])),
        }
    }
    let mut out = String::new();
    for (file, mut rows) in files {
        rows.sort_by_key(|(_, at)| *at);
        let _ = writeln!(out, "{}", paint.bold(&text::plain(&file)));
        let places: Vec<String> = rows.iter().map(|(_, at)| format!("{}:{}", at.line, at.column)).collect();
        let width = places.iter().map(String::len).max().unwrap_or_default();
        for ((reported, _), place) in rows.iter().zip(&places) {
            let finding = &reported.finding;
            let word = format!("{:7}", finding.severity.as_str());
            let head = format!("  {place:>width$}  {word}  ");
            let words = format!("{} [{}]", words(finding), finding.rule);
            let body = wrap::hanging(&words, look.width, head.len(), head.len());
            let rule = format!("[{}]", finding.rule);
            let body = match body.strip_suffix(&rule) {
                Some(message) => format!("{message}{}", paint.dim(&rule)),
                None => body,
            };
            let word = paint.severity(finding.severity, &word);
            let _ = writeln!(out, "  {place:>width$}  {word}  {body}");
        }
        out.push('\n');
    }
    more(&mut out, report, look);
    if !look.quiet {
        closing(&mut out, report, look);
    }
    out
}

/// How many findings there are of each rule, severity and app.
pub(super) fn statistics(report: &Report, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    let counts = super::statistics::Statistics::of(report);
    let mut table = |title: &str, rows: Vec<(usize, Option<Severity>, String)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(out, "{}", paint.bold(title));
        let width = rows.iter().map(|(number, ..)| number.to_string().len()).max().unwrap_or_default();
        for (number, severity, name) in rows {
            let name = text::plain(&name);
            let name = match severity {
                Some(severity) => {
                    format!("{}  {name}", paint.severity(severity, &format!("{:7}", severity.as_str())))
                }
                None => name,
            };
            let _ = writeln!(out, "  {number:>width$}  {name}");
        }
        out.push('\n');
    };
    table(
        "findings by severity",
        counts.severities.iter().map(|(it, number)| (*number, None, it.as_str().to_owned())).collect(),
    );
    let rules = counts.rules.iter();
    table(
        "findings by rule",
        rules.map(|rule| (rule.findings, Some(rule.severity), rule.rule.to_string())).collect(),
    );
    table(
        "findings by app",
        counts.apps.iter().map(|(app, number)| (*number, None, app.to_string())).collect(),
    );
    if !look.quiet {
        super::pretty::verdict(&mut out, report, look);
    }
    out
}
