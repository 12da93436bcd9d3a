//! What a change brings: findings that are new, each led to the line of the change that causes it.
//!
//! A finding whose labels stand on such a line says it itself. Of the others, parts of the change are taken back, one after
//! the other, and the repository is linted again: the part without which a finding is not there is its cause. Nothing is
//! guessed, so a finding that needs two parts at once names none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diff::{ChangedFile, Lines, Version};
use crate::finding::{Finding, Label};
use crate::lint::{AppStatus, Report, Reported};
use crate::repo::{Inventory, Workspace};
use crate::source::{OverlayTree, RevertedTree, SourceFile, Span, Tree, TreePath};

/// How often the repository is linted again.
const TRIALS: usize = 32;

/// Lints another state of the head, with the same options.
pub type Again<'a> = dyn Fn(Arc<dyn Tree>) -> Report + 'a;

/// Adds a label to each finding of a report that names the line of the change behind it, where no label of it is on one.
/// `changed` are the files that differ between the two; `again` lints the head with some of it as it was.
pub fn name_causes(
    report: &mut Report,
    (base, head): (&Workspace, &Workspace),
    inventory: &Inventory,
    changed: &BTreeSet<TreePath>,
    again: &Again<'_>,
) {
    let lines = Lines::new(base, head);
    let is_told = |finding: &Finding| {
        let mut labels = std::iter::once(&finding.primary).chain(&finding.related);
        labels.any(|label| lines.of_span(label.at).is_some())
    };
    let told: Vec<bool> = report.findings.iter().map(|it| is_told(&it.finding)).collect();
    let mut pending: Vec<usize> = (0..told.len()).filter(|at| told.get(*at) == Some(&false)).collect();
    let mut search = Search { report, base, head, again, trials: TRIALS };
    let mut found: BTreeMap<usize, Label> = BTreeMap::new();
    for path in search.by_reach(inventory, changed, &pending) {
        if pending.is_empty() || search.trials == 0 {
            break;
        }
        let Some(file) = lines.file(&path) else { continue };
        let whole = [path.clone()].into();
        let tree = RevertedTree::new(Arc::clone(&head.tree), Arc::clone(&base.tree), whole);
        let gone = search.gone(Arc::new(tree), &pending);
        if gone.is_empty() {
            continue;
        }
        let mut rest = gone.clone();
        if file.hunks.len() > 1 {
            for at in 0..file.hunks.len() {
                if rest.is_empty() || search.trials == 0 {
                    break;
                }
                let Some(tree) = search.without(&path, &file, at) else { break };
                let here = search.gone(tree, &rest);
                if let Some(label) = search.label(&file, at) {
                    found.extend(here.iter().map(|it| (*it, label.clone())));
                }
                rest.retain(|it| !here.contains(it));
            }
        }
        // One hunk, or more of them together.
        if let Some(label) = search.label(&file, 0) {
            found.extend(rest.iter().map(|it| (*it, label.clone())));
        }
        pending.retain(|it| !gone.contains(it));
    }
    for (at, label) in found {
        if let Some(reported) = report.findings.get_mut(at) {
            reported.finding.related.push(label);
        }
    }
}

struct Search<'a> {
    report: &'a Report,
    base: &'a Workspace,
    head: &'a Workspace,
    again: &'a Again<'a>,
    trials: usize,
}

