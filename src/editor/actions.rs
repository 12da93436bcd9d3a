//! What can be done about what is found: the fixes of rules, proved before they are offered, and comments that ignore findings.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::finding::{Applicability, Fix};
use crate::fix;
use crate::source::TreePath;

use super::session::{Checked, Session};
use super::text::Encoding;
use super::told::{diagnostic, file_at};
use super::uri;

/// Proofs that one request waits for; what is not proved by then says so.
const MAX_PROOFS: usize = 6;

/// How positions and files are told.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) encoding: Encoding,
    /// The root as the editor names it.
    pub(super) root: &'a str,
}

/// Something that can be done, and the finding that it is about.
struct Offer {
    fingerprint: String,
    title: String,
    fix: Fix,
    suppresses: bool,
    diagnostic: Value,
}

/// What can be done about what is found on some lines of a file, from 0.
pub(super) fn actions(
    session: &mut Session,
    path: &TreePath,
    lines: RangeInclusive<u32>,
    wire: Wire<'_>,
) -> Result<Value, String> {
    let offers = offers(session.check()?, path, &lines, wire);
    let mut actions = Vec::new();
    for (index, offer) in offers.into_iter().enumerate() {
        // Proofs that were made before cost nothing.
        let proof = session.prove(&offer.fingerprint, offer.suppresses, index < MAX_PROOFS);
        let checked = session.check()?;
        let doubt = match &proof {
            Some(Ok(())) => None,
            Some(Err(reason)) => Some(format!("not proved: {reason}")),
            None => Some("not proved".to_owned()),
        };
        let is_safe = offer.fix.applicability == Applicability::Safe && !offer.suppresses;
        let title = match &doubt {
            Some(doubt) => format!("{} ({doubt})", offer.title),
            None => offer.title,
        };
        actions.push(json!({
            "title": title,
            "kind": "quickfix",
            "isPreferred": is_safe && doubt.is_none(),
            "diagnostics": [offer.diagnostic],
            "edit": { "changes": changes(checked, &offer.fix, wire) },
            "data": { "proved": doubt.is_none() },
        }));
    }
    Ok(Value::Array(actions))
}

fn offers(checked: &Checked, path: &TreePath, lines: &RangeInclusive<u32>, wire: Wire<'_>) -> Vec<Offer> {
    let mut fixes = Vec::new();
    let mut comments = Vec::new();
    let mut ignored = BTreeSet::new();
    for reported in &checked.report.findings {
        let finding = &reported.finding;
        let Some(file) = file_at(checked, finding.primary.at, path) else { continue };
        let line = file.line_index(finding.primary.at.start);
        if !lines.contains(&(line as u32)) {
            continue;
        }
        let diagnostic = diagnostic(checked, wire.encoding, wire.root, reported, &file);
        let offer = |title: String, fix: Fix, suppresses: bool| Offer {
            fingerprint: reported.fingerprint.clone(),
            title,
            fix,
            suppresses,
            diagnostic: diagnostic.clone(),
        };
        // What is left to people is no edit.
        let whole = |fix: &&Fix| fix.applicability != Applicability::DisplayOnly;
        if let Some(fix) = finding.fix.as_ref().filter(whole) {
            fixes.push(offer(fix.title.clone(), fix.clone(), false));
        }
        if ignored.insert((&finding.rule, line))
            && let Some(fix) = fix::comment(finding, "reason", &checked.workspace)
        {
            comments.push(offer(format!("Ignore {} on this line", finding.rule), fix, true));
        }
    }
    fixes.append(&mut comments);
    fixes
}

/// The edits of a fix, by file.
fn changes(checked: &Checked, fix: &Fix, wire: Wire<'_>) -> Value {
    let mut changes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (span, text) in &fix.edits {
        let Some(file) = checked.workspace.sources.get(span.file) else { continue };
        let start = wire.encoding.position(&file, span.start);
        let range = json!({ "start": start, "end": wire.encoding.position(&file, span.end) });
        changes
            .entry(uri::of(wire.root, file.name()))
            .or_default()
            .push(json!({ "range": range, "newText": text }));
    }
    json!(changes)
}
