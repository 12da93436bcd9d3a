//! The configuration: every key of its schema has somebody who reads it, and what it says has an effect.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use gitops_lint::facade::config;
use gitops_lint::facade::finding::RuleId;
use gitops_lint::facade::lint::{Options, Report, lint};
use gitops_lint::facade::repo::Workspace;
use gitops_lint::facade::rules;
use gitops_lint::facade::source::{MemoryTree, Sources};
use gitops_lint::facade::yaml::Cache;

/// Who reads a key of the schema: a file below `src/` and the words by which it does.
const READERS: &[(&str, &str, &str)] = &[
    ("kubernetes", "repo/render.rs", "config.kubernetes"),
    ("preset", "lint/mod.rs", "config.strict"),
    ("confidence", "lint/group.rs", "config.confidence"),
    ("rules", "lint/mod.rs", "config.rules"),
    ("paths", "lint/group.rs", "config.paths"),
    ("paths[].match", "lint/group.rs", "path.matches"),
    ("paths[].rules", "lint/group.rs", "path.rules"),
    // For people; the reader is checked, and that is all.
    ("paths[].reason", "config/mod.rs", "path.reason"),
    ("exclude", "repo/scan.rs", "config.exclude"),
    ("clusters", "argocd/applicationset/clusters.rs", "config.clusters"),
    ("clusters[].name", "argocd/applicationset/clusters.rs", "cluster.name"),
    ("clusters[].server", "repo/render.rs", "cluster.server"),
    ("clusters[].project", "argocd/applicationset/clusters.rs", "cluster.project"),
    ("clusters[].labels", "argocd/applicationset/clusters.rs", "cluster.labels"),
    ("clusters[].annotations", "argocd/applicationset/clusters.rs", "cluster.annotations"),
    ("clusters[].provider", "rules/workload/managed_control_plane_monitor.rs", "it.provider"),
    ("clusters[].kubernetes", "repo/render.rs", "cluster.kubernetes"),
    ("clusters[].paths", "repo/clusters.rs", "cluster.paths"),
    ("clusters[].nodePools", "rules/workload/unschedulable_workload.rs", "cluster.node_pools"),
    ("clusters[].nodePools[].name", "rules/workload/unschedulable_workload.rs", "pool.name"),
    ("clusters[].nodePools[].taints", "rules/workload/unschedulable_workload.rs", "pool.taints"),
    ("clusters[].nodePools[].labels", "rules/workload/unschedulable_workload.rs", "pool.labels"),
    ("repository", "cli/open.rs", "config.aliases"),
    ("repository.aliases", "cli/open.rs", "config.aliases"),
    ("repos", "cli/open.rs", "config.repos"),
    ("charts", "cli/open.rs", "config.chart_paths"),
    ("charts.paths", "cli/open.rs", "config.chart_paths"),
    ("external", "world/answer.rs", "config.external"),
    ("external[].group", "world/answer.rs", "external.group"),
    ("external[].kind", "world/answer.rs", "external.kind"),
    ("external[].namespace", "world/answer.rs", "external.namespace"),
    ("external[].name", "world/answer.rs", "external.name"),
    ("external[].keys", "rules/missing_keys.rs", "it.keys"),
    ("images", "rules/workload/private_image_without_pull_secret.rs", "config.images"),
    ("images.private", "rules/workload/private_image_without_pull_secret.rs", "config.private"),
    ("images.public", "rules/workload/private_image_without_pull_secret.rs", "config.public"),
    ("images.allowedRegistries", "rules/workload/disallowed_registry.rs", "images.allowed_registries"),
    ("images.tags", "rules/workload/disallowed_image_tag.rs", "images.tags"),
    ("images.tags[].apps", "rules/workload/disallowed_image_tag.rs", ".apps"),
    ("images.tags[].images", "rules/workload/disallowed_image_tag.rs", ".images"),
    ("images.tags[].allow", "rules/workload/disallowed_image_tag.rs", "policy.allow"),
    ("images.tags[].deny", "rules/workload/disallowed_image_tag.rs", "policy.deny"),
    ("baseline", "cli/check.rs", "config.baseline"),
    ("engines", "repo/engines.rs", "config.engines"),
    ("engines.helm", "repo/engines.rs", "engines.helm"),
    ("engines.kustomize", "repo/engines.rs", "engines.kustomize"),
    ("extends", "config/extend.rs", "extends"),
    ("fail-on", "cli/check.rs", "config.fail_on"),
    ("format", "cli/check.rs", "config.format"),
    ("releases", "repo/environments.rs", "config.releases"),
    ("releases[].chart", "repo/environments.rs", "release.chart"),
    ("releases[].values", "repo/environments.rs", "release.values"),
    ("releases[].name", "repo/environments.rs", "release.name"),
    ("releases[].namespace", "repo/environments.rs", "release.namespace"),
    ("releases[].cluster", "repo/environments.rs", "release.cluster"),
    ("releases[].environment", "repo/environments.rs", "release.environment"),
    ("schemas", "repo/schemas.rs", "config.schemas"),
    ("select", "cli/check.rs", "config.select"),
    ("generators", "argocd/applicationset/generator.rs", "fixtures"),
    ("generators[].applicationSet", "argocd/applicationset/generator.rs", "fixture.application_set"),
    ("generators[].generator", "argocd/applicationset/generator.rs", "fixture.generator"),
    ("generators[].params", "argocd/applicationset/generator.rs", "fixture.params"),
    ("placeholders", "rules/yaml/unsubstituted_placeholder.rs", "config.placeholders"),
];