impl Search<'_> {
    /// The changed files: first those that most apps of these findings read.
    fn by_reach(
        &self,
        inventory: &Inventory,
        changed: &BTreeSet<TreePath>,
        pending: &[usize],
    ) -> Vec<TreePath> {
        let findings = pending.iter().filter_map(|at| self.report.findings.get(*at));
        let apps: BTreeSet<&str> =
            findings.flat_map(|it| &it.finding.apps).map(std::convert::AsRef::as_ref).collect();
        let entries = inventory.apps.iter().filter(|entry| apps.contains(entry.app.name.as_ref()));
        let mut reach: BTreeMap<&TreePath, usize> = changed.iter().map(|path| (path, 0)).collect();
        for path in entries.flat_map(|entry| &entry.files) {
            if let Some(count) = reach.get_mut(path) {
                *count += 1;
            }
        }
        let mut files: Vec<(&TreePath, usize)> = reach.into_iter().collect();
        files.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        files.into_iter().map(|(path, _)| path.clone()).collect()
    }

    /// Which of these findings are not there in another state. Where an app is rendered less far, its silence proves nothing.
    fn gone(&mut self, tree: Arc<dyn Tree>, among: &[usize]) -> Vec<usize> {
        self.trials = self.trials.saturating_sub(1);
        let after = (self.again)(tree);
        let there: BTreeSet<&str> = after.findings.iter().map(|it| it.fingerprint.as_str()).collect();
        let like: BTreeSet<_> = after.findings.iter().map(|it| kind(it, &after)).collect();
        let full = |report: &Report| -> BTreeSet<Arc<str>> {
            let full = report.apps.iter().filter(|app| app.status == AppStatus::Rendered);
            full.map(|app| Arc::clone(&app.name)).collect()
        };
        let (before, now) = (full(self.report), full(&after));
        let known: BTreeSet<Arc<str>> = after.apps.iter().map(|app| Arc::clone(&app.name)).collect();
        let is_gone = |at: &usize| {
            let Some(it) = self.report.findings.get(*at) else { return false };
            let apps = &it.finding.apps;
            let seen =
                apps.iter().all(|app| !before.contains(app) || now.contains(app) || !known.contains(app));
            seen && !there.contains(it.fingerprint.as_str()) && !like.contains(&kind(it, self.report))
        };
        among.iter().copied().filter(is_gone).collect()
    }

    /// The head with one hunk of a file as it was.
    fn without(&self, path: &TreePath, file: &ChangedFile, at: usize) -> Option<Arc<dyn Tree>> {
        let get = |id| self.head.sources.get(id);
        let (old, new) = (get(file.base?)?, get(file.head?)?);
        let (before, after) = file.hunks.get(at)?;
        let lines = |file: &Arc<SourceFile>| -> Vec<String> {
            file.text_or_empty().split_inclusive('\n').map(str::to_owned).collect()
        };
        let (old, new) = (lines(&old), lines(&new));
        let mut text = new.get(..after.start)?.concat();
        text += &old.get(before.clone())?.concat();
        text += &new.get(after.end..)?.concat();
        let edited = self.head.sources.add(path.as_str(), text.into_bytes());
        Some(Arc::new(OverlayTree::new(Arc::clone(&self.head.tree), [(path.clone(), edited)].into())))
    }

    /// The label of a hunk: its first line, or the first that is gone.
    fn label(&self, file: &ChangedFile, at: usize) -> Option<Label> {
        let (before, after) = file.hunks.get(at)?;
        let (version, line) = match file.head {
            Some(_) if !after.is_empty() => (Version::Head, after.start),
            _ => (Version::Base, before.start),
        };
        let (id, message) = match version {
            Version::Head => (file.head?, "caused by this change"),
            Version::Base => (file.base?, "caused by the removal of this"),
        };
        let source = self.base.sources.get(id)?;
        let at = source.line_span(line)?;
        let text = source.slice(at);
        let start = at.start + (text.len() - text.trim_start().len()) as u32;
        let end = at.start + text.trim_end().len() as u32;
        Some(Label { at: Span::new(id, start.min(end), end), message: message.to_owned() })
    }
}

/// What tells a finding from others but for the lines that it is on.
fn kind<'r>(it: &'r Reported, report: &Report) -> (&'r str, Option<Arc<str>>, &'r str) {
    let file = report.sources.get(it.finding.primary.at.file).map(|file| Arc::clone(file.name()));
    (it.finding.rule.as_str(), file, it.finding.message.as_str())
}
