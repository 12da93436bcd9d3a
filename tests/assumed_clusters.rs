//! ApplicationSets whose clusters nothing declares: which clusters are assumed, from which names of the repository, and what is
//! said about what is made for them.

use std::sync::Arc;

use gitops_lint::facade::finding::Confidence;
use gitops_lint::facade::lint::{Options, Report, lint};
use gitops_lint::facade::repo::{self, Workspace};
use gitops_lint::facade::rules;
use gitops_lint::facade::source::{MemoryTree, Sources, Tree};
use gitops_lint::facade::yaml::Cache;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n";
const KUSTOMIZATION: &str = "resources: [config.yaml]\n";

fn workspace(files: &[(&str, &str)]) -> Workspace {
    let sources = Sources::new();
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files.iter().copied()));
    Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &rules::Registry::built_in().known()).0
}

fn check(files: &[(&str, &str)]) -> Report {
    lint(&workspace(files), &Options::default())
}

fn set(go: bool, generators: &str, source: &str) -> String {
    let name = if go { "web-{{ .name }}" } else { "web-{{name}}" };
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: web, namespace: argocd}}\nspec:\n  \
         goTemplate: {go}\n  generators: {generators}\n  template:\n    metadata: {{name: '{name}'}}\n    spec:\n      \
         project: default\n      source: {{repoURL: 'https://git.example.com/org/apps.git', targetRevision: HEAD, {source}}}\n      \
         destination: {{name: '{}', namespace: web}}\n",
        if go { "{{ .name }}" } else { "{{name}}" }
    )
}

/// The Applications that a set makes, each with the cluster that is assumed.
fn made(set: &str, more: &[(&str, &str)]) -> Vec<String> {
    let mut files = vec![
        (".gitops-lint.yaml", "repository: {aliases: ['https://git.example.com/org/apps.git']}\n"),
        ("sets/web.yaml", set),
    ];
    files.extend_from_slice(more);
    let inventory = repo::analyze(&workspace(&files), &|_, _| ()).0;
    let assumed = inventory.apps.iter().filter(|entry| entry.app.assumed);
    assumed.map(|entry| format!("{} for {}", entry.app.name, entry.app.environment)).collect()
}

fn overlays() -> Vec<(&'static str, &'static str)> {
    vec![
        ("overlays/dev/kustomization.yaml", KUSTOMIZATION),
        ("overlays/dev/config.yaml", CONFIG),
        ("overlays/prod-eu/kustomization.yaml", KUSTOMIZATION),
        ("overlays/prod-eu/config.yaml", CONFIG),
        ("overlays/base/kustomization.yaml", KUSTOMIZATION),
        ("overlays/base/config.yaml", CONFIG),
    ]
}

#[test]
fn directories_name_clusters() {
    let both = ["web-dev for dev", "web-prod-eu for prod-eu"];
    let all = "[{clusters: {}}]";
    for (set, want) in [
        (set(false, all, "path: 'overlays/{{name}}'"), both.as_slice()),
        (set(true, all, "path: 'overlays/{{ .name }}'"), &both),
        (
            set(true, "[{clusters: {values: {at: '{{ .name }}'}}}]", "path: 'overlays/{{ .values.at }}'"),
            &both,
        ),
        // A name of one word of its own says nothing.
        (set(false, all, "path: '{{name}}'"), &[]),
        // Nothing of the path is a cluster's.
        (set(false, all, "path: overlays/dev"), &[]),
        // Where only a label says it, the cluster is called after that.
        (set(false, all, "path: 'overlays/{{metadata.labels.env}}'"), &both),
        // What is selected by has to fit.
        (
            set(false, "[{clusters: {selector: {matchLabels: {env: prod}}}}]", "path: 'overlays/{{name}}'"),
            &both[1..],
        ),
        (
            set(false, "[{clusters: {selector: {matchLabels: {web: 'true'}}}}]", "path: 'overlays/{{name}}'"),
            &both,
        ),
        (
            set(false, "[{clusters: {selector: {matchLabels: {tier: gold}}}}]", "path: 'overlays/{{name}}'"),
            &[],
        ),
        // Two generators: which one a name is of, nobody can say.
        (
            set(
                false,
                "[{clusters: {}}, {clusters: {selector: {matchLabels: {a: 'true'}}}}]",
                "path: 'overlays/{{name}}'",
            ),
            &[],
        ),
    ] {
        assert_eq!(made(&set, &overlays()), want, "{set}");
    }
}

#[test]
fn only_what_exists_is_assumed() {
    let generators = "[{matrix: {generators: [{git: {repoURL: 'https://git.example.com/org/apps.git', directories: [{path: apps/*}]}}, \
                      {clusters: {}}]}}]";
    let set = set(true, generators, "path: 'apps/{{ .path.basename }}/clusters/{{ .name }}'")
        .replace("web-{{ .name }}", "{{ .path.basename }}-{{ .name }}");
    let files = [
        ("apps/shop/clusters/dev/config.yaml", CONFIG),
        ("apps/shop/clusters/prod/config.yaml", CONFIG),
        ("apps/mail/clusters/prod/config.yaml", CONFIG),
    ];
    assert_eq!(made(&set, &files), ["shop-dev for dev", "mail-prod for prod", "shop-prod for prod"]);
}

#[test]
fn elements_of_a_merge_name_clusters() {
    let generators = "[{merge: {mergeKeys: [name], generators: [{clusters: {}}, {list: {elements: [{name: dev, size: small}]}}]}}]";
    let set = set(false, generators, "path: 'sizes/{{size}}'");
    assert_eq!(made(&set, &[("sizes/small/config.yaml", CONFIG)]), ["web-dev for dev"]);
}

#[test]
fn declared_clusters_are_all_there_are() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: dev\n  labels: {argocd.argoproj.io/secret-type: cluster}\n\
                  stringData: {name: dev, server: 'https://dev'}\n";
    let set = set(
        false,
        "[{clusters: {selector: {matchExpressions: [{key: argocd.argoproj.io/secret-type, operator: Exists}]}}}]",
        "path: 'overlays/{{name}}'",
    );
    let mut files = overlays();
    files.push(("clusters.yaml", secret));
    assert_eq!(made(&set, &files), [""; 0]);
}

#[test]
fn what_is_assumed_is_at_most_likely() {
    let set = set(false, "[{clusters: {}}]", "path: 'overlays/{{name}}'");
    let broken = [
        (".gitops-lint.yaml", "repository: {aliases: ['https://git.example.com/org/apps.git']}\n"),
        ("sets/web.yaml", set.as_str()),
        ("overlays/dev/kustomization.yaml", "resources: [gone.yaml]\n"),
    ];
    let report = check(&broken);
    let found = report
        .findings
        .iter()
        .find(|finding| finding.finding.rule == "kustomize-build-failure")
        .expect("told");
    assert_eq!(found.finding.confidence, Confidence::Likely);
    let row = report.apps.iter().find(|row| &*row.name == "web-dev").expect("listed");
    assert_eq!(row.source, "overlays/dev (assumed: cluster dev)");
    let row = report.apps.iter().find(|row| &*row.name == "web").expect("listed");
    assert!(
        row.reason.as_ref().is_some_and(|it| it.ends_with("assumed from names of the repository: `dev`")),
        "{row:?}"
    );
}
