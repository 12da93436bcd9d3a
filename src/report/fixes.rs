//! What `gitops-lint fix` did or would do: for people, as a diff, as JSON (version 1).

use std::fmt::Write as _;

use serde::Serialize;

use crate::finding::Applicability;
use crate::fix::{Decided, Outcome};
use crate::lint::Names;

use super::pretty::{Look, Paint};
use super::{count, text, to_json};

/// Fixes that were left, listed one by one; the rest is counted.
const LEFT_SHOWN: usize = 20;

/// What was done, a line per fix. `wrote` tells whether files were changed or only would be.
pub fn fix_text(outcome: &Outcome, names: &Names, wrote: bool, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    for it in &outcome.applied {
        let place = text::plain(&place(it, outcome, names));
        let title = text::plain(&it.title);
        let changes = match it.objects {
            0 => "nothing that is applied changes".to_owned(),
            objects => format!("{} changed", count(objects, "object")),
        };
        let _ = writeln!(out, "{place}: {}: {title} {}", it.finding.rule, paint.dim(&format!("({changes})")));
    }
    let needs = |it: &&Decided| it.applicability == Applicability::Unsafe && is_unasked(it);
    let not_safe = outcome.left.iter().filter(needs).count();
    let shown: Vec<&Decided> = outcome.left.iter().filter(|it| !needs(it)).collect();
    for it in shown.iter().take(LEFT_SHOWN) {
        let place = text::plain(&place(it, outcome, names));
        let (title, reason) = (text::plain(&it.title), text::plain(it.reason.as_deref().unwrap_or_default()));
        let words = format!("{place}: {}: not done: {title}: {reason}", it.finding.rule);
        let _ = writeln!(out, "{}", paint.dim(&words));
    }
    if let Some(rest) = shown.len().checked_sub(LEFT_SHOWN).filter(|rest| *rest > 0) {
        let _ = writeln!(out, "{}", paint.dim(&format!("and {}", count(rest, "more that was not done"))));
    }
    let verb = if wrote { "fixed" } else { "can be fixed" };
    let mut parts = vec![format!(
        "{} {verb} in {}",
        count(outcome.applied.len(), "finding"),
        count(outcome.files.len(), "file")
    )];
    if not_safe > 0 {
        parts.push(format!("{} with --unsafe", count(not_safe, "more fix")));
    }
    if !shown.is_empty() {
        parts.push(format!("{} left as a suggestion", count(shown.len(), "fix")));
    }
    let _ = writeln!(out, "{}", paint.bold(&parts.join("; ")));
    out
}

fn is_unasked(it: &Decided) -> bool {
    it.reason.as_deref().is_some_and(|reason| reason.contains("--unsafe"))
}

/// The files as a unified diff, as `git apply` takes it from the root.
pub fn fix_diff(outcome: &Outcome, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    for (path, (before, after)) in &outcome.files {
        let name = path.as_str();
        // What analysing marked as secret is not shown, in either version.
        let (before, after) = (before.shown(), after.shown());
        let diff = similar::TextDiff::from_lines(before.as_ref(), after.as_ref());
        let shown = diff
            .unified_diff()
            .context_radius(3)
            .header(&format!("a/{name}"), &format!("b/{name}"))
            .to_string();
        for line in shown.split_inclusive('\n') {
            let bare = text::source(line.trim_end_matches('\n')).into_owned();
            let colored = match line.as_bytes().first() {
                Some(b'+') => paint.green(&bare),
                Some(b'-') => paint.red(&bare),
                _ => bare,
            };
            out.push_str(&colored);
            out.push('\n');
        }
    }
    out
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    applied: Vec<Wire<'a>>,
    left: Vec<Wire<'a>>,
    files: Vec<String>,
    analyses: usize,
}

#[derive(Serialize)]
struct Wire<'a> {
    rule: &'a str,
    file: String,
    line: u32,
    message: &'a str,
    title: &'a str,
    applicability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    objects: usize,
    fingerprint: &'a str,
}

/// What was done, for machines.
pub fn fix_json(outcome: &Outcome, names: &Names) -> String {
    fn wire<'a>(it: &'a Decided, outcome: &Outcome, names: &Names) -> Wire<'a> {
        let at = outcome.report.sources.locate(it.finding.primary.at);
        Wire {
            rule: &it.finding.rule,
            file: at.as_ref().map_or_else(String::new, |(file, ..)| names.in_repository(file)),
            line: at.map_or(1, |(_, at, _)| at.line),
            message: &it.finding.message,
            title: &it.title,
            applicability: it.applicability.as_str(),
            reason: it.reason.as_deref(),
            objects: it.objects,
            fingerprint: &it.fingerprint,
        }
    }
    to_json(&Root {
        version: 1,
        applied: outcome.applied.iter().map(|it| wire(it, outcome, names)).collect(),
        left: outcome.left.iter().map(|it| wire(it, outcome, names)).collect(),
        files: outcome.files.keys().map(|path| names.in_repository(path.as_str())).collect(),
        analyses: outcome.analyses,
    })
}

fn place(it: &Decided, outcome: &Outcome, names: &Names) -> String {
    match outcome.report.sources.locate(it.finding.primary.at) {
        Some((file, at, _)) => format!("{}:{}", names.here(&file), at.line),
        None => String::new(),
    }
}
