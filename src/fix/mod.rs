//! Fixes that are proved: what rules offer is applied in memory, the repository is analysed again, and a fix is kept only if
//! its finding is gone, no other finding has come, and the rendered objects changed in what it announces and nothing else.
//!
//! Many fixes are proved at once. Where that fails, those that a failure points at are left out; where it points at none, the
//! rest is halved. What overlaps waits for the next round.

mod candidate;
mod judge;
mod suppress;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config;
use crate::diff::Side;
use crate::finding::{Applicability, Finding, RuleId};
use crate::lint::{self, Report};
use crate::repo::{Analysis, Print, Workspace};
use crate::source::{OverlayTree, SourceFile, Tree, TreePath};

use candidate::{Candidate, Edited, apply, batch};
use judge::{Judgement, judge};

pub use suppress::comment;

/// After so many rounds what still overlaps is left to the next run.
const ROUNDS: usize = 10;

/// What to fix.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which rules run. A proof looks at all that they find.
    pub lint: lint::Options,
    /// Apply what is not safe, too.
    pub not_safe: bool,
    /// Fix what these rules find; `None` for all.
    pub rules: Option<Vec<RuleId>>,
    /// Fix findings with these fingerprints; `None` for all.
    pub among: Option<BTreeSet<String>>,
    /// Suppress the findings by comments instead of mending them, and give this reason.
    pub suppress: Option<String>,
    /// How often the repository may be analysed; 0 for as often as it takes.
    pub attempts: usize,
}

/// A fix and what became of it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The finding. Its places are in the version of the file that it was found in.
    pub finding: Finding,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// What the fix does.
    pub title: String,
    /// Whether it may be applied without asking.
    pub applicability: Applicability,
    /// Why it was not applied; `None` for one that was.
    pub reason: Option<String>,
    /// Objects that changed for it, as far as that can be told apart.
    pub objects: usize,
}

/// What was fixed.
#[derive(Debug)]
pub struct Outcome {
    /// Fixes that were applied, in order.
    pub applied: Vec<Decided>,
    /// Fixes that were not, and why.
    pub left: Vec<Decided>,
    /// The files that change: as they were, as they are.
    pub files: BTreeMap<TreePath, (Arc<SourceFile>, Arc<SourceFile>)>,
    /// What is found afterwards, by the rules that ran.
    pub report: Report,
    /// How often the repository was analysed.
    pub analyses: usize,
}

/// Opens the repository again over another tree, under the same configuration.
pub type Reopen<'a> = dyn Fn(Arc<dyn Tree>) -> Result<Workspace, String> + 'a;

/// A version of the repository: the first, or one with fixes.
struct State {
    /// `None` for the first.
    workspace: Option<Workspace>,
    report: Report,
    changed: BTreeMap<TreePath, Arc<SourceFile>>,
}

/// What is known from other versions: only apps that meet an edit are looked at again.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What was found, under the options that fixes are proved under.
    pub found: &'a Analysis<Vec<Finding>>,
    /// What was rendered.
    pub rendered: &'a Analysis<Print>,
}

struct Prover<'a> {
    first: &'a Workspace,
    reopen: &'a Reopen<'a>,
    options: &'a Options,
    known: Known<'a>,
    analyses: usize,
    left: Vec<Decided>,
}

/// Fixes a repository in memory. What there is to write is in [`Outcome::files`].
pub fn run(workspace: &Workspace, reopen: &Reopen<'_>, options: &Options) -> Result<Outcome, String> {
    let (found, rendered) = (Analysis::default(), Analysis::default());
    run_with(workspace, reopen, options, Known { found: &found, rendered: &rendered })
}

/// The same, for those who know states of the repository already.
pub fn run_with(
    workspace: &Workspace,
    reopen: &Reopen<'_>,
    options: &Options,
    known: Known<'_>,
) -> Result<Outcome, String> {
    let mut prover = Prover { first: workspace, reopen, options, known, analyses: 1, left: Vec::new() };
    let report = lint::lint_again(workspace, &options.lint, known.found);
    let mut state = State { workspace: None, report, changed: BTreeMap::new() };
    let mut applied: Vec<Decided> = Vec::new();
    // What was decided against once is not tried again.
    let mut refused: BTreeSet<(String, String)> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let current = state.workspace.as_ref().unwrap_or(workspace);
        let found = prover.candidates(current, &state.report, &refused);
        let (chosen, waiting) = batch(found);
        if chosen.is_empty() {
            break;
        }
        let known = prover.left.len();
        let (kept, next) = prover.round(&state, chosen)?;
        refused.extend(prover.left.iter().skip(known).map(key));
        let done = kept.is_empty() && waiting.is_empty();
        applied.extend(kept);
        if let Some(next) = next {
            state = next;
        } else if done || waiting.is_empty() {
            break;
        }
    }
    let mut files = BTreeMap::new();
    for (path, after) in &state.changed {
        if let Ok(before) = workspace.tree.read(path) {
            files.insert(path.clone(), (before, Arc::clone(after)));
        }
    }
    let mut left = prover.left;
    left.retain(|it| !applied.iter().any(|done| key(done) == key(it)));
    Ok(Outcome { applied, left, files, report: state.report, analyses: prover.analyses })
}

