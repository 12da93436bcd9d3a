//! The machine format, version 1. Fields are only ever added; a change of meaning is a new version.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::cache::Want;
use crate::finding::ObjectRef;
use crate::lint::{AppRow, BaselineEntry, Report, Reported};
use crate::source::{Position, Span};

use super::pretty::Look;
use super::statistics::Statistics;
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
    /// Kinds that were held against no schema.
    #[serde(rename = "uncheckedKinds", skip_serializing_if = "Vec::is_empty")]
    unchecked_kinds: Vec<UncheckedKind<'a>>,
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<super::statistics::Wire>,
}

#[derive(Serialize)]
struct UncheckedKind<'a> {
    group: &'a str,
    kind: &'a str,
    objects: usize,
}

/// A file that could not be looked at.
#[derive(Serialize)]
struct Unreadable<'a> {
    file: String,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
    fingerprint: &'a str,
}

/// What would mend it, not proved.
#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    applicability: &'static str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Edit<'a> {
    file: Arc<str>,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    text: &'a str,
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
    file: String,
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
    /// What `gitops-lint fetch` would bring.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    wants: &'a BTreeSet<Want>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
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
    less_severe: usize,
    other_apps: usize,
    elsewhere: usize,
    third_party: usize,
}

pub(super) fn render(report: &Report, look: Look) -> String {
    let summary = &report.summary;
    let statistics = look.statistics.then(|| Statistics::of(report).wire());
    to_json(&Root {
        version: 1,
        findings: report.findings.iter().map(|reported| finding(reported, report)).collect(),
        suppressed: report
            .suppressed
            .iter()
            .map(|(reported, by)| {
                let (file, at, _) = place(by.at, report);
                let by = Comment { file, line: at.line, reason: &by.reason };
                Suppressed { finding: finding(reported, report), by }
            })
            .collect(),
        fixed: &report.fixed,
        unreadable: report
            .unreadable
            .iter()
            .map(|(file, reason)| Unreadable { file: report.names.in_repository(file), reason })
            .collect(),
        apps: apps(report),
        unchecked_kinds: report
            .unchecked
            .iter()
            .map(|it| UncheckedKind { group: &it.group, kind: &it.kind, objects: it.objects })
            .collect(),
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
            less_severe: summary.left_out.less_severe,
            other_apps: summary.left_out.other_apps,
            elsewhere: summary.left_out.elsewhere,
            third_party: summary.third_party,
        },
        statistics,
    })
}

/// The `apps` array alone, for `gitops-lint apps --format json`.
pub fn render_apps(report: &Report) -> String {
    #[derive(Serialize)]
    struct Apps<'a> {
        version: u32,
        apps: Vec<App<'a>>,
    }
    to_json(&Apps { version: 1, apps: apps(report) })
}

fn apps(report: &Report) -> Vec<App<'_>> {
    report.apps.iter().map(|row| app(row, report.names.in_repository(&row.file))).collect()
}

fn app(row: &AppRow, file: String) -> App<'_> {
    App {
        name: &row.name,
        kind: row.kind,
        cluster: row.cluster.as_deref(),
        namespace: &row.namespace,
        file,
        line: row.line,
        source: &row.source,
        revision: row.revision.as_deref(),
        status: row.status.as_str(),
        reason: row.reason.as_deref(),
        objects: row.objects,
        deployed: row.deployed,
        wants: &row.wants,
    }
}

fn finding<'a>(reported: &'a Reported, report: &Report) -> Finding<'a> {
    let finding = &reported.finding;
    let (file, start, end) = place(finding.primary.at, report);
    Finding {
        rule: &finding.rule,
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
                let (file, at, _) = place(label.at, report);
                Related { file, line: at.line, column: at.column, message: &label.message }
            })
            .collect(),
        apps: &finding.apps,
        object: finding.object.as_ref().map(object),
        fix: finding.fix.as_ref().map(|fix| Fix {
            title: &fix.title,
            applicability: fix.applicability.as_str(),
            edits: fix
                .edits
                .iter()
                .map(|(at, text)| {
                    let (file, start, end) = place(*at, report);
                    Edit {
                        file,
                        line: start.line,
                        column: start.column,
                        end_line: end.line,
                        end_column: end.column,
                        text,
                    }
                })
                .collect(),
        }),
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

fn place(at: Span, report: &Report) -> (Arc<str>, Position, Position) {
    let start = Position { line: 1, column: 1 };
    report.locate(at).unwrap_or_else(|| ("".into(), start, start))
}
