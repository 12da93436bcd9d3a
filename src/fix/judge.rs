//! Whether fixes did what they announce: their findings are gone, no other has come, nothing else changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diff::{self, How, Line, ObjectChange, Side, Version};
use crate::finding::{Effect, plain_path};
use crate::lint::{Report, Reported};
use crate::repo::{Analysis, Print, Workspace};

use super::candidate::{Candidate, EditedLines};

/// Kinds that define apps.
const DEFINITIONS: [&str; 5] =
    ["Application", "ApplicationSet", "AppProject", "Kustomization", "HelmRelease"];

/// What was seen of a batch.
pub(super) enum Judgement {
    /// All did what they announce; with the objects that changed for each.
    Kept(BTreeMap<usize, usize>),
    /// These did not, and why.
    Blamed(BTreeMap<usize, String>),
    /// Something went wrong, and nothing tells which of them is behind it.
    Unclear(String),
}

/// Findings that only their places tell apart.
type Kind<'r> = (&'r str, Option<Arc<str>>, &'r str);

fn kind<'r>(it: &'r Reported, report: &Report) -> Kind<'r> {
    let file = report.sources.get(it.finding.primary.at.file).map(|file| Arc::clone(file.name()));
    (it.finding.rule.as_str(), file, it.finding.message.as_str())
}

fn counts(report: &Report) -> BTreeMap<Kind<'_>, usize> {
    let mut counts = BTreeMap::new();
    for it in &report.findings {
        *counts.entry(kind(it, report)).or_default() += 1;
    }
    counts
}