fn key(it: &Decided) -> (String, String) {
    (it.fingerprint.clone(), it.title.clone())
}

impl Prover<'_> {
    /// The fixes that may be tried, in the order of the findings; those that may not are noted.
    fn candidates(
        &mut self,
        workspace: &Workspace,
        report: &Report,
        refused: &BTreeSet<(String, String)>,
    ) -> Vec<Candidate> {
        let mut all = Vec::new();
        for reported in &report.findings {
            let mut finding = reported.finding.clone();
            if let Some(reason) = &self.options.suppress {
                finding.fix = suppress::comment(&finding, reason, workspace);
            }
            let Some(fix) = &finding.fix else { continue };
            let wanted = self.options.rules.as_ref().is_none_or(|rules| rules.contains(&finding.rule))
                && self.options.among.as_ref().is_none_or(|among| among.contains(&reported.fingerprint));
            if !wanted || refused.contains(&(reported.fingerprint.clone(), fix.title.clone())) {
                continue;
            }
            let reason = match fix.applicability {
                Applicability::Safe => None,
                Applicability::Unsafe if self.options.not_safe => None,
                Applicability::Unsafe => Some("it is not safe: --unsafe applies it".to_owned()),
                Applicability::DisplayOnly => Some("a part of it is left to you".to_owned()),
            };
            match reason.map_or_else(|| candidate::editable(fix, workspace), Err) {
                Ok(paths) => {
                    let (fix, fingerprint) = (fix.clone(), reported.fingerprint.clone());
                    all.push(Candidate { finding, fingerprint, fix, paths });
                }
                Err(reason) => {
                    let it = decided(&finding, &reported.fingerprint, Some(reason));
                    if !self.left.iter().any(|known| key(known) == key(&it)) {
                        self.left.push(it);
                    }
                }
            }
        }
        all
    }

    /// Proves as many fixes as can be, together.
    fn round(
        &mut self,
        base: &State,
        chosen: Vec<Candidate>,
    ) -> Result<(Vec<Decided>, Option<State>), String> {
        let workspace = base.workspace.as_ref().unwrap_or(self.first);
        let side = Side::new(workspace, self.known.rendered);
        self.analyses += 1;
        let mut kept: Vec<Candidate> = Vec::new();
        let mut best = None;
        let mut objects = BTreeMap::new();
        // A stack of parts that are still to be decided; the first part is on top.
        let mut parts = vec![chosen];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            if self.options.attempts > 0 && self.analyses >= self.options.attempts {
                for it in part {
                    self.leave(&it, "it was not proved: too many analyses; run again".to_owned());
                }
                continue;
            }
            let trial: Vec<Candidate> = kept.iter().chain(&part).cloned().collect();
            let Edited { files, lines } = apply(&trial, workspace);
            let mut changed = base.changed.clone();
            changed.extend(files);
            let tree: Arc<dyn Tree> =
                Arc::new(OverlayTree::new(Arc::clone(&self.first.tree), changed.clone()));
            let reconfigures = changed.keys().any(|path| config::FILE_NAMES.contains(&path.as_str()));
            let after = if reconfigures { (self.reopen)(tree)? } else { self.first.beside(tree, None) };
            let report = lint::lint_again(&after, &self.options.lint, self.known.found);
            self.analyses += 1;
            let before = (&side, &base.report);
            let judgement = judge(before, (&after, &report, self.known.rendered), &trial, &lines, kept.len());
            // A trial that failed is not met again.
            self.known.found.forget();
            self.known.rendered.forget();
            match judgement {
                Judgement::Kept(counts) => {
                    kept.extend(part);
                    objects = counts;
                    best = Some(State { workspace: Some(after), report, changed });
                }
                Judgement::Blamed(mut reasons) => {
                    let mut rest = Vec::new();
                    for (index, it) in (kept.len()..).zip(part) {
                        match reasons.remove(&index) {
                            Some(reason) => self.leave(&it, reason),
                            None => rest.push(it),
                        }
                    }
                    parts.push(rest);
                }
                Judgement::Unclear(reason) => {
                    let mut part = part;
                    let second = part.split_off(part.len().div_ceil(2));
                    match part.as_slice() {
                        [alone] if second.is_empty() => self.leave(alone, reason),
                        _ => {
                            parts.push(second);
                            parts.push(part);
                        }
                    }
                }
            }
        }
        let kept = kept.iter().enumerate().map(|(index, it)| {
            let count = objects.get(&index).copied().unwrap_or(0);
            Decided { objects: count, ..decided(&it.finding, &it.fingerprint, None) }
        });
        Ok((kept.collect(), best))
    }

    fn leave(&mut self, it: &Candidate, reason: String) {
        self.left.push(decided(&it.finding, &it.fingerprint, Some(reason)));
    }
}

fn decided(finding: &Finding, fingerprint: &str, reason: Option<String>) -> Decided {
    let fix = finding.fix.as_ref();
    Decided {
        title: fix.map_or_else(String::new, |fix| fix.title.clone()),
        applicability: fix.map_or(Applicability::DisplayOnly, |fix| fix.applicability),
        finding: finding.clone(),
        fingerprint: fingerprint.to_owned(),
        reason,
        objects: 0,
    }
}
