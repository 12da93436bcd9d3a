//! Linting: discover and render, run the rules, apply the configuration, group, sort. This is the only place
//! that sorts findings.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::config::Level;
use crate::finding::{Finding, Severity};
use crate::repo::{self, App, AppEntry, Inventory, Rendered, Spec, Workspace};
use crate::rules::{self, Context, Preset, Rule, RuleMeta};
use crate::source::{Sources, TreePath};

pub use crate::repo::Status as AppStatus;

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Run the strict preset too; `None` follows the configuration.
    pub strict: Option<bool>,
    /// Levels given on the command line, which win over the configuration.
    pub levels: Vec<(SmolStr, Level)>,
    /// Run only these rules.
    pub only: Option<Vec<&'static str>>,
}

/// A finding with its identity.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The finding.
    pub finding: Finding,
    /// Stays the same when lines move: 16 hexadecimal digits.
    pub fingerprint: String,
}

/// One line of `gitops-lint apps`.
#[derive(Debug, Clone)]
pub struct AppRow {
    /// Name.
    pub name: Arc<str>,
    /// Kind.
    pub kind: &'static str,
    /// Cluster, when the app says.
    pub cluster: Option<SmolStr>,
    /// Namespace that objects go to.
    pub namespace: SmolStr,
    /// Where it is defined.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// What it renders: path or chart.
    pub source: String,
    /// The revision it names.
    pub revision: Option<SmolStr>,
    /// How far rendering got.
    pub status: AppStatus,
    /// Why not all the way.
    pub reason: Option<String>,
    /// Number of objects.
    pub objects: usize,
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
    /// Objects rendered.
    pub objects: usize,
    /// Findings by severity.
    pub errors: usize,
    /// Findings by severity.
    pub warnings: usize,
    /// Findings by severity.
    pub notes: usize,
}

/// The result of a run.
#[derive(Debug)]
pub struct Report {
    /// What was found, sorted by place.
    pub findings: Vec<Reported>,
    /// Every app.
    pub apps: Vec<AppRow>,
    /// Counts.
    pub summary: Summary,
    /// The files that findings refer to.
    pub sources: Arc<Sources>,
    /// The rules that ran, by name.
    pub rules: BTreeMap<&'static str, &'static RuleMeta>,
}

/// The rules that run, with the severity each reports at.
fn selected(workspace: &Workspace, options: &Options) -> Vec<(&'static dyn Rule, Severity)> {
    let strict = options.strict.or(workspace.config.strict).unwrap_or(false);
    let all = rules::all().into_iter();
    all.filter_map(|rule| {
        let meta = rule.meta();
        if options.only.as_ref().is_some_and(|only| !only.contains(&meta.name)) {
            return None;
        }
        let given = options.levels.iter().rev().find(|(name, _)| name == meta.name).map(|(_, level)| *level);
        let level = given.or_else(|| workspace.config.rules.get(meta.name)?.level);
        match level {
            Some(Level::Off) => None,
            Some(Level::On) => Some((rule, meta.severity)),
            Some(Level::At(severity)) => Some((rule, severity)),
            None if meta.preset == Preset::Strict && !strict && options.only.is_none() => None,
            None => Some((rule, meta.severity)),
        }
    })
    .collect()
}

/// Lints a workspace.
pub fn lint(workspace: &Workspace, options: &Options) -> Report {
    let rules = selected(workspace, options);
    let check = |app: &App, rendered: &Rendered| -> Vec<Finding> {
        let mut findings = Vec::new();
        for (rule, severity) in &rules {
            let mut cx = Context::for_app(workspace, rule.meta(), *severity, app, &rendered.origins);
            for object in &rendered.objects {
                rule.check_object(object, &mut cx);
            }
            rule.check_app(app, rendered, &mut cx);
            findings.append(&mut cx.into_findings());
        }
        findings
    };
    let (inventory, per_app) = repo::analyze(workspace, &check);
    let mut findings: Vec<Finding> = per_app.into_iter().flatten().collect();
    findings.extend(check_files(workspace, &inventory, &rules));
    let repo_findings: Vec<Vec<Finding>> = rules
        .par_iter()
        .map(|(rule, severity)| {
            let mut cx = Context::for_repo(workspace, rule.meta(), *severity, &inventory);
            rule.check_repo(&inventory, &mut cx);
            cx.into_findings()
        })
        .collect();
    findings.extend(repo_findings.into_iter().flatten());
    finish(workspace, &inventory, &rules, findings)
}

