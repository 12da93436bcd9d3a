//! Flux repositories as a whole: what deploys to which cluster, and what the commands say about it.

use std::sync::Arc;

use gitops_lint::facade::config::Config;
use gitops_lint::facade::explain::{Story, Subject, find_object, values as values_of, why};
use gitops_lint::facade::lint::{Options, lint};
use gitops_lint::facade::repo::{self, AppKind, Checkouts, Inventory, Status, Workspace};
use gitops_lint::facade::source::{MemoryTree, Sources, Tree};
use gitops_lint::facade::yaml::Cache;

const KUSTOMIZATION: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n";

fn workspace(files: &[(String, String)]) -> Workspace {
    let sources = Sources::new();
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files));
    let mut checkouts = Checkouts::new(Arc::clone(&tree));
    checkouts.add_alias("https://git.example.com/home.git");
    Workspace::new(tree, Arc::new(Cache::new(sources)), Config::default(), checkouts)
}

/// A Kustomization that Flux applies on a cluster.
fn kustomization(name: &str, path: &str, more: &str) -> String {
    format!(
        "{KUSTOMIZATION}metadata: {{name: {name}, namespace: flux-system}}\nspec:\n  interval: 10m\n  path: {path}\n  \
         prune: true\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"
    )
}

fn settings(namespace: &str) -> String {
    let head = "apiVersion: v1\nkind: ConfigMap\n";
    format!(
        "{head}metadata: {{name: settings, namespace: {namespace}}}\ndata: {{greeting: '${{greeting:=hello}}'}}\n"
    )
}

fn resources(files: &str) -> String {
    format!("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{files}]\n")
}

/// Two clusters with Flux. Flux of one of them installs an Argo CD Application too, and beside it lies an overlay that
/// somebody applies by hand; all of them make the same ConfigMap.
fn mixed() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut add = |path: &str, text: String| files.push((path.to_owned(), text));
    for cluster in ["dev", "prod"] {
        let dir = format!("clusters/{cluster}");
        let more = format!("  postBuild: {{substitute: {{greeting: {cluster}}}}}\n");
        add(
            &format!("{dir}/flux-system/gotk-sync.yaml"),
            kustomization("flux-system", &format!("./clusters/{cluster}"), ""),
        );
        add(&format!("{dir}/shop.yaml"), kustomization("shop", "./apps/shop", &more));
        add(&format!("{dir}/kustomization.yaml"), resources("flux-system/gotk-sync.yaml, shop.yaml"));
    }
    add("clusters/prod/kustomization.yaml", resources("flux-system/gotk-sync.yaml, shop.yaml, legacy.yaml"));
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: legacy, namespace: argocd}\n\
                       spec:\n  project: default\n  source: {repoURL: 'https://git.example.com/home.git', path: legacy}\n  \
                       destination: {server: 'https://kubernetes.default.svc', namespace: shop}\n";
    add("clusters/prod/legacy.yaml", application.to_owned());
    add("clusters/prod/by-hand/kustomization.yaml", resources("settings.yaml"));
    add("clusters/prod/by-hand/settings.yaml", settings("shop"));
    add("apps/shop/settings.yaml", settings("shop"));
    add("legacy/settings.yaml", settings("shop"));
    files
}

/// The apps that make the ConfigMap, as `kind name cluster`, and for each whether it meets the others.
fn makers(inventory: &Inventory) -> Vec<(String, Vec<bool>)> {
    let makers: Vec<_> = inventory.objects.iter().filter(|object| object.is("", "ConfigMap")).collect();
    let shown = makers.iter().map(|object| {
        let app = &inventory.app(object.app).unwrap().app;
        let meets = makers.iter().map(|other| inventory.may_meet(object.app, other.app)).collect();
        (format!("{} {} {}", app.kind, app.name, app.cluster), meets)
    });
    shown.collect()
}

#[test]
fn flux_argo_and_overlays_meet_on_their_cluster() {
    let workspace = workspace(&mixed());
    let (inventory, _) = repo::analyze(&workspace, &|_, _| ());
    let mut makers = makers(&inventory);
    makers.sort();
    let names: Vec<&str> = makers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Application legacy https://kubernetes.default.svc",
            "Kustomization shop clusters/dev",
            "Kustomization shop clusters/prod",
            "overlay clusters/prod/by-hand ",
        ]
    );
    let meeting = |name: &str| {
        let (_, meets) = makers.iter().find(|(known, _)| known == name).unwrap();
        meets.iter().filter(|meets| **meets).count()
    };
    assert_eq!(meeting("Kustomization shop clusters/dev"), 1);
    assert_eq!(meeting("Kustomization shop clusters/prod"), 3);
    assert_eq!(meeting("Application legacy https://kubernetes.default.svc"), 2);
}

#[test]
fn what_flux_and_argo_both_own_is_told() {
    let options = Options {
        only: Some(vec![gitops_lint::facade::finding::RuleId::built_in("duplicate-resource-ownership")]),
        ..Options::default()
    };
    let report = lint(&workspace(&mixed()), &options);
    let messages: Vec<&str> =
        report.findings.iter().map(|reported| reported.finding.message.as_str()).collect();
    assert_eq!(messages, ["both `shop` and `legacy` own ConfigMap `shop/settings`"]);
}

