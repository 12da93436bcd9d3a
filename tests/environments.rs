//! Charts that nothing deploys, and the values files of their environments: which releases are assumed, what becomes of
//! what they render, and what is said about them.

use std::sync::Arc;

use gitops_lint::facade::lint::{Options, Report, lint};
use gitops_lint::facade::repo::{self, AppKind, Inventory, Workspace};
use gitops_lint::facade::rules;
use gitops_lint::facade::source::{MemoryTree, Sources, Tree};
use gitops_lint::facade::yaml::Cache;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const TEMPLATE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  host: {{ .Values.host | quote }}\n";
const VALUES: &str = "host: localhost\nreplicas: 1\n";

fn workspace(files: &[(&str, &str)]) -> Workspace {
    let sources = Sources::new();
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files.iter().copied()));
    Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &rules::Registry::built_in().known()).0
}

fn analyze(files: &[(&str, &str)]) -> Inventory {
    repo::analyze(&workspace(files), &|_, _| ()).0
}

fn check(files: &[(&str, &str)]) -> Report {
    lint(&workspace(files), &Options::default())
}

fn names(inventory: &Inventory) -> Vec<&str> {
    inventory.apps.iter().map(|entry| &*entry.app.name).collect()
}

/// A chart `charts/web` with these files beside it.
fn chart<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut files = vec![
        ("charts/web/Chart.yaml", CHART),
        ("charts/web/values.yaml", VALUES),
        ("charts/web/templates/config.yaml", TEMPLATE),
    ];
    files.extend_from_slice(more);
    files
}

#[test]
fn releases_are_assumed_from_names_of_files() {
    let prod = "host: prod.example.com\n";
    for (files, want) in [
        (vec![], vec!["charts/web"]),
        (vec![("charts/web/values-prod.yaml", prod)], vec!["charts/web (prod)"]),
        (vec![("charts/web/values/prod.yaml", prod)], vec!["charts/web (prod)"]),
        (vec![("charts/web/env/prod/values.yaml", prod)], vec!["charts/web (prod)"]),
        (vec![("charts/web/prod.values.yaml", prod)], vec!["charts/web (prod)"]),
        (vec![("environments/prod/web.yaml", prod)], vec!["charts/web (prod)"]),
        (vec![("values-prod.yaml", prod)], vec!["charts/web (prod)"]),
        (vec![("charts/web/ci/tls-values.yaml", prod)], vec!["charts/web (ci/tls)"]),
        // Keys that the chart does not have are not its values, wherever they lie.
        (vec![("values-prod.yaml", "title: x\npages: []\n")], vec!["charts/web"]),
        // A manifest, an example and encrypted values are no environment.
        (vec![("charts/web/values/prod.yaml", "kind: A\nhost: x\n")], vec!["charts/web"]),
        (vec![("charts/web/values-example.yaml", prod)], vec!["charts/web"]),
        (vec![("charts/web/values-prod.yaml", "host: x\nsops: {mac: y}\n")], vec!["charts/web"]),
        (
            vec![("charts/web/values-dev.yaml", prod), ("charts/web/values-prod.yaml", prod)],
            vec!["charts/web (dev)", "charts/web (prod)"],
        ),
    ] {
        let files = chart(&files);
        assert_eq!(names(&analyze(&files)), want, "{:?}", files.last());
    }
}

#[test]
fn values_of_all_environments_come_first() {
    let files = chart(&[
        ("charts/web/values-common.yaml", "host: common\n"),
        ("charts/web/values-prod.yaml", "host: prod\n"),
        ("charts/web/values-dev.yaml", "replicas: 2\n"),
    ]);
    let workspace = workspace(&files);
    let (inventory, hosts) = repo::analyze(&workspace, &|_, rendered| {
        let host = rendered.objects.first().and_then(|it| it.node.at_path(&["data", "host"])?.as_str());
        host.unwrap_or_default().to_owned()
    });
    assert_eq!(names(&inventory), ["charts/web (dev)", "charts/web (prod)"]);
    assert_eq!(hosts, ["common", "prod"]);
}

#[test]
fn what_an_app_deploys_is_not_assumed() {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: argocd}\n\
                       spec:\n  project: default\n  source: {repoURL: 'https://git.example.com/a.git', path: charts/web}\n  \
                       destination: {name: in-cluster, namespace: web}\n";
    let files = chart(&[
        ("charts/web/values-prod.yaml", "host: x\n"),
        ("apps/web.yaml", application),
        (".gitops-lint.yaml", "repository: {aliases: ['https://git.example.com/a.git']}\n"),
    ]);
    assert_eq!(names(&analyze(&files)), ["web"]);
}

#[test]
fn declared_releases_take_the_place_of_assumed_ones() {
    let config = "releases:\n  - chart: charts/web\n    name: shop\n    namespace: shop\n    cluster: eu\n    environment: blue\n    \
                  values: [config/blue.yaml]\n";
    let files = chart(&[
        ("charts/web/values-prod.yaml", "host: x\n"),
        ("config/blue.yaml", "host: blue.example.com\n"),
        (".gitops-lint.yaml", config),
    ]);
    let inventory = analyze(&files);
    assert_eq!(names(&inventory), ["charts/web (blue)"]);
    let app = &inventory.apps[0].app;
    assert_eq!((app.kind, &*app.target_namespace, &*app.cluster), (AppKind::Release, "shop", "eu"));
}

/// An app-of-apps chart with an environment makes apps that are as good as written ones; those of two environments are
/// never on one cluster, and what is wrong in both is said once.
#[test]
fn app_of_apps_are_followed_by_environment() {
    let template = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  \
                    project: {{ .Values.project }}\n  source:\n    repoURL: https://git.example.com/a.git\n    path: shop\n  \
                    destination: {server: https://kubernetes.default.svc, namespace: shop}\n";
    let project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: shops, namespace: argocd}\nspec:\n  \
                   sourceRepos: ['*']\n  destinations: [{server: '*', namespace: '*'}]\n";
    let files = [
        ("root/Chart.yaml", CHART),
        ("root/values.yaml", "project: ''\n"),
        ("root/values-dev.yaml", "project: shops\n"),
        ("root/values-prod.yaml", "project: shosp\n"),
        ("root/templates/shop.yaml", template),
        ("shop/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n"),
        ("project.yaml", project),
        (".gitops-lint.yaml", "repository: {aliases: ['https://git.example.com/a.git']}\n"),
    ];
    let inventory = analyze(&files);
    let shops: Vec<_> = inventory.apps.iter().filter(|entry| &*entry.app.name == "shop").collect();
    assert_eq!(shops.len(), 2);
    assert!(shops.iter().all(|entry| !entry.app.provisional && entry.objects == 1));
    assert!(!inventory.may_meet(shops[0].app.id, shops[1].app.id));
    let report = check(&files);
    let found: Vec<_> = report.findings.iter().map(|it| it.finding.message.as_str()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("`shosp`"), "{found:?}");
}