fn check_files(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(&'static dyn Rule, Severity)],
) -> Vec<Finding> {
    let files = inventory.scan.files.par_iter();
    let findings: Vec<Vec<Finding>> = files
        .filter_map(|path| workspace.tree.read(path).ok())
        .map(|file| {
            let stream = workspace.cache.stream(&file);
            let mut findings = Vec::new();
            for (rule, severity) in rules {
                let mut cx = Context::for_repo(workspace, rule.meta(), *severity, inventory);
                rule.check_file(&stream, &mut cx);
                findings.append(&mut cx.into_findings());
            }
            findings
        })
        .collect();
    findings.into_iter().flatten().collect()
}

fn finish(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(&'static dyn Rule, Severity)],
    findings: Vec<Finding>,
) -> Report {
    let sources = &workspace.sources;
    let mut findings = grouped(findings);
    findings.retain_mut(|finding| apply_paths(workspace, finding));
    findings.retain(|finding| !is_in_test_data(workspace, inventory, finding));
    let mut sorted: Vec<_> = findings
        .into_iter()
        .map(|finding| {
            let at = finding.primary.at;
            let file = sources.get(at.file).map(|file| Arc::clone(file.name()));
            ((file, at.start, at.end, finding.rule, finding.message.clone()), finding)
        })
        .collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    let findings: Vec<Reported> = sorted
        .into_iter()
        .map(|(_, finding)| Reported { fingerprint: fingerprint(&finding, sources), finding })
        .collect();
    let apps: Vec<AppRow> = inventory.apps.iter().map(|entry| row(entry, sources)).collect();
    let with = |status| apps.iter().filter(|app| app.status == status).count();
    let at = |severity| findings.iter().filter(|it| it.finding.severity == severity).count();
    let summary = Summary {
        files: inventory.scan.files.len(),
        apps: apps.len(),
        rendered: with(AppStatus::Rendered),
        partial: with(AppStatus::Partial),
        failed: with(AppStatus::Failed),
        skipped: with(AppStatus::Skipped),
        objects: inventory.objects.len(),
        errors: at(Severity::Error),
        warnings: at(Severity::Warning),
        notes: at(Severity::Note),
    };
    Report {
        findings,
        apps,
        summary,
        sources: Arc::clone(sources),
        rules: rules.iter().map(|(rule, _)| (rule.meta().name, rule.meta())).collect(),
    }
}

fn row(entry: &AppEntry, sources: &Sources) -> AppRow {
    let app = &entry.app;
    let located = sources.locate(app.place.at);
    let (source, revision) = match &app.spec {
        Spec::Argo(application) => {
            let rendered =
                application.sources.iter().filter(|source| !(application.multi && source.is_ref_only()));
            let name = |source: &crate::argocd::Source| match &source.chart {
                Some(chart) => format!("{} ({})", chart.value, source.repo_url()),
                None => source.path().to_owned(),
            };
            let names: Vec<String> = rendered.clone().map(name).collect();
            let revision = rendered.clone().next().map(|source| SmolStr::new(source.target_revision()));
            (names.join(", "), revision)
        }
        Spec::ArgoSet(set) => (set.generator_names().join(", "), None),
        Spec::FluxKustomization(kustomization, _) => (kustomization.path().to_owned(), None),
        Spec::FluxRelease(release, _) => release.chart_words(),
        Spec::Overlay(dir) | Spec::Chart(dir) => (dir.path.to_string(), None),
    };
    AppRow {
        name: Arc::clone(&app.name),
        kind: app.kind.as_str(),
        cluster: (!app.cluster.is_empty()).then(|| app.cluster.clone()),
        namespace: app.target_namespace.clone(),
        file: located.as_ref().map_or_else(|| "".into(), |(file, ..)| Arc::clone(file)),
        line: located.map_or(1, |(_, start, _)| start.line),
        source,
        revision: revision.filter(|revision| !revision.is_empty()),
        status: entry.status,
        reason: entry.reason.clone(),
        objects: entry.objects,
    }
}

/// The same cause in forty apps is one finding that lists the apps.
fn grouped(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: BTreeMap<(&'static str, crate::source::Span, String), Finding> = BTreeMap::new();
    for finding in findings {
        let key = (finding.rule, finding.primary.at, finding.message.clone());
        match groups.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(finding);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.severity = known.severity.max(finding.severity);
                known.apps.extend(finding.apps);
            }
        }
    }
    let mut findings: Vec<Finding> = groups.into_values().collect();
    for finding in &mut findings {
        finding.apps.sort();
        finding.apps.dedup();
    }
    findings
}

/// Applies `paths:` of the configuration; `false` when the rule is off where the finding is.
fn apply_paths(workspace: &Workspace, finding: &mut Finding) -> bool {
    let Some(file) = workspace.sources.get(finding.primary.at.file) else { return true };
    for path in &workspace.config.paths {
        if !path.matches.is_match(file.name().as_ref()) {
            continue;
        }
        match path.rules.get(finding.rule).and_then(|rule| rule.level) {
            Some(Level::Off) => return false,
            Some(Level::At(severity)) => finding.severity = severity,
            Some(Level::On) | None => {}
        }
    }
    true
}

/// Whether a finding is in documentation or in test data that nothing outside of it renders: what is wrong there may be
/// wrong on purpose.
fn is_in_test_data(workspace: &Workspace, inventory: &Inventory, finding: &Finding) -> bool {
    let file = workspace.sources.get(finding.primary.at.file);
    let Some(path) = file.and_then(|file| TreePath::new(file.name()).ok()) else { return false };
    let uses = |entry: &AppEntry| {
        entry.files.contains(&path) && !entry.app.path.as_ref().is_some_and(repo::is_test_data)
    };
    repo::is_test_data(&path) && !inventory.apps.iter().any(uses)
}

/// Identifies a finding across edits that move or reformat lines: rule, file, object and field, and the words
/// of the primary line without white space.
fn fingerprint(finding: &Finding, sources: &Sources) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    part(finding.rule);
    if let Some(file) = sources.get(finding.primary.at.file) {
        part(file.name());
        let line = file.line_span(file.line_index(finding.primary.at.start));
        let words = line.map(|span| file.slice(span).split_whitespace().collect::<String>());
        part(&words.unwrap_or_default());
    }
    if let Some(object) = &finding.object {
        for text in [&object.group, &object.kind, &object.namespace, &object.name] {
            part(text);
        }
        part(object.field.as_deref().unwrap_or_default());
    }
    part(&finding.key);
    part(&finding.message);
    let digest = hash.finalize();
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
