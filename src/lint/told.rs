//! What fails is told, and told once: what follows from a cause joins the finding about the cause, and an app that fails
//! without a finding of its own gets one.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Level;
use crate::finding::{Confidence, Finding, Label, Problem, Severity};
use crate::repo::{AppEntry, AppKind, Inventory, Labels, Spec, Status, Workspace};
use crate::rules::{self, AnyRule, Context};
use crate::source::{FileId, Span, TreePath};

use super::Options;

/// The rule that speaks where no other does: this module reports for it.
const FAILED: &str = "failed-app";

/// Rules about what a tool stops at.
const CONSEQUENCES: [&str; 2] = ["render-failure", "kustomize-build-failure"];

/// Rules about the bytes of a file that tools stop at, and whether what stands anywhere in the file follows from them.
const CAUSES: [(&str, bool); 3] = [("syntax-error", true), ("duplicate-key", false), ("alias-bomb", true)];

/// Tells what fails.
pub(super) fn told(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
    options: &Options,
    findings: Vec<Finding>,
) -> Vec<Finding> {
    let mut findings = folded(findings);
    let untold = untold(workspace, inventory, rules, options, &findings);
    findings.extend(untold);
    findings
}

/// A file that is no YAML, and the build that stumbles over it, are one mistake: the finding about the file lists the
/// apps that fail for it, and is as bad as that.
fn folded(findings: Vec<Finding>) -> Vec<Finding> {
    let mut causes: BTreeMap<FileId, Vec<(Span, bool, usize)>> = BTreeMap::new();
    let (consequences, mut kept): (Vec<Finding>, Vec<Finding>) =
        findings.into_iter().partition(|finding| CONSEQUENCES.contains(&finding.rule.as_str()));
    for (index, finding) in kept.iter().enumerate() {
        if let Some((_, whole)) = CAUSES.iter().find(|(rule, _)| finding.rule == *rule) {
            let at = finding.primary.at;
            causes.entry(at.file).or_default().push((at, *whole, index));
        }
    }
    let touch = |a: Span, b: Span| a.start <= b.end && b.start <= a.end;
    for finding in consequences {
        let at = finding.primary.at;
        let cause = causes.get(&at.file).into_iter().flatten();
        let cause =
            cause.filter(|(span, whole, _)| *whole || touch(*span, at)).map(|(.., index)| *index).next();
        match cause.and_then(|index| kept.get_mut(index)) {
            Some(cause) => {
                cause.severity = cause.severity.max(finding.severity);
                cause.apps.extend(finding.apps);
            }
            None => kept.push(finding),
        }
    }
    kept
}

/// Findings for apps that fail although no rule says so.
fn untold(
    workspace: &Workspace,
    inventory: &Inventory,
    rules: &[(AnyRule, Severity)],
    options: &Options,
    findings: &[Finding],
) -> Vec<Finding> {
    let Some((rule, severity)) = rules.iter().find(|(rule, _)| rule.meta().name == FAILED) else {
        return Vec::new();
    };
    let mut failed = inventory.apps.iter().filter(|entry| entry.status == Status::Failed).peekable();
    if failed.peek().is_none() {
        return Vec::new();
    }
    let told = Told::of(findings, workspace);
    let mut cx = Context::for_repo(workspace, rule.meta(), *severity, inventory);
    for entry in failed {
        let problem = failing(entry);
        let about = rules::rules_about(problem.map(|problem| problem.kind));
        // Who switches a rule off does not want to hear the same from another.
        let off = about.first().is_some_and(|rule| is_off(rule, workspace, options));
        if !off && !told.of_app(entry, problem, about) {
            report(entry, problem, workspace, inventory, &mut cx);
        }
    }
    cx.into_findings()
}

/// What findings say, by what asks for it.
struct Told<'f> {
    apps: BTreeSet<(&'f str, &'f str)>,
    spans: BTreeSet<(&'f str, Span)>,
    broken: BTreeSet<TreePath>,
}

