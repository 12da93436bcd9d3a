//! Linting: discover and render, run the rules, apply the configuration, group, sort. This is the only place
//! that sorts findings.
//!
//! What is found and not shown is decided here as well, in this order: paths of the configuration, suppressing
//! comments, the baseline, the base revision, the changed files, the filter.

mod applied;
mod baseline;
mod comment;
mod files;
mod filter;
mod fingerprint;
mod generic;
mod group;
mod names;
mod reach;
mod row;
mod suppress;
mod told;
mod unchecked;
mod unclaimed;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::config::Level;
use crate::finding::{Confidence, Finding, Missing, RuleId, Severity};
use crate::repo::{self, Analysis, App, Inventory, Object, Rendered, Workspace};
use crate::rules::{AnyRule, Context, Preset, Registry};
use crate::source::{FileId, Position, Sources, Span};

pub use crate::repo::Status as AppStatus;
pub use baseline::{Baseline, BaselineEntry};
pub use comment::is_date;
pub use filter::{Filter, LeftOut};
pub use names::Names;
pub use reach::Changed;
pub use row::AppRow;
pub use suppress::Suppressed;
pub use unchecked::UncheckedKind;

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Run the strict preset too; `None` follows the configuration.
    pub strict: Option<bool>,
    /// Levels given on the command line, which win over the configuration.
    pub levels: Vec<(SmolStr, Level)>,
    /// How sure a finding must be to be shown; `None` follows the configuration.
    pub confidence: Option<Confidence>,
    /// Run only these rules, whatever preset they belong to. Levels still count, so `off` wins.
    pub only: Option<Vec<RuleId>>,
    /// The day on which the run takes place, `YYYY-MM-DD`; without it no suppression expires.
    pub today: Option<String>,
    /// Findings that are known and not shown.
    pub baseline: Option<Baseline>,
    /// Fingerprints of the base revision: what has one is not new and not shown.
    pub base: Option<BTreeSet<String>>,
    /// Also show what is wholly inside of fetched charts and repositories.
    pub third_party: bool,
    /// Show only what these files touch.
    pub changed: Option<Changed>,
    /// Show only what is asked for.
    pub filter: Filter,
}

/// A finding with its identity.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The finding.
    pub finding: Finding,
    /// Stays the same when lines move: 16 hexadecimal digits.
    pub fingerprint: String,
}

/// Counts of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Summary {
    /// Files read as YAML.
    pub files: usize,
    /// Apps found.
    pub apps: usize,
    /// Rendered in full.
    pub rendered: usize,
    /// Rendered in part.
    pub partial: usize,
    /// Not rendered because the tool would fail.
    pub failed: usize,
    /// Not rendered because the content is not here.
    pub skipped: usize,
    /// Apps that something deploys.
    pub deployed: usize,
    /// Those of them that are rendered in full.
    pub covered: usize,
    /// Objects rendered.
    pub objects: usize,
    /// Findings by severity.
    pub errors: usize,
    /// Findings by severity.
    pub warnings: usize,
    /// Findings by severity.
    pub notes: usize,
    /// Findings that are not sure enough to be shown.
    pub unsure: usize,
    /// Findings that the base revision has too.
    pub old: usize,
    /// Findings that the changed files do not touch.
    pub untouched: usize,
    /// Findings that were not asked for.
    pub left_out: LeftOut,
    /// Findings that are wholly inside of what was fetched, and not shown.
    pub third_party: usize,
}

impl Summary {
    /// How much of what is deployed was rendered in full, in percent; all of nothing.
    pub fn coverage(&self) -> f64 {
        if self.deployed == 0 {
            return 100.0;
        }
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        100.0 * number(self.covered) / number(self.deployed)
    }
}

/// Apps that are not rendered in full, for one reason.
#[derive(Debug)]
pub struct Gap<'r> {
    /// How far rendering got.
    pub status: AppStatus,
    /// Why not all the way.
    pub reason: &'r str,
    /// The apps, in order.
    pub apps: Vec<&'r AppRow>,
}