#[test]
fn apps_of_flux_are_found_by_name_and_cluster() {
    let workspace = workspace(&mixed());
    let error = Subject::find(&workspace, "shop").unwrap_err();
    assert_eq!(
        error,
        "2 apps are called `shop`, say which one:\n  shop@clusters/dev/shop.yaml\n  shop@clusters/prod/shop.yaml"
    );
    for (name, greeting) in [("shop@clusters/dev", "dev"), ("kustomization/shop@clusters/prod", "prod")] {
        let subject = Subject::find(&workspace, name).unwrap();
        assert_eq!((subject.app.kind, subject.rendered.status()), (AppKind::Kustomization, Status::Rendered));
        let object = find_object(&subject.rendered, "configmap/settings").unwrap();
        let text = object.at(&["data", "greeting"]).unwrap();
        assert_eq!(text.as_str(), Some(greeting));
        assert!(subject.rendered.files.iter().any(|file| file.as_str() == "apps/shop/settings.yaml"));
    }
}

#[test]
fn a_path_of_the_root_claims_its_overlays() {
    let mut files = vec![("flux-system/gotk-sync.yaml".to_owned(), kustomization("flux-system", "./", ""))];
    files.push(("flux-system/kustomization.yaml".to_owned(), resources("gotk-sync.yaml")));
    files.push(("web/kustomization.yaml".to_owned(), resources("settings.yaml")));
    files.push(("web/settings.yaml".to_owned(), settings("web")));
    let (inventory, _) = repo::analyze(&workspace(&files), &|_, _| ());
    let apps: Vec<String> = inventory
        .apps
        .iter()
        .map(|entry| format!("{} {} {:?}", entry.app.kind, entry.app.name, entry.status))
        .collect();
    assert_eq!(apps, ["Kustomization flux-system Rendered"]);
    // The same Kustomization among examples says nothing about the repository.
    let files: Vec<(String, String)> =
        files.into_iter().map(|(path, text)| (format!("examples/{path}"), text)).collect();
    let (inventory, _) = repo::analyze(&workspace(&files), &|_, _| ());
    let root = inventory.apps.iter().find(|entry| &*entry.app.name == "flux-system").unwrap();
    assert_eq!((root.status, root.objects), (Status::Skipped, 0));
}

/// A release whose values name a Secret that is not there, and files beside it.
fn release(values: &str, beside: &str) -> Vec<(String, String)> {
    let release = format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: shop, namespace: web}}\nspec:\n  \
         interval: 1h\n  chart:\n    spec:\n      chart: app-template\n      version: 4.1.0\n      \
         sourceRef: {{kind: HelmRepository, name: charts}}\n{values}"
    );
    vec![
        ("clusters/home/apps.yaml".to_owned(), kustomization("apps", "./apps", "")),
        ("apps/shop/release.yaml".to_owned(), release),
        ("apps/shop/secret.yaml".to_owned(), beside.to_owned()),
        // Its chart could make anything.
        ("apps/other.yaml".to_owned(), kustomization("other", "./gone", "")),
    ]
}

#[test]
fn a_loose_end_beside_a_dangling_name_is_told() {
    let secret = |name: &str, namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {namespace}}}\nstringData: {{a: b}}\n"
        )
    };
    let external = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x, namespace: web}\n\
                    spec:\n  secretStoreRef: {name: y, kind: ClusterSecretStore}\n  target: {name: shop-secret}\n  \
                    dataFrom: [{extract: {key: z}}]\n";
    let from = "  valuesFrom: [{kind: Secret, name: shop-app-secret}]\n";
    let env = "  values:\n    envFrom: [{secretRef: {name: shop-app-secret}}]\n";
    let elsewhere =
        "  values:\n    envFrom: [{secretRef: {name: shop-app-secret}}]\n    token: shop-secret\n";
    for (values, beside, want) in [
        (from, external.to_owned(), Some("did you mean `shop-secret`? Nothing uses that Secret")),
        (env, external.to_owned(), Some("did you mean `shop-secret`? Nothing uses that Secret")),
        (env, secret("shop-secret", "web"), Some("did you mean `shop-secret`? Nothing uses that Secret")),
        (
            env,
            secret("shop-app-secret", "wbe"),
            Some("that Secret is in namespace `wbe`, where nothing uses it"),
        ),
        // Used, called otherwise, or there.
        (elsewhere, secret("shop-secret", "web"), None),
        (env, secret("grafana", "web"), None),
        (env, secret("shop-app-secret", "web"), None),
    ] {
        let only =
            ["missing-secret", "missing-values-from"].map(gitops_lint::facade::finding::RuleId::built_in);
        let only = Some(only.to_vec());
        let report = lint(&workspace(&release(values, &beside)), &Options { only, ..Options::default() });
        let helps: Vec<&str> = report
            .findings
            .iter()
            .filter_map(|reported| reported.finding.help.as_deref())
            .filter(|help| help.contains("nothing uses") || help.contains("Nothing uses"))
            .collect();
        assert_eq!(helps.first().copied(), want, "{values}{beside}");
    }
}

