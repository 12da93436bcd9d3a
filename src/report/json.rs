//! The machine format, version 1. Fields are only ever added; a change of meaning is a new version.

use std::sync::Arc;

use serde::Serialize;

use crate::finding::ObjectRef;
use crate::lint::{AppRow, BaselineEntry, Report, Reported};
use crate::source::{Position, Sources, Span};

use super::to_json;

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    findings: Vec<Finding<'a>>,
    suppressed: Vec<Suppressed<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fixed: &'a [BaselineEntry],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<Unreadable<'a>>,
    apps: Vec<App<'a>>,
    summary: Summary,
}

/// A file that could not be looked at.
#[derive(Serialize)]
struct Unreadable<'a> {
    file: &'a str,
    reason: &'a str,
}

/// A finding that a comment hides.
#[derive(Serialize)]
struct Suppressed<'a> {
    #[serde(flatten)]
    finding: Finding<'a>,
    by: Comment<'a>,
}

#[derive(Serialize)]
struct Comment<'a> {
    file: Arc<str>,
    line: u32,
    reason: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    file: Arc<str>,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    related: Vec<Related<'a>>,
    apps: &'a [Arc<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Object<'a>>,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct Related<'a> {
    file: Arc<str>,
    line: u32,
    column: u32,
    message: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a str>,
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

#[derive(Serialize)]
struct App<'a> {
    name: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    file: &'a str,
    line: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    objects: usize,
    deployed: bool,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    apps: usize,
    rendered: usize,
    partial: usize,
    failed: usize,
    skipped: usize,
    deployed: usize,
    covered: usize,
    coverage: f64,
    objects: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    baseline: usize,
    unsure: usize,
    old: usize,
    untouched: usize,
}

pub(super) fn render(report: &Report) -> String {
    let summary = &report.summary;
    to_json(&Root {
        version: 1,
        findings: report.findings.iter().map(|reported| finding(reported, &report.sources)).collect(),
        suppressed: report
            .suppressed
            .iter()
            .map(|(reported, by)| {
                let (file, at, _) = place(by.at, &report.sources);
                let by = Comment { file, line: at.line, reason: &by.reason };
                Suppressed { finding: finding(reported, &report.sources), by }
            })
            .collect(),
        fixed: &report.fixed,
        unreadable: report.unreadable.iter().map(|(file, reason)| Unreadable { file, reason }).collect(),
        apps: apps(&report.apps),
        summary: Summary {
            files: summary.files,
            apps: summary.apps,
            rendered: summary.rendered,
            partial: summary.partial,
            failed: summary.failed,
            skipped: summary.skipped,
            deployed: summary.deployed,
            covered: summary.covered,
            coverage: (summary.coverage() * 10.0).floor() / 10.0,
            objects: summary.objects,
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
            suppressed: report.suppressed.len(),
            baseline: report.known.len(),
            unsure: summary.unsure,
            old: summary.old,
            untouched: summary.untouched,
        },
    })
}

/// The `apps` array alone, for `gitops-lint apps --format json`.
pub fn render_apps(rows: &[AppRow]) -> String {
    #[derive(Serialize)]
    struct Apps<'a> {
        version: u32,
        apps: Vec<App<'a>>,
    }
    to_json(&Apps { version: 1, apps: apps(rows) })
}

fn apps(rows: &[AppRow]) -> Vec<App<'_>> {
    rows.iter().map(app).collect()
}

fn app(row: &AppRow) -> App<'_> {
    App {
        name: &row.name,
        kind: row.kind,
        cluster: row.cluster.as_deref(),
        namespace: &row.namespace,
        file: &row.file,
        line: row.line,
        source: &row.source,
        revision: row.revision.as_deref(),
        status: row.status.as_str(),
        reason: row.reason.as_deref(),
        objects: row.objects,
        deployed: row.deployed,
    }
}

fn finding<'a>(reported: &'a Reported, sources: &Sources) -> Finding<'a> {
    let finding = &reported.finding;
    let (file, start, end) = place(finding.primary.at, sources);
    Finding {
        rule: finding.rule,
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        message: &finding.message,
        help: finding.help.as_deref(),
        file,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        related: finding
            .related
            .iter()
            .map(|label| {
                let (file, at, _) = place(label.at, sources);
                Related { file, line: at.line, column: at.column, message: &label.message }
            })
            .collect(),
        apps: &finding.apps,
        object: finding.object.as_ref().map(object),
        fingerprint: &reported.fingerprint,
    }
}

fn object(object: &ObjectRef) -> Object<'_> {
    Object {
        cluster: object.cluster.as_deref(),
        group: &object.group,
        kind: &object.kind,
        namespace: &object.namespace,
        name: &object.name,
        field: object.field.as_deref(),
    }
}

fn place(at: Span, sources: &Sources) -> (Arc<str>, Position, Position) {
    let start = Position { line: 1, column: 1 };
    sources.locate(at).unwrap_or_else(|| ("".into(), start, start))
}
