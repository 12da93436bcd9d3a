//! What is known about a state, as the protocol says it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::finding::Severity;
use crate::lint::{AppStatus, Reported};
use crate::source::{SourceFile, Span, TreePath};

use super::session::Checked;
use super::text::Encoding;
use super::uri;

/// Apps that are named in a status.
const MAX_NAMED: usize = 50;

/// How far the fleet is rendered, and how much is found.
pub(super) fn status(checked: &Checked) -> Value {
    let apps = &checked.report.apps;
    let open: Vec<_> = apps.iter().filter(|app| app.status != AppStatus::Rendered).collect();
    let message = match open.len() {
        0 => format!("all {} apps rendered", apps.len()),
        open => format!("{open} of {} apps not rendered in full", apps.len()),
    };
    let named = open.iter().take(MAX_NAMED).map(|app| {
        json!({ "name": app.name, "kind": app.kind, "status": app.status.as_str(), "reason": app.reason })
    });
    let findings = &checked.report.findings;
    let of = |severity: Severity| findings.iter().filter(|it| it.finding.severity == severity).count();
    json!({
        "message": message,
        "apps": apps.len(),
        "notRendered": open.len(),
        "notRenderedApps": named.collect::<Vec<Value>>(),
        "errors": of(Severity::Error),
        "warnings": of(Severity::Warning),
        "notes": of(Severity::Note),
    })
}

/// The file of a span, where it is the one at `path`.
pub(super) fn file_at(checked: &Checked, at: Span, path: &TreePath) -> Option<Arc<SourceFile>> {
    checked.workspace.sources.get(at.file).filter(|file| **file.name() == *path.as_str())
}

/// A finding as the protocol says it.
pub(super) fn diagnostic(
    checked: &Checked,
    encoding: Encoding,
    root: &str,
    reported: &Reported,
    file: &SourceFile,
) -> Value {
    let finding = &reported.finding;
    let mut message = finding.message.clone();
    if !finding.primary.message.is_empty() {
        message = format!("{message}\n{}", finding.primary.message);
    }
    if let Some(help) = &finding.help {
        message = format!("{message}\nhelp: {help}");
    }
    let related = finding.related.iter().filter_map(|label| {
        let file = checked.workspace.sources.get(label.at.file)?;
        let path = file.path().cloned().filter(|path| checked.workspace.tree.is_file(path))?;
        let location =
            json!({ "uri": uri::of(root, path.as_str()), "range": encoding.range(&file, label.at) });
        Some(json!({ "location": location, "message": label.message }))
    });
    let severity = match finding.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Note => 3,
    };
    json!({
        "range": encoding.range(file, finding.primary.at),
        "severity": severity,
        "code": finding.rule.as_str(),
        "source": "gitops-lint",
        "message": message,
        "relatedInformation": related.collect::<Vec<Value>>(),
        "data": reported.fingerprint,
    })
}

/// Places in files of the repository.
pub(super) fn locations(checked: &Checked, encoding: Encoding, root: &str, places: BTreeSet<Span>) -> Value {
    let location = |at: Span| {
        let file = checked.workspace.sources.get(at.file)?;
        let path = file.path().cloned().filter(|path| checked.workspace.tree.is_file(path))?;
        let start = encoding.position(&file, at.start);
        let range = json!({ "start": start, "end": encoding.position(&file, at.end) });
        Some(json!({ "uri": uri::of(root, path.as_str()), "range": range }))
    };
    Value::Array(places.into_iter().filter_map(location).collect())
}