/// Judges a batch. The first `proved` of it hold without the rest, so the rest is to blame.
pub(super) fn judge(
    (side, before): (&Side<'_>, &Report),
    (workspace, after, rendered): (&Workspace, &Report, &Analysis<Print>),
    batch: &[Candidate],
    lines: &[EditedLines],
    proved: usize,
) -> Judgement {
    let mut blamed: BTreeMap<usize, String> = BTreeMap::new();
    let mut unclear: Option<String> = None;
    let (old, new) = (counts(before), counts(after));
    let shown: BTreeSet<&str> = after.findings.iter().map(|it| it.fingerprint.as_str()).collect();
    // Findings.
    let mut expected: BTreeMap<Kind<'_>, usize> = BTreeMap::new();
    for (index, it) in batch.iter().enumerate() {
        if !shown.contains(it.fingerprint.as_str()) {
            continue;
        }
        // Of findings that nothing tells apart, the next one may have taken its fingerprint.
        let file = before.sources.get(it.finding.primary.at.file).map(|file| Arc::clone(file.name()));
        let key = (it.finding.rule.as_str(), file, it.finding.message.as_str());
        let gone = expected.entry(key.clone()).or_default();
        *gone += 1;
        let left = old.get(&key).copied().unwrap_or(0).saturating_sub(*gone);
        if new.get(&key).copied().unwrap_or(0) > left && index >= proved {
            blamed.insert(index, "the finding would still be there".to_owned());
        }
    }
    let known: BTreeSet<&str> = before.findings.iter().map(|it| it.fingerprint.as_str()).collect();
    for it in &after.findings {
        let key = kind(it, after);
        let more = new.get(&key) > old.get(&key);
        if known.contains(it.fingerprint.as_str()) || !more {
            continue;
        }
        let place = after.locate(it.finding.primary.at);
        let shown =
            place.as_ref().map_or_else(String::new, |(file, at, _)| format!(" at {file}:{}", at.line));
        let reason = format!("`{}` would be found{shown}: {}", it.finding.rule, it.finding.message);
        let file = after.sources.get(it.finding.primary.at.file).map(|file| Arc::clone(file.name()));
        let line = place.map_or(0, |(_, at, _)| at.line);
        let by = lines.iter().filter(|it| Some(&it.file) == file.as_ref() && it.after.contains(&line));
        blame(by.map(|it| it.by), proved, &reason, &mut blamed, &mut unclear);
    }
    if !blamed.is_empty() {
        return Judgement::Blamed(blamed);
    }
    // Objects.
    let diff = diff::between(side, &Side::new(workspace, rendered));
    if let Some(open) = diff.open.iter().find(|open| open.is_new) {
        unclear.get_or_insert(format!("`{}` would not be rendered in full: {}", open.app, open.reason));
    }
    let mut objects: BTreeMap<usize, usize> = BTreeMap::new();
    for app in &diff.apps {
        for object in &app.objects {
            let mut for_it = BTreeSet::new();
            for field in object.fields.iter().filter(|field| !field.follows) {
                let cause = field.cause.and_then(|cause| diff.causes.get(cause)).map(|cause| &cause.line);
                let behind: BTreeSet<usize> = match cause {
                    Some(cause) => lines.iter().filter(|it| covers(it, cause)).map(|it| it.by).collect(),
                    None => BTreeSet::new(),
                };
                let permits = |index: &usize| {
                    batch.get(*index).is_some_and(|it| permits(it, &app.plain, object, &field.path))
                };
                let permitted = if behind.is_empty() {
                    (0..batch.len()).find(permits)
                } else {
                    behind.iter().copied().find(permits)
                };
                if let Some(index) = permitted {
                    for_it.insert(index);
                    continue;
                }
                let reason = format!("{} would change, too", named(object, &field.path, &app.name));
                blame(behind.into_iter(), proved, &reason, &mut blamed, &mut unclear);
            }
            for index in for_it {
                *objects.entry(index).or_default() += 1;
            }
        }
    }
    match (blamed.is_empty(), unclear) {
        (false, _) => Judgement::Blamed(blamed),
        (true, Some(reason)) => Judgement::Unclear(reason),
        (true, None) => Judgement::Kept(objects),
    }
}

fn blame(
    by: impl Iterator<Item = usize>,
    proved: usize,
    reason: &str,
    blamed: &mut BTreeMap<usize, String>,
    unclear: &mut Option<String>,
) {
    let mut any = false;
    for index in by.filter(|index| *index >= proved) {
        any = true;
        blamed.entry(index).or_insert_with(|| reason.to_owned());
    }
    if !any {
        unclear.get_or_insert_with(|| reason.to_owned());
    }
}

fn covers(it: &EditedLines, line: &Line) -> bool {
    let lines = match line.version {
        Version::Head => &it.after,
        Version::Base => &it.before,
    };
    it.file == line.file && lines.contains(&line.line)
}

/// Whether a fix announces a change.
fn permits(it: &Candidate, app: &str, object: &ObjectChange, path: &str) -> bool {
    let apps = &it.finding.apps;
    let own = apps.is_empty() || apps.iter().any(|name| name.as_ref() == app);
    match &it.fix.effect {
        Effect::Nothing => false,
        Effect::Apps => own || DEFINITIONS.contains(&object.object.kind.as_str()),
        Effect::Fields(fields) => {
            let path = plain_path(path);
            let below = |a: &str, b: &str| {
                a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let fits = |path: &str, field: &str| below(path, field) || below(field, path);
            let ends = |path: &str, field: &str| {
                let starts = std::iter::once(0).chain(path.match_indices('.').map(|(at, _)| at + 1));
                starts.into_iter().any(|at| path.get(at..).is_some_and(|end| fits(end, field)))
            };
            (own || DEFINITIONS.contains(&object.object.kind.as_str()))
                && object.how == How::Same
                && !path.is_empty()
                && fields.iter().any(|field| match field.strip_prefix("**.") {
                    Some(field) => ends(&path, field),
                    None => fits(&path, field),
                })
        }
    }
}

fn named(object: &ObjectChange, path: &str, app: &str) -> String {
    let it = &object.object;
    let field = if path.is_empty() { String::new() } else { format!(" {path}") };
    format!("{}/{}{field} of {app}", it.kind, it.name)
}
