//! The machine format, version 1. Fields are only ever added; a change of meaning is a new version.

use std::sync::Arc;

use serde::Serialize;

use crate::finding::{Label, ObjectRef};
use crate::lint::{AppRow, Report, Reported};
use crate::source::{Position, Sources};

use super::to_json;

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    findings: Vec<Finding<'a>>,
    apps: Vec<App<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule: &'a str,
    severity: &'static str,
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
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    apps: usize,
    rendered: usize,
    partial: usize,
    failed: usize,
    skipped: usize,
    objects: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

pub(super) fn render(report: &Report) -> String {
    let summary = &report.summary;
    to_json(&Root {
        version: 1,
        findings: report.findings.iter().map(|reported| finding(reported, &report.sources)).collect(),
        apps: apps(&report.apps),
        summary: Summary {
            files: summary.files,
            apps: summary.apps,
            rendered: summary.rendered,
            partial: summary.partial,
            failed: summary.failed,
            skipped: summary.skipped,
            objects: summary.objects,
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
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
    }
}

fn finding<'a>(reported: &'a Reported, sources: &Sources) -> Finding<'a> {
    let finding = &reported.finding;
    let (file, start, end) = place(&finding.primary, sources);
    Finding {
        rule: finding.rule,
        severity: finding.severity.as_str(),
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
                let (file, at, _) = place(label, sources);
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

fn place(label: &Label, sources: &Sources) -> (Arc<str>, Position, Position) {
    let start = Position { line: 1, column: 1 };
    sources.locate(label.at).unwrap_or_else(|| ("".into(), start, start))
}
