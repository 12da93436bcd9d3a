//! SARIF 2.1.0, as GitHub code scanning and other viewers read it.
//!
//! Specification: OASIS SARIF 2.1.0. One run, one tool, one result per finding; related labels become
//! `relatedLocations` and, in order, the one code flow: the chain that led to the finding. The fingerprint becomes
//! `partialFingerprints`. What comments and the baseline hide is there as well, with `suppressions`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::{Confidence, Label};
use crate::lint::{AppRow, AppStatus, Report, Reported};
use crate::source::Span;

use super::{GAP_APPS, GAPS_SHOWN, count, coverage_words, gap_words, page_url, to_json};

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation<'a>; 1],
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

/// What was not looked at: a run that found nothing and one that could not look must not be alike.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    descriptor: NotificationId,
    level: &'static str,
    message: Message<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
struct NotificationId {
    id: &'static str,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<RuleDescriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleDescriptor<'a> {
    id: &'a str,
    short_description: Message<'a>,
    full_description: Message<'a>,
    help: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Properties<'a> {
    tags: Vec<&'a str>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: std::borrow::Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    rank: f64,
    message: Message<'a>,
    locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow<'a>>,
    partial_fingerprints: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'a> {
    description: Message<'a>,
    artifact_changes: Vec<ArtifactChange<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'a> {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Message<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow<'a> {
    thread_flows: [ThreadFlow<'a>; 1],
}

#[derive(Serialize)]
struct ThreadFlow<'a> {
    locations: Vec<ThreadFlowLocation<'a>>,
}

#[derive(Serialize)]
struct ThreadFlowLocation<'a> {
    location: Location<'a>,
}

#[derive(Serialize)]
struct Suppression<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are SARIF's")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

pub(super) fn render(report: &Report) -> String {
    let suppressed = report.suppressed.iter().map(|(reported, by)| {
        let location = physical(by.at, report);
        let suppression = Suppression {
            kind: "inSource",
            justification: Some(by.reason.as_str()).filter(|reason| !reason.is_empty()),
            location: location.map(|physical_location| Location {
                id: None,
                physical_location,
                message: None,
            }),
        };
        (reported, vec![suppression])
    });
    let known = report.known.iter().map(|reported| {
        let justification = Some("known to the baseline");
        (reported, vec![Suppression { kind: "external", justification, location: None }])
    });
    let shown = report.findings.iter().map(|reported| (reported, Vec::new()));
    let all: Vec<(&Reported, Vec<Suppression<'_>>)> = shown.chain(known).chain(suppressed).collect();
    let mut used: BTreeMap<&str, usize> =
        all.iter().map(|(reported, _)| (reported.finding.rule.as_str(), 0)).collect();
    for (index, at) in used.values_mut().enumerate() {
        *at = index;
    }
    let rules = used.keys().filter_map(|name| report.rules.get(*name)).map(|rule| rule.meta());
    let rules = rules.map(|meta| RuleDescriptor {
        id: &meta.name,
        short_description: plain(&meta.summary),
        full_description: plain(&meta.summary),
        help: Message { text: meta.summary.as_str().into(), markdown: Some(&meta.page) },
        help_uri: page_url(meta),
        default_configuration: Configuration { level: meta.severity.as_str() },
        properties: Properties { tags: vec![meta.subject, meta.preset.as_str()] },
    });
    to_json(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "gitops-lint",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules.collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: notifications(report),
            }],
            column_kind: "unicodeCodePoints",
            results: all
                .into_iter()
                .map(|(reported, suppressions)| result(reported, suppressions, report, &used))
                .collect(),
        }],
    })
}

