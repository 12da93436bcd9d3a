//! What cannot be applied never passes: whatever stops a tool is one finding, at the line that somebody wrote, and every
//! report says what was not rendered.

use std::sync::Arc;

use gitops_lint::facade::lint::{self, Options};
use gitops_lint::facade::report::{self, Format, Look};
use gitops_lint::facade::source::{MemoryTree, Sources};
use gitops_lint::facade::{repo, rules, yaml};

type Files<'a> = &'a [(&'a str, &'a str)];

fn lint(files: Files<'_>) -> lint::Report {
    let sources = Sources::new();
    let tree = Arc::new(MemoryTree::of(&sources, files.iter().copied()));
    let cache = Arc::new(yaml::Cache::new(sources));
    let (workspace, problems) = repo::Workspace::of_tree(tree, cache, &rules::Registry::built_in().known());
    assert!(problems.is_empty(), "{problems:?}");
    lint::lint(&workspace, &Options::default())
}

/// `RULE FILE:LINE` of every error.
fn errors(report: &lint::Report) -> Vec<String> {
    let errors = report.findings.iter().filter(|it| it.finding.severity.as_str() == "error");
    let at = |it: &lint::Reported| {
        let (file, start, _) = report.sources.locate(it.finding.primary.at).unwrap();
        format!("{} {file}:{}", it.finding.rule, start.line)
    };
    errors.map(at).collect()
}

/// An Application of the chart in `chart`, with what stands below `helm:`.
fn application(helm: &str) -> String {
    let helm = format!("      {}\n", helm.replace('\n', "\n      ")).replace("      \n", "");
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/acme/gitops.git
    targetRevision: main
    path: chart
    helm:
      releaseName: shop
{helm}  destination:
    server: https://kubernetes.default.svc
    namespace: shop
"
    )
}

const CHART: (&str, &str) = ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");

/// A chart with one template, rendered by an Application.
fn chart(template: &str, values: &str) -> lint::Report {
    let app = application("");
    lint(&[
        ("apps/shop.yaml", &app),
        CHART,
        ("chart/values.yaml", values),
        ("chart/templates/c.yaml", template),
    ])
}

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\n";

/// The commonest failures of Helm: a template prints what is not YAML, or no object.
#[test]
fn what_templates_print_must_be_an_object() {
    let cases = [
        ("a tab", "data:\n\ta: b\n", ""),
        (
            "a line that is not indented enough",
            "data:\n  a:\n    {{- .Values.a | nindent 4 }}\n  b:\n {{ .Values.b }}\n",
            "a: x\nb: {c: d}\n",
        ),
        (
            "indent where a line has begun",
            "data:\n  {{ toYaml .Values.a | indent 2 }}\n",
            "a:\n  b: '1'\n  c: '2'\n",
        ),
        ("nindent too little", "data:\n  a: b\n{{ toYaml .Values.a | nindent 1 }}\n", "a:\n  b: '1'\n"),
        ("text with a colon", "data:\n  a: {{ .Values.a }}\n", "a: 'x: y'\n"),
        ("text that begins a list", "data:\n  a: {{ .Values.a }}\n", "a: '[x'\n"),
        ("static", "data:\n  a: b\n   c: d\n", ""),
    ];
    for (what, body, values) in cases {
        let report = chart(&format!("{HEAD}{body}"), values);
        let errors = errors(&report);
        assert_eq!(errors.len(), 1, "{what}: {errors:?}");
        assert!(errors[0].starts_with("render-failure "), "{what}: {errors:?}");
        assert_eq!(report.summary.failed, 1, "{what}");
    }
}