impl Report {
    /// What was not rendered in full, by reason, in order of the apps.
    pub fn gaps(&self) -> Vec<Gap<'_>> {
        let mut gaps: Vec<Gap<'_>> = Vec::new();
        let mut known: BTreeMap<(AppStatus, &str), usize> = BTreeMap::new();
        for app in self.apps.iter().filter(|app| app.status != AppStatus::Rendered) {
            let reason = app.reason.as_deref().unwrap_or("unknown reason");
            let index = *known.entry((app.status, reason)).or_insert(gaps.len());
            match gaps.get_mut(index) {
                Some(gap) => gap.apps.push(app),
                None => gaps.push(Gap { status: app.status, reason, apps: vec![app] }),
            }
        }
        gaps
    }
}

/// The result of a run.
#[derive(Debug)]
pub struct Report {
    /// What was found: the worst first, then by place.
    pub findings: Vec<Reported>,
    /// What comments hide, sorted likewise.
    pub suppressed: Vec<(Reported, Suppressed)>,
    /// What the baseline hides, sorted likewise.
    pub known: Vec<Reported>,
    /// Entries of the baseline that nothing has any more.
    pub fixed: Vec<BaselineEntry>,
    /// Files that could not be looked at, and why; in path order.
    pub unreadable: Vec<(String, String)>,
    /// Every app.
    pub apps: Vec<AppRow>,
    /// Kinds that were held against no schema, the most frequent first.
    pub unchecked: Vec<UncheckedKind>,
    /// Counts.
    pub summary: Summary,
    /// Whether only part of what was found is asked for: what is new, or what a change touches.
    pub narrowed: bool,
    /// The files that findings refer to.
    pub sources: Arc<Sources>,
    /// What these files are called for people and for machines.
    pub names: Names,
    /// The rules that ran, by name.
    pub rules: BTreeMap<RuleId, AnyRule>,
}

impl Report {
    /// Where a span lies, for machines: the file as Git knows it.
    pub fn locate(&self, at: Span) -> Option<(Arc<str>, Position, Position)> {
        let (name, start, end) = self.sources.locate(at)?;
        Some((self.names.in_repository(&name).into(), start, end))
    }

    /// Where a span lies, for people: the file as their shell knows it.
    pub fn locate_here(&self, at: Span) -> Option<(Arc<str>, Position, Position)> {
        let (name, start, end) = self.sources.locate(at)?;
        Some((self.names.here(&name).into(), start, end))
    }
}

/// The rules that run, with the severity each reports at.
fn selected(workspace: &Workspace, options: &Options) -> Vec<(AnyRule, Severity)> {
    let strict = options.strict.or(workspace.config.strict).unwrap_or(false);
    let registry = Registry::of(workspace);
    let chosen = registry.iter().filter_map(|rule| {
        let meta = rule.meta();
        if options.only.as_ref().is_some_and(|only| !only.contains(&meta.name)) {
            return None;
        }
        let given = options
            .levels
            .iter()
            .rev()
            .find(|(name, _)| meta.name == *name.as_str())
            .map(|(_, level)| *level);
        let level = given.or_else(|| workspace.config.rules.get(meta.name.as_str())?.level);
        match level {
            Some(Level::Off) => None,
            Some(Level::On) => Some((rule, meta.severity)),
            Some(Level::At(severity)) => Some((rule, severity)),
            None if meta.preset == Preset::Strict && !strict && options.only.is_none() => None,
            None => Some((rule, meta.severity)),
        }
    });
    chosen.map(|(rule, severity)| (rule.clone(), severity)).collect()
}

/// Lints a workspace.
pub fn lint(workspace: &Workspace, options: &Options) -> Report {
    let rules = selected(workspace, options);
    let check = |app: &App, rendered: &Rendered| check_app(workspace, &rules, app, rendered);
    let (inventory, per_app) = repo::analyze(workspace, &check);
    let report = conclude(workspace, options, &rules, &inventory, per_app);
    // Thousands of small parts are put away while the report is written.
    rayon::spawn(move || drop(inventory));
    report
}

/// The same for one of several states of a repository: what `analysis` knows from others is not done again. The rules must
/// be the same every time.
pub fn lint_again(workspace: &Workspace, options: &Options, analysis: &Analysis<Vec<Finding>>) -> Report {
    lint_for_questions(workspace, options, analysis).0
}

/// The same, with what is rendered, for those who have questions about it.
pub fn lint_for_questions(
    workspace: &Workspace,
    options: &Options,
    analysis: &Analysis<Vec<Finding>>,
) -> (Report, Inventory) {
    let rules = selected(workspace, options);
    let check =
        |workspace: &Workspace, app: &App, rendered: &Rendered| check_app(workspace, &rules, app, rendered);
    let (inventory, per_app) = repo::analyze_again(workspace, analysis, &check);
    (conclude(workspace, options, &rules, &inventory, per_app), inventory)
}