#[test]
fn manifests_that_nobody_deploys_are_one_app() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop, namespace: web}\nspec:\n  \
                      selector: {matchLabels: {app: shop}}\n  template:\n    metadata: {labels: {app: shop}}\n    spec:\n      \
                      containers:\n        - {name: app, image: 'shop:1', envFrom: [{secretRef: {name: shop}}, \
                      {secretRef: {name: other}}]}\n";
    let sealed = |namespace: &str| {
        let head = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n";
        format!("{head}metadata: {{name: shop, namespace: {namespace}}}\nspec: {{encryptedData: {{a: b}}}}\n")
    };
    for (namespace, want) in
        [("wbe", vec!["Deployment `shop` needs Secret `shop`, which nothing provides"]), ("web", vec![])]
    {
        let files = [
            ("deploy/shop/deployment.yaml", deployment.to_owned()),
            ("deploy/shop/sealed.yaml", sealed(namespace)),
            ("deploy/shop/values.yaml", "replicas: 2\n".to_owned()),
            ("examples/deployment.yaml", deployment.replace("shop", "example")),
        ];
        let files: Vec<(String, String)> = files.map(|(path, text)| (path.to_owned(), text)).into();
        let options = Options {
            only: Some(vec![gitops_lint::facade::finding::RuleId::built_in("missing-secret")]),
            ..Options::default()
        };
        let report = lint(&workspace(&files), &options);
        let apps: Vec<(&str, &str, usize)> =
            report.apps.iter().map(|row| (row.kind, &*row.name, row.objects)).collect();
        assert_eq!(apps, [("manifests", "deploy/shop", 2)]);
        let messages: Vec<&str> =
            report.findings.iter().map(|reported| reported.finding.message.as_str()).collect();
        assert_eq!(messages, want);
    }
}

/// Where causes are: file and line.
fn lines(workspace: &Workspace, story: &Story) -> Vec<String> {
    let places = story.causes.iter().filter_map(|cause| workspace.sources.locate(cause.at?));
    places.map(|(file, start, _)| format!("{file}:{}", start.line)).collect()
}

#[test]
fn why_follows_substitution_and_values_into_a_chart() {
    let mut files = mixed();
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n\
                   spec:\n  interval: 1h\n  chart:\n    spec:\n      chart: ./charts/web\n      \
                   sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}\n  valuesFrom:\n    \
                   - {kind: ConfigMap, name: web-values}\n  values:\n    replicas: 3\n    host: ${greeting}.example.com\n";
    let values = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-values, namespace: shop}\ndata:\n  \
                  values.yaml: |\n    replicas: 2\n    tier: front\n";
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n  labels:\n    \
                      tier: {{ .Values.tier }}\n    host: {{ .Values.host }}\nspec:\n  replicas: {{ .Values.replicas }}\n";
    for (path, text) in [
        ("apps/shop/release.yaml", release),
        ("apps/shop/values.yaml", values),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/values.yaml", "replicas: 1\ntier: none\nhost: none\n"),
        ("charts/web/templates/deployment.yaml", deployment),
    ] {
        files.push((path.to_owned(), text.to_owned()));
    }
    let workspace = workspace(&files);
    let greeting = "shop@clusters/prod";
    let subject = Subject::find(&workspace, greeting).unwrap();
    let story = why(&workspace, &subject, "ConfigMap/settings", "data.greeting").unwrap();
    assert_eq!(lines(&workspace, &story), ["clusters/prod/shop.yaml:9", "apps/shop/settings.yaml:4"]);
    let subject = Subject::find(&workspace, "helmrelease/web@clusters/prod").unwrap();
    assert_eq!(subject.rendered.status(), Status::Rendered, "{:?}", subject.rendered.reason());
    for (field, value, first) in [
        ("spec.replicas", "3", "apps/shop/release.yaml:13"),
        ("metadata.labels.tier", "front", "apps/shop/values.yaml:7"),
        ("metadata.labels.host", "prod.example.com", "clusters/prod/shop.yaml:9"),
    ] {
        let story = why(&workspace, &subject, "Deployment/web", field).unwrap();
        assert_eq!(story.value.as_ref().and_then(|node| node.scalar_text()), Some(value), "{field}");
        let lines = lines(&workspace, &story);
        assert!(lines.iter().any(|line| line == first), "{field}: {lines:?}");
    }
    let rows = values_of(&workspace, &subject, None).unwrap().remove(0).rows;
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let (file, start, _) = workspace.sources.locate(row.at).unwrap();
            format!("{} {} {file}:{}", row.key(), row.value.scalar_text().unwrap(), start.line)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "host prod.example.com apps/shop/release.yaml:14",
            "replicas 3 apps/shop/release.yaml:13",
            "tier front apps/shop/values.yaml:7",
        ]
    );
}