/// A mistake in inline values is where it is written, and the chart that misses them says nothing.
#[test]
fn inline_values_that_are_no_yaml() {
    for (helm, line) in [
        ("values: |\n  image:\n    tag: a\n   name: b\n", 17),
        ("values: |\n  image: [\n", 16),
        ("values: |\n  - image\n", 15),
    ] {
        let app = application(helm);
        let report = lint(&[
            ("apps/shop.yaml", &app),
            CHART,
            ("chart/values.yaml", ""),
            ("chart/templates/c.yaml", &format!("{HEAD}data:\n  a: {{{{ .Values.image.tag }}}}\n")),
        ]);
        let errors = errors(&report);
        assert_eq!(errors.len(), 1, "{errors:?}");
        let (rule, place) = errors[0].split_once(' ').unwrap();
        assert_eq!((rule, place.rsplit_once(':').unwrap().0), ("render-failure", "apps/shop.yaml"));
        let found: u32 = place.rsplit_once(':').unwrap().1.parse().unwrap();
        assert!(found.abs_diff(line) <= 1, "{place} for line {line}");
    }
}

/// A values file that is no YAML is one finding, at the file, which names the app.
#[test]
fn values_files_that_are_no_yaml() {
    let app = application("valueFiles: [extra.yaml]");
    let report = lint(&[
        ("apps/shop.yaml", &app),
        CHART,
        ("chart/extra.yaml", "image:\n  tag: a\n name: b\n"),
        ("chart/templates/c.yaml", &format!("{HEAD}data:\n  a: {{{{ .Values.image.tag }}}}\n")),
    ]);
    assert_eq!(errors(&report), ["syntax-error chart/extra.yaml:3"]);
    assert_eq!(*report.findings[0].finding.apps, ["shop".into()]);
}

/// Flux: a chart that prints no YAML, values of a ConfigMap that are none, a values file that is not there.
#[test]
fn flux_releases() {
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  interval: 10m
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
";
    let release = |more: &str, chart: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: shop, namespace: shop}}
spec:
  interval: 10m
  chart:
    spec:
      chart: ./chart
      sourceRef: {{kind: GitRepository, name: flux-system, namespace: flux-system}}
{chart}{more}"
        )
    };
    let source = "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: 'https://git.example.com/acme/gitops.git', ref: {branch: main}}
";
    let values = "apiVersion: v1
kind: ConfigMap
metadata: {name: shop-values, namespace: shop}
data:
  values.yaml: |
    image:
      tag: a
     name: b
";
    let cases = [
        (release("", ""), format!("{HEAD}data:\n  a: b\n   c: d\n"), "render-failure chart/templates/c.yaml"),
        (
            release("  valuesFrom: [{kind: ConfigMap, name: shop-values}]\n", ""),
            HEAD.to_owned(),
            "render-failure apps/values.yaml:8",
        ),
        (
            release("", "      valuesFiles: [./chart/none.yaml]\n"),
            HEAD.to_owned(),
            "missing-flux-path apps/release.yaml:10",
        ),
    ];
    for (release, template, want) in cases {
        let report = lint(&[
            ("clusters/prod/apps.yaml", flux),
            ("clusters/prod/flux-system/gotk-sync.yaml", source),
            ("apps/release.yaml", &release),
            ("apps/values.yaml", values),
            CHART,
            ("chart/templates/c.yaml", &template),
        ]);
        let errors = errors(&report);
        assert_eq!(errors.len(), 1, "{want}: {errors:?}");
        assert!(errors[0].starts_with(want), "{want}: {errors:?}");
    }
}

/// A manifest that stops `kustomize build` is one finding, whatever stops it.
#[test]
fn kustomizations() {
    let app = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: shop}
  destination: {server: 'https://kubernetes.default.svc', namespace: shop}
";
    for (manifest, want) in [
        (format!("{HEAD}data:\n  a: b\n   c: d\n"), "syntax-error shop/c.yaml:7"),
        (format!("{HEAD}data:\n  a: b\n  a: c\n"), "duplicate-key shop/c.yaml:7"),
        ("metadata: {name: a}\n".to_owned(), "kustomize-build-failure shop/c.yaml:1"),
    ] {
        let report = lint(&[
            ("apps/shop.yaml", app),
            ("shop/kustomization.yaml", "resources: [c.yaml]\n"),
            ("shop/c.yaml", &manifest),
        ]);
        assert_eq!(errors(&report), [want]);
    }
}

/// What may follow from something that is not on this machine is no failure: the app is not rendered, and says why.
#[test]
fn what_follows_from_absence_is_no_failure() {
    let app = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: shop}
  destination: {server: 'https://kubernetes.default.svc', namespace: shop}