impl<'f> Told<'f> {
    fn of(findings: &'f [Finding], workspace: &Workspace) -> Self {
        let mut told = Self { apps: BTreeSet::new(), spans: BTreeSet::new(), broken: BTreeSet::new() };
        for finding in findings {
            told.apps.extend(finding.apps.iter().map(|app| (finding.rule.as_str(), &**app)));
            let labels = std::iter::once(&finding.primary).chain(&finding.related);
            told.spans.extend(labels.map(|label| (finding.rule.as_str(), label.at)));
            if finding.rule == "syntax-error" {
                let file = workspace.sources.get(finding.primary.at.file);
                told.broken.extend(file.and_then(|file| file.path().cloned()));
            }
        }
        told
    }

    fn of_app(&self, entry: &AppEntry, problem: Option<&Problem>, about: &[&'static str]) -> bool {
        let place = problem.and_then(|problem| problem.place);
        about.iter().any(|rule| {
            self.apps.contains(&(*rule, &*entry.app.name))
                || place.is_some_and(|place| self.spans.contains(&(*rule, place.at)))
                || (*rule == "syntax-error" && !self.broken.is_disjoint(&entry.files))
        })
    }
}

/// The problem that an app fails for.
fn failing(entry: &AppEntry) -> Option<&Problem> {
    let reason = entry.reason.as_deref();
    let named = entry.problems.iter().find(|problem| Some(problem.message.as_str()) == reason);
    named.or_else(|| entry.problems.iter().find(|problem| !problem.kind.is_tolerated()))
}

fn is_off(rule: &str, workspace: &Workspace, options: &Options) -> bool {
    let given = options.levels.iter().rev().find(|(name, _)| name == rule).map(|(_, level)| *level);
    given.or_else(|| workspace.config.rules.get(rule)?.level) == Some(Level::Off)
}

fn report(
    entry: &AppEntry,
    problem: Option<&Problem>,
    workspace: &Workspace,
    inventory: &Inventory,
    cx: &mut Context<'_>,
) {
    let origins = cx.origins();
    let place = problem.and_then(|problem| problem.place).unwrap_or(entry.app.place);
    let mut labels = Labels::of(place, origins, workspace);
    if !workspace.is_editable(labels.primary.at.file) {
        let there = labels.primary.clone();
        labels = Labels::of(entry.app.place, origins, workspace);
        labels.related.insert(0, Label { message: "it fails here".to_owned(), ..there });
    }
    let words = problem.map(|problem| problem.message.clone()).or_else(|| entry.reason.clone());
    let message = format!("{} is not rendered: {}", entry.app.kind, words.unwrap_or_default());
    let help = problem.and_then(|problem| problem.help.clone());
    let help = help.unwrap_or_else(|| "correct the line: Argo CD and Flux stop here as well".to_owned());
    let mut report = cx.report_labels(labels, message).apps([entry.app.id]).help(help);
    let by_flux = matches!(entry.app.kind, AppKind::Kustomization | AppKind::HelmRelease);
    // What nothing applies fails only once something does.
    let idle = (by_flux && !inventory.is_alive(entry)).then_some(Confidence::Possible);
    // A path with a variable is that of a definition as written: whoever applies it fills that in first.
    let unfilled = matches!(&entry.app.spec, Spec::FluxKustomization(it, _) if it.path().contains("${"));
    let idle = idle.or(unfilled.then_some(Confidence::Possible));
    if let Some(sure) = rules::doubt(&entry.app, &entry.incomplete).into_iter().chain(idle).min() {
        report = report.confidence(sure);
    }
    for (place, words) in problem.into_iter().flat_map(|problem| &problem.related) {
        report = report.related(*place, words.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::finding::{ProblemKind, RuleId};
    use crate::lint::{Options, lint};
    use crate::repo::Workspace;
    use crate::rules::Registry;
    use crate::source::{MemoryTree, Sources};
    use crate::yaml::Cache;

    use super::*;

    fn workspace(files: &[(&str, &str)]) -> Workspace {
        let sources = Sources::new();
        let tree = Arc::new(MemoryTree::of(&sources, files.iter().copied()));
        Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &Registry::built_in().known()).0
    }

    /// Every kind has rules that tell it, and they exist; only what is not on this machine is coverage alone.
    #[test]
    fn every_kind_of_problem_has_a_rule() {
        let registry = Registry::built_in();
        for kind in ProblemKind::ALL {
            let about = rules::rules_about(Some(kind));
            assert_eq!(about.is_empty(), kind == ProblemKind::Unavailable, "{kind:?}");
            assert!(about.iter().all(|name| registry.find(name).is_some()), "{kind:?}: {about:?}");
        }
        assert!(!rules::rules_about(None).is_empty());
    }

    const APPS: [(&str, &str, &str); 6] = [
        (
            "Application",
            "a/app.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  project: default\n  source: {repoURL: 'https://git.example.com/a/b.git', path: p, targetRevision: main}\n  destination: {server: 'https://kubernetes.default.svc', namespace: a}\n",
        ),
        (
            "ApplicationSet",
            "a/app.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec:\n  generators: [{list: {elements: []}}]\n  template: {metadata: {name: x}, spec: {}}\n",
        ),
        (
            "Kustomization",
            "a/app.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: n}\nspec: {path: ./p, interval: 1h, prune: true, sourceRef: {kind: GitRepository, name: g}}\n",
        ),
        (
            "HelmRelease",
            "a/app.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: n}\nspec: {interval: 1h, chart: {spec: {chart: ./c, sourceRef: {kind: GitRepository, name: g}}}}\n",
        ),
        ("overlay", "a/kustomization.yaml", "resources: [cm.yaml]\n"),
        ("chart", "a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
    ];

    /// Walks kinds of problems and kinds of apps: whatever an app fails for, with or without a place, exactly one finding
    /// says so.
    #[test]
    fn whatever_fails_is_told_once() {
        for (kind, path, text) in APPS {
            for problem_kind in ProblemKind::ALL {
                for placed in [true, false] {
                    let workspace = workspace(&[
                        (path, text),
                        ("a/cm.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n"),
                    ]);
                    let (mut inventory, _) = crate::repo::analyze(&workspace, &|_, _| ());
                    let Some(entry) = inventory.apps.iter_mut().find(|it| it.app.kind.as_str() == kind)
                    else {
                        panic!("no {kind}")
                    };
                    let place = entry.app.place;
                    let problem = Problem::nowhere(problem_kind, "it does not work");
                    entry.problems = vec![Problem { place: placed.then_some(place), ..problem }];
                    entry.reason = Some("it does not work".to_owned());
                    entry.status = Status::Failed;
                    let registry = Registry::built_in();
                    let rules: Vec<_> =
                        registry.iter().map(|rule| (rule.clone(), rule.meta().severity)).collect();
                    let options = Options::default();
                    let findings = told(&workspace, &inventory, &rules, &options, Vec::new());
                    let told: Vec<&str> = findings.iter().map(|it| &*it.rule).collect();
                    assert_eq!(told, [FAILED], "{kind}, {problem_kind:?}");
                    // Where another rule has told it already, this one is silent.
                    let Some(rule) = rules::rules_about(Some(problem_kind)).first() else { continue };
                    let known: Vec<Finding> = findings
                        .into_iter()
                        .map(|finding| Finding { rule: RuleId::new(rule), ..finding })
                        .collect();
                    let all = super::told(&workspace, &inventory, &rules, &options, known);
                    assert_eq!(all.len(), 1, "{kind}, {problem_kind:?}");
                }
            }
        }
    }

    /// A manifest that is no YAML is one finding, which names the app that cannot be built for it.
    #[test]
    fn a_broken_file_is_told_once() {
        let workspace = workspace(&[
            ("kustomization.yaml", "resources: [cm.yaml]\n"),
            ("cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n   b: c\n"),
        ]);
        let report = lint(&workspace, &Options::default());
        let rules: Vec<_> =
            report.findings.iter().map(|it| (&*it.finding.rule, it.finding.apps.len())).collect();
        assert_eq!(rules, [("syntax-error", 1)]);
    }
}