/// What the rules about objects and apps find in one app.
fn check_app(
    workspace: &Workspace,
    rules: &[(AnyRule, Severity)],
    app: &App,
    rendered: &Rendered,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    // What only `helm test` makes is not deployed: no advice about how it would run.
    let is_deployed = |object: &&Object| {
        !object.is_helm_test() && (!app.kind.is_loose() || unclaimed::is_of_an_api(object))
    };
    let deployed: Vec<_> = rendered.objects.iter().filter(is_deployed).collect();
    for (rule, severity) in rules {
        let mut cx = Context::for_app(workspace, rule.meta(), *severity, app, &rendered.origins)
            .partial(rendered.incomplete.iter().any(|it| it.missing != Missing::StandIn));
        for object in deployed.iter().copied() {
            rule.check_object(object, &mut cx);
        }
        rule.check_app(app, rendered, &mut cx);
        findings.append(&mut cx.into_findings());
    }
    findings
}

/// What crosses apps, and what becomes of all findings.
fn conclude(
    workspace: &Workspace,
    options: &Options,
    rules: &[(AnyRule, Severity)],
    inventory: &Inventory,
    per_app: Vec<Vec<Finding>>,
) -> Report {
    workspace.watch.phase("checking files and what crosses apps");
    let mut findings: Vec<Finding> = per_app.into_iter().flatten().collect();
    findings.extend(files::check(workspace, inventory, rules));
    findings.extend(unclaimed::check(workspace, inventory, rules));
    let parts = unclaimed::check_parts(workspace, inventory, rules, &findings);
    findings.extend(parts);
    let repo_findings: Vec<Vec<Finding>> = rules
        .par_iter()
        .map(|(rule, severity)| {
            let mut cx = Context::for_repo(workspace, rule.meta(), *severity, inventory);
            rule.check_repo(inventory, &mut cx);
            cx.into_findings()
        })
        .collect();
    findings.extend(repo_findings.into_iter().flatten());
    mend_together(workspace, inventory, rules, &mut findings);
    applied::weigh(workspace, inventory, &mut findings);
    let findings = told::told(workspace, inventory, rules, options, findings);
    finish(workspace, inventory, rules, findings, options)
}

/// Lets rules mend what they found in single apps by what all of them render.
fn mend_together(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
    findings: &mut [Finding],
) {
    let mut by_rule: BTreeMap<RuleId, Vec<&mut Finding>> = BTreeMap::new();
    for finding in findings {
        by_rule.entry(finding.rule.clone()).or_default().push(finding);
    }
    for (rule, _) in rules {
        if let Some(own) = by_rule.get_mut(&rule.meta().name) {
            rule.mend_together(own, inventory, workspace);
        }
    }
}

