//! Apps that come out of charts: what rules say about an app as a whole leads to the line that gave the value, not to a
//! line that happens to have the same number in another arena.

use std::sync::Arc;

use gitops_lint::facade::config::Config;
use gitops_lint::facade::finding::RuleId;
use gitops_lint::facade::lint::{Options, Report, lint};
use gitops_lint::facade::repo::{Checkouts, Workspace};
use gitops_lint::facade::source::{MemoryTree, Sources, Tree};
use gitops_lint::facade::yaml::Cache;

const VALUES: &str = "charts/apps/values.yaml";

/// An Application that renders the chart `charts/apps`, whose template is `template`, beside an Application with a chart
/// of its own, which fills the inventory's arena.
fn run(template: &str, values: &str, rule: &'static str) -> Report {
    let application = |name: &str, path: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  \
             project: default\n  source: {{repoURL: 'https://git.example.com/home.git', path: {path}}}\n  destination: \
             {{server: 'https://kubernetes.default.svc', namespace: shop}}\n"
        )
    };
    let chart = |name: &str| format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
    let noise = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: noise}\ndata:\n{{- range $key, $value := .Values }}\n  \
                 {{ $key }}: {{ $value | quote }}\n{{- end }}\n";
    let files = [
        ("apps/a.yaml", application("a-noise", "charts/noise")),
        ("apps/root.yaml", application("root", "charts/apps")),
        ("charts/noise/Chart.yaml", chart("noise")),
        ("charts/noise/values.yaml", "one: a\ntwo: b\nthree: c\nfour: d\nfive: e\n".to_owned()),
        ("charts/noise/templates/noise.yaml", noise.to_owned()),
        ("charts/apps/Chart.yaml", chart("apps")),
        (VALUES, values.to_owned()),
        ("charts/apps/templates/apps.yaml", template.to_owned()),
        ("deploy/x/kustomization.yaml", "configMapGenerator: [{name: x, literals: [a=b]}]\n".to_owned()),
    ];
    let sources = Sources::new();
    let files = files.iter().map(|(path, text)| (*path, text.as_str()));
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files));
    let mut checkouts = Checkouts::new(Arc::clone(&tree));
    checkouts.add_alias("https://git.example.com/home.git");
    let workspace = Workspace::new(tree, Arc::new(Cache::new(sources)), Config::default(), checkouts);
    lint(&workspace, &Options { only: Some(vec![RuleId::new(rule)]), ..Options::default() })
}

/// File and text of the primary label of the one finding, and of its related labels.
fn labels(report: &Report) -> Vec<(String, String)> {
    let [reported] = report.findings.as_slice() else {
        panic!("{} findings: {:#?}", report.findings.len(), report.findings)
    };
    let finding = &reported.finding;
    let spans = std::iter::once(&finding.primary).chain(&finding.related).map(|label| label.at);
    spans
        .map(|at| {
            let file = report.sources.get(at.file).unwrap();
            (file.name().to_string(), file.slice(at).to_owned())
        })
        .collect()
}

fn value(text: &str) -> (String, String) {
    (VALUES.to_owned(), text.to_owned())
}

/// A Flux Kustomization that the chart renders.
fn kustomization(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: \
         flux-system}}\nspec:\n  interval: 10m\n  prune: true\n  path: ./deploy/x\n  sourceRef: {{kind: GitRepository, \
         name: flux-system}}\n{more}"
    )
}

/// The repository itself, as Flux sees it.
const SOURCE: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, \
                      namespace: flux-system}\nspec: {interval: 1m, url: 'https://git.example.com/home.git'}\n";

#[test]
fn duplicate_application_name() {
    let one = "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: {{ .Values.NAME }}, namespace: \
               argocd}\nspec:\n  project: default\n  source: {repoURL: 'https://git.example.com/home.git', path: deploy/x}\n  \
               destination: {server: 'https://kubernetes.default.svc', namespace: x}\n";
    let template = format!("{}{}", one.replace("NAME", "first"), one.replace("NAME", "second"));
    let report = run(&template, "first: twin\nsecond: twin\n", "duplicate-application-name");
    let labels = labels(&report);
    assert_eq!(labels.first(), Some(&value("twin")));
    let at = |index: usize| {
        let finding = &report.findings.first().unwrap().finding;
        let label = if index == 0 { &finding.primary } else { finding.related.last().unwrap() };
        report.sources.locate(label.at).map(|(file, at, _)| (file.to_string(), at.line))
    };
    assert_eq!(at(0), Some((VALUES.to_owned(), 2)));
    assert_eq!(at(1), Some((VALUES.to_owned(), 1)));
}

#[test]
fn missing_depends_on() {
    let waits = "  dependsOn: [{name: {{ .Values.waits }}}]\n";
    let template = format!("{SOURCE}{}", kustomization("x", waits));
    let report = run(&template, "waits: nowhere\n", "missing-depends-on");
    assert_eq!(labels(&report).first(), Some(&value("nowhere")));
}

#[test]
fn depends_on_cycle() {
    let waits = |key: &str| format!("  dependsOn: [{{name: {{{{ .Values.{key} }}}}}}]\n");
    let template =
        format!("{SOURCE}{}{}", kustomization("one", &waits("next")), kustomization("two", &waits("last")));
    let report = run(&template, "next: two\nlast: one\n", "depends-on-cycle");
    let labels = labels(&report);
    assert_eq!(labels.first(), Some(&value("two")));
    assert!(labels.contains(&value("one")), "{labels:?}");
}

#[test]
fn unmatched_health_check() {
    let check = "  healthChecks: [{apiVersion: apps/v1, kind: Deployment, name: {{ .Values.health }}, namespace: x}]\n";
    let template = format!("{SOURCE}{}", kustomization("x", check));
    let report = run(&template, "health: ghost\n", "unmatched-health-check");
    assert_eq!(labels(&report).first(), Some(&value("ghost")));
}

#[test]
fn missing_flux_source() {
    let release = "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r, namespace: \
                   flux-system}\nspec:\n  interval: 10m\n  chart: {spec: {chart: shop, version: 1.0.0, sourceRef: {kind: \
                   HelmRepository, name: {{ .Values.source }}}}}\n";
    let template = format!("{SOURCE}{}{release}", kustomization("x", ""));
    let report = run(&template, "source: absent\n", "missing-flux-source");
    assert_eq!(labels(&report).first(), Some(&value("absent")));
}

#[test]
fn missing_values_from() {
    let release = "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r, namespace: \
                   flux-system}\nspec:\n  interval: 10m\n  chart: {spec: {chart: ./charts/noise, sourceRef: {kind: \
                   GitRepository, name: flux-system}}}\n  valuesFrom: [{kind: ConfigMap, name: {{ .Values.config }}, valuesKey: \
                   other.yaml}]\n";
    let settings = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\ndata: {values.yaml: \
                    'a: b'}\n";
    let template = format!("{SOURCE}{settings}{release}");
    let report = run(&template, "config: settings\n", "missing-values-from");
    assert_eq!(labels(&report).first(), Some(&value("settings")));
}