";
    let report = lint(&[
        ("apps/shop.yaml", app),
        (
            "shop/kustomization.yaml",
            "resources: [c.yaml, 'https://example.com/base.yaml']\npatches: [{path: p.yaml}]\n",
        ),
        ("shop/p.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\ndata:\n  a: b\n"),
        ("shop/c.yaml", HEAD),
    ]);
    assert_eq!(errors(&report), [""; 0]);
    assert_eq!((report.summary.failed, report.summary.covered), (0, 0), "{:?}", report.apps);
}

/// Values files that a plugin of Helm reads are not said to be files that one could check out.
#[test]
fn schemes_of_values_files_say_what_they_are() {
    for (file, want) in [
        ("secrets://values.enc.yaml", "is decrypted by the plugin helm-secrets"),
        ("secrets+age-import:///keys/k.txt?values.yaml", "is decrypted by the plugin helm-secrets"),
        ("https://user:hunter2@example.com/values.yaml", "is fetched from a web server"),
        ("s3://bucket/values.yaml", "is fetched from a bucket"),
        ("git+https://example.com/a.git@values.yaml", "by the plugin helm-git"),
    ] {
        let app = application(&format!("valueFiles: ['{file}']"));
        let report = lint(&[("apps/shop.yaml", &app), CHART, ("chart/templates/c.yaml", HEAD)]);
        let reason = report.apps[0].reason.as_deref().unwrap();
        assert!(reason.contains(want) && !reason.contains("hunter2"), "{file}: {reason}");
        assert_eq!(errors(&report), [""; 0]);
    }
    // Where the settings are shown and do not allow it, Argo CD refuses.
    let app = application("valueFiles: ['secrets://values.enc.yaml']");
    let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: argocd\n  labels: {app.kubernetes.io/part-of: argocd}\ndata:\n  url: https://argocd.example.com\n";
    let report = lint(&[
        ("apps/shop.yaml", &app),
        ("argocd/cm.yaml", settings),
        CHART,
        ("chart/templates/c.yaml", HEAD),
    ]);
    assert_eq!(errors(&report), ["missing-values-file apps/shop.yaml:14"]);
}

/// Every report of a run that could not look at an app says so.
#[test]
fn reports_carry_coverage() {
    let app = application("").replace("path: chart", "chart: shop").replace("acme/gitops.git", "charts");
    let files = [("apps/shop.yaml", app.as_str()), ("ok.yaml", HEAD)];
    let report = lint(&files);
    assert_eq!((report.summary.deployed, report.summary.covered), (1, 0));
    assert!(report.summary.coverage() < 0.1);
    let text = |format| report::render(&report, format, Look::default());
    let sarif: serde_json::Value = serde_json::from_str(&text(Format::Sarif)).unwrap();
    let notes = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert!(notes.iter().any(|note| note["descriptor"]["id"] == "not-rendered"), "{notes:?}");
    let at = &notes.last().unwrap()["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(at, "apps/shop.yaml");
    let junit = text(Format::Junit);
    assert!(junit.contains("<skipped message=\"1 app is not rendered (shop): "), "{junit}");
    assert!(junit.contains("skipped=\"1\""), "{junit}");
    let gitlab: serde_json::Value = serde_json::from_str(&text(Format::Gitlab)).unwrap();
    assert!(gitlab.as_array().unwrap().iter().any(|issue| issue["check_name"] == "not-rendered"));
    let markdown = text(Format::Markdown);
    assert!(markdown.contains("0 of 1 deployed app rendered in full (0 %)"), "{markdown}");
    let json: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
    assert_eq!(json["summary"]["coverage"], 0.0);
    assert_eq!(json["apps"][0]["deployed"], true);
    // And one that could look at everything says that.
    let app = application("");
    let whole = lint(&[("apps/shop.yaml", &app), CHART, ("chart/templates/c.yaml", HEAD)]);
    assert!(whole.summary.coverage() > 99.9, "{:?}", whole.summary);
    assert!(whole.gaps().is_empty());
}