fn finish(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
    mut findings: Vec<Finding>,
    options: &Options,
) -> Report {
    workspace.watch.phase("grouping, suppressions, sorting");
    let sources = &workspace.sources;
    let homes = group::Homes::new(workspace, inventory);
    for finding in &mut findings {
        homes.begin_at_home(finding);
    }
    generic::without_repetition(&mut findings);
    let mut findings = group::absorbed(group::grouped(findings, inventory), sources);
    findings.retain_mut(|finding| group::apply_paths(workspace, finding));
    let mut test_data: BTreeMap<FileId, bool> = BTreeMap::new();
    findings.retain(|finding| {
        let file = finding.primary.at.file;
        !*test_data.entry(file).or_insert_with(|| group::is_in_test_data(workspace, inventory, file))
    });
    let today = options.today.as_deref();
    let outcome = suppress::apply(workspace, inventory, rules, findings, today);
    let mut findings = identified(outcome.shown, workspace);
    let told = findings.len();
    findings.retain(|Reported { finding, .. }| {
        finding.confidence >= group::least_confidence(workspace, options.confidence, finding)
    });
    let unsure = told - findings.len();
    let told = findings.len();
    if !options.third_party {
        findings.retain(|reported| !homes.is_third_party(&reported.finding));
    }
    let third_party = told - findings.len();
    let (hidden, comments): (Vec<Finding>, Vec<Suppressed>) = outcome.hidden.into_iter().unzip();
    let mut suppressed: Vec<(Reported, Suppressed)> =
        numbered(hidden, workspace).into_iter().zip(comments).collect();
    suppressed.sort_by_cached_key(|(reported, _)| order(&reported.finding, sources));
    let (mut known, mut fixed) = (Vec::new(), Vec::new());
    if let Some(baseline) = &options.baseline {
        let fingerprints: BTreeSet<String> = findings.iter().map(|it| it.fingerprint.clone()).collect();
        let ran = |name: &str| rules.iter().any(|(rule, _)| rule.meta().name == name);
        fixed = baseline.fixed(ran, |fingerprint| fingerprints.contains(fingerprint));
        (known, findings) = findings.into_iter().partition(|it| baseline.knows(&it.fingerprint));
    }
    let all = findings.len();
    if let Some(base) = &options.base {
        findings.retain(|reported| !base.contains(&reported.fingerprint));
    }
    let new = findings.len();
    if let Some(changed) = &options.changed {
        let reach = reach::Reach::new(workspace, inventory, changed);
        findings.retain(|reported| reach.touches(&reported.finding));
        fixed.clear();
    }
    let touched = findings.len();
    let left_out = options.filter.apply(&mut findings, |reported| &reported.finding, sources);
    if !options.filter.is_empty() {
        options.filter.apply(&mut known, |reported| &reported.finding, sources);
        options.filter.apply(&mut suppressed, |(reported, _)| &reported.finding, sources);
        fixed.clear();
    }
    let apps: Vec<AppRow> = inventory.apps.iter().map(|entry| AppRow::of(entry, sources)).collect();
    let with = |status| apps.iter().filter(|app| app.status == status).count();
    let at = |severity| findings.iter().filter(|it| it.finding.severity == severity).count();
    let summary = Summary {
        files: inventory.scan.files.len(),
        apps: apps.len(),
        rendered: with(AppStatus::Rendered),
        partial: with(AppStatus::Partial),
        failed: with(AppStatus::Failed),
        skipped: with(AppStatus::Skipped),
        deployed: apps.iter().filter(|app| app.deployed).count(),
        covered: apps.iter().filter(|app| app.deployed && app.status == AppStatus::Rendered).count(),
        objects: inventory.objects.len(),
        errors: at(Severity::Error),
        warnings: at(Severity::Warning),
        notes: at(Severity::Note),
        unsure,
        old: all - new,
        untouched: new - touched,
        left_out,
        third_party,
    };
    let unreadable = inventory.scan.unreadable.iter().map(|(path, error)| (path.to_string(), error.clone()));
    let unlisted = workspace.tree.unlisted().into_iter();
    let mut unreadable: Vec<(String, String)> =
        unreadable.chain(unlisted).map(|(path, error)| (path, error.to_string())).collect();
    unreadable.sort_unstable();
    Report {
        findings,
        suppressed,
        known,
        fixed,
        unreadable,
        apps,
        unchecked: unchecked::unchecked(inventory),
        summary,
        narrowed: options.base.is_some() || options.changed.is_some() || !options.filter.is_empty(),
        sources: Arc::clone(sources),
        names: Names::default(),
        rules: rules.iter().map(|(rule, _)| (rule.meta().name.clone(), rule.clone())).collect(),
    }
}

/// Findings in order, with their fingerprints.
fn identified(mut findings: Vec<Finding>, workspace: &Workspace) -> Vec<Reported> {
    findings.sort_by_cached_key(|finding| order(finding, &workspace.sources));
    numbered(findings, workspace)
}

fn numbered(findings: Vec<Finding>, workspace: &Workspace) -> Vec<Reported> {
    let fingerprints = fingerprint::fingerprints(&findings, workspace);
    let pairs = findings.into_iter().zip(fingerprints);
    pairs.map(|(finding, fingerprint)| Reported { finding, fingerprint }).collect()
}

/// What findings are sorted by: the worst first, then file, place, rule, message.
type Order = (Reverse<Severity>, Option<Arc<str>>, u32, u32, RuleId, String);

fn order(finding: &Finding, sources: &Sources) -> Order {
    let at = finding.primary.at;
    let file = sources.get(at.file).map(|file| Arc::clone(file.name()));
    (Reverse(finding.severity), file, at.start, at.end, finding.rule.clone(), finding.message.clone())
}