fn keys(schema: &serde_json::Value, at: &str, found: &mut BTreeSet<String>) {
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        found.insert(path.clone());
        keys(value, &path, found);
    }
    if schema["items"].is_object() {
        keys(&schema["items"], &format!("{at}[]"), found);
    }
    schema["anyOf"].as_array().into_iter().flatten().for_each(|it| keys(it, at, found));
}

#[test]
fn every_key_has_a_reader() {
    let schema: serde_json::Value = serde_json::from_str(config::SCHEMA).unwrap();
    let mut known = BTreeSet::new();
    keys(&schema, "", &mut known);
    let readers: BTreeMap<&str, (&str, &str)> =
        READERS.iter().map(|(key, file, words)| (*key, (*file, *words))).collect();
    let mut wrong: Vec<String> = Vec::new();
    for key in &known {
        let Some((file, words)) = readers.get(key.as_str()) else {
            wrong.push(format!("`{key}`: nobody is named who reads it"));
            continue;
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        // rustfmt breaks chains: `external\n    .namespace`.
        let text: String = text.split_whitespace().collect();
        if !text.contains(words) {
            wrong.push(format!("`{key}`: src/{file} does not say `{words}`"));
        }
    }
    wrong.extend(readers.keys().filter(|key| !known.contains(**key)).map(|key| format!("`{key}` is no key")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn workspace(files: &[(&str, &str)]) -> (Workspace, Vec<String>) {
    let sources = Sources::new();
    let tree = Arc::new(MemoryTree::of(&sources, files.iter().copied()));
    let (workspace, problems) =
        Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &rules::Registry::built_in().known());
    let told = |it: &gitops_lint::facade::finding::Problem| match &it.help {
        Some(help) => format!("{}: {help}", it.message),
        None => it.message.clone(),
    };
    (workspace, problems.iter().map(told).collect())
}

fn run(files: &[(&str, &str)], rule: &'static str) -> Report {
    let (workspace, problems) = workspace(files);
    assert!(problems.is_empty(), "{problems:?}");
    lint(&workspace, &Options { only: Some(vec![RuleId::new(rule)]), ..Options::default() })
}

#[test]
fn options_of_rules_are_checked() {
    for (text, want) in [
        (
            "rules: {missing-secret: {nonsense: 1}}",
            "unknown option `nonsense` of `missing-secret`: known keys: severity, confidence, locked",
        ),
        (
            "rules: {missing-resources: {requires: [limits.memory]}}",
            "unknown option `requires` of `missing-resources`: did you mean `require`?",
        ),
        (
            "rules: {missing-topology-spread: {replicas: many}}",
            "option `replicas` of `missing-topology-spread` must be a number",
        ),
        (
            "rules: {missing-resources: {require: {a: b}}}",
            "option `require` of `missing-resources` must be a list of texts",
        ),
    ] {
        assert_eq!(workspace(&[(".gitops-lint.yaml", text)]).1, [want], "{text}");
    }
    let fine = "rules: {missing-resources: {require: limits.memory, confidence: certain}, missing-topology-spread: {replicas: 3}}";
    assert!(workspace(&[(".gitops-lint.yaml", fine)]).1.is_empty());
}

fn application(name: &str, path: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  project: \
         default\n  source: {{repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: {path}}}\n  \
         destination: {{server: 'https://kubernetes.default.svc', namespace: shop}}\n"
    )
}

/// A pod that takes a key of a Secret that is made elsewhere.
const POD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n  \
                   template:\n    metadata: {labels: {app: shop}}\n    spec:\n      containers:\n        - name: shop\n          \
                   image: registry.example.com/shop:1.0.0\n          env:\n            - name: TOKEN\n              valueFrom: \
                   {secretKeyRef: {name: shop, key: token}}\n";

#[test]
fn keys_of_external_secrets_are_read() {
    let app = application("shop", "deploy/shop");
    for (keys, want) in [(", keys: [password]", 1), (", keys: [token, password]", 0), ("", 0)] {
        let config = format!(
            "repository: {{aliases: ['https://git.example.com/acme/gitops.git']}}\nexternal: [{{kind: Secret, namespace: shop, \
             name: shop{keys}}}]\n"
        );
        let files =
            [(".gitops-lint.yaml", config.as_str()), ("apps/shop.yaml", &app), ("deploy/shop/pod.yaml", POD)];
        let report = run(&files, "missing-secret-key");
        assert_eq!(report.findings.len(), want, "{keys}: {:#?}", report.findings);
    }
}

#[test]
fn paths_of_clusters_decide_what_meets() {
    let pod = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {a: b}\n";
    let (one, two) = (application("one", "deploy/one"), application("two", "deploy/two"));
    let run = |clusters: &str| {
        let config =
            format!("repository: {{aliases: ['https://git.example.com/acme/gitops.git']}}\n{clusters}");
        let files = [
            (".gitops-lint.yaml", config.as_str()),
            ("east/one.yaml", one.as_str()),
            ("west/two.yaml", two.as_str()),
            ("deploy/one/map.yaml", pod),
            ("deploy/two/map.yaml", pod),
        ];
        run(&files, "duplicate-resource-ownership").findings.len()
    };
    assert_eq!(run(""), 1, "nothing says that they are apart");
    assert_eq!(run("clusters: [{name: east, paths: [east]}, {name: west, paths: [west]}]\n"), 0);
    assert_eq!(run("clusters: [{name: all, paths: [east, west]}]\n"), 1);
}

#[test]
fn what_is_only_likely_is_shown_or_not() {
    let app = application("shop", "deploy/shop");
    let pod = POD.replace(
        "valueFrom: {secretKeyRef: {name: shop, key: token}}",
        "value: http://cart.shop.svc.cluster.local",
    );
    let count = |config: &str| {
        let config =
            format!("repository: {{aliases: ['https://git.example.com/acme/gitops.git']}}\n{config}");
        let files = [
            (".gitops-lint.yaml", config.as_str()),
            ("apps/shop.yaml", &app),
            ("deploy/shop/pod.yaml", &pod),
        ];
        let report = run(&files, "missing-service");
        (report.findings.len(), report.summary.unsure)
    };
    for (config, want) in [
        ("", (1, 0)),
        ("confidence: certain\n", (0, 1)),
        ("rules: {missing-service: {confidence: certain}}\n", (0, 1)),
        ("confidence: certain\nrules: {missing-service: {confidence: likely}}\n", (1, 0)),
        ("paths: [{match: deploy, rules: {missing-service: {confidence: certain}}}]\n", (0, 1)),
    ] {
        assert_eq!(count(config), want, "{config}");
    }
}