/// What was not rendered or read, and how much that is.
fn notifications(report: &Report) -> Vec<Notification<'_>> {
    let notification = |id, level, text: String, locations| Notification {
        descriptor: NotificationId { id },
        level,
        message: Message { text: text.into(), markdown: None },
        locations,
    };
    let at = |app: &AppRow| {
        let region = Region { start_line: app.line, start_column: 1, end_line: app.line, end_column: 1 };
        let artifact_location = ArtifactLocation { uri: uri(&app.file) };
        Location {
            id: None,
            physical_location: PhysicalLocation { artifact_location, region },
            message: None,
        }
    };
    let mut all = vec![notification("coverage", "note", coverage_words(&report.summary), Vec::new())];
    let gaps = report.gaps();
    for gap in gaps.iter().take(GAPS_SHOWN) {
        let level = if gap.status == AppStatus::Failed { "error" } else { "warning" };
        let located = gap.apps.iter().filter(|app| !app.file.is_empty()).take(GAP_APPS);
        all.push(notification("not-rendered", level, gap_words(gap), located.map(|app| at(app)).collect()));
    }
    if let Some(rest) = gaps.len().checked_sub(GAPS_SHOWN).filter(|rest| *rest > 0) {
        let words = format!("and {}: `gitops-lint apps` lists all", count(rest, "more reason"));
        all.push(notification("not-rendered", "warning", words, Vec::new()));
    }
    for (file, reason) in &report.unreadable {
        all.push(notification("not-read", "warning", format!("`{file}` was not read: {reason}"), Vec::new()));
    }
    all
}

fn result<'a>(
    reported: &'a Reported,
    suppressions: Vec<Suppression<'a>>,
    report: &Report,
    rules: &BTreeMap<&str, usize>,
) -> SarifResult<'a> {
    let finding = &reported.finding;
    let mut text = finding.message.clone();
    if let Some(help) = &finding.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    if !finding.apps.is_empty() {
        text.push_str("\naffects ");
        text.push_str(&finding.apps.join(", "));
    }
    let related = finding.related.iter().enumerate().filter_map(|(index, label)| {
        Some(Location {
            id: Some(index + 1),
            physical_location: physical(label.at, report)?,
            message: (!label.message.is_empty()).then(|| plain(&label.message)),
        })
    });
    let primary = physical(finding.primary.at, report);
    let step = |label: &'a Label| {
        let words = if label.message.is_empty() { &finding.message } else { &label.message };
        let physical_location = physical(label.at, report)?;
        Some(ThreadFlowLocation {
            location: Location { id: None, physical_location, message: Some(plain(words)) },
        })
    };
    let steps = std::iter::once(&finding.primary).chain(&finding.related).filter_map(step).collect();
    let chain = CodeFlow { thread_flows: [ThreadFlow { locations: steps }] };
    SarifResult {
        rule_id: &finding.rule,
        rule_index: rules.get(finding.rule.as_str()).copied().unwrap_or_default(),
        level: finding.severity.as_str(),
        rank: rank(finding.confidence),
        message: Message { text: text.into(), markdown: None },
        locations: primary
            .into_iter()
            .map(|physical_location| Location { id: None, physical_location, message: None })
            .collect(),
        related_locations: related.collect(),
        code_flows: if finding.related.is_empty() { Vec::new() } else { vec![chain] },
        fixes: finding.fix.iter().filter_map(|fix| fixed(fix, report)).collect(),
        suppressions,
        partial_fingerprints: BTreeMap::from([("gitopsLint/v1", reported.fingerprint.as_str())]),
    }
}

/// A fix; `None` where a part of it is in no file that can be named.
fn fixed<'a>(fix: &'a crate::finding::Fix, report: &Report) -> Option<Fix<'a>> {
    let mut changes: Vec<ArtifactChange<'a>> = Vec::new();
    for (at, text) in &fix.edits {
        let PhysicalLocation { artifact_location, region } = physical(*at, report)?;
        let replacement = Replacement { deleted_region: region, inserted_content: plain(text) };
        let known = changes.iter_mut().find(|it| it.artifact_location.uri == artifact_location.uri);
        match known {
            Some(change) => change.replacements.push(replacement),
            None => changes.push(ArtifactChange { artifact_location, replacements: vec![replacement] }),
        }
    }
    let description = plain(&fix.title);
    (!changes.is_empty()).then_some(Fix { description, artifact_changes: changes })
}

/// SARIF has no confidence; a rank from 0 to 100 orders results of one level, which is what confidence is for.
fn rank(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::Certain => 100.0,
        Confidence::Likely => 75.0,
        Confidence::Possible => 25.0,
    }
}

fn physical(at: Span, report: &Report) -> Option<PhysicalLocation> {
    let (file, start, end) = report.locate(at)?;
    Some(PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri(&file) },
        region: Region {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
        },
    })
}

/// A relative URI reference: everything outside of the unreserved set and `/` is percent-encoded.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@!+,=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn plain(text: &str) -> Message<'_> {
    Message { text: text.into(), markdown: None }
}
