//! Flags that no other test is about, each by what it changes. `src/cli/reference.rs` knows when one has no test.

use super::cli::{code, command, demo, run_in, scratch, text};

const CHART: [(&str, &str); 7] = [
    ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
    ("c/values.yaml", "a: 1\n"),
    ("c/values.schema.json", "{\"properties\": {\"a\": {\"type\": \"integer\"}}}"),
    (
        "c/templates/a.yaml",
        "a: {{ toJson .Values.a }}\nb: {{ toJson .Values.b }}\nrelease: {{ .Release.Name }}\nnamespace: {{ .Release.Namespace }}\n\
         minor: {{ .Capabilities.KubeVersion.Minor }}\nhas: {{ .Capabilities.APIVersions.Has \"acme.example/v1\" }}\n\
         helm: {{ .Capabilities.HelmVersion.Version }}\n",
    ),
    (
        "c/templates/tests/t.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: { name: t, annotations: { helm.sh/hook: test } }\n",
    ),
    ("c/crds/crd.yaml", "kind: CustomResourceDefinition\n"),
    ("v.yaml", "b: { x: 1 }\n"),
];

#[test]
fn charts_take_what_helm_takes() {
    let dir = scratch(&CHART);
    std::fs::write(dir.path().join("f.txt"), "text").unwrap();
    let render = |args: &[&str]| {
        let output = run_in(dir.path(), &[&["render", "helm", "c"], args].concat());
        (code(&output), text(&output.stdout), text(&output.stderr))
    };
    let (_, plain, _) = render(&[]);
    assert!(plain.contains("a: 1\nb: null\nrelease: release-name\nnamespace: default\n"), "{plain}");
    assert!(plain.contains("has: false\nhelm: v4") && plain.contains("kind: Pod"), "{plain}");
    assert!(!plain.contains("CustomResourceDefinition"), "{plain}");
    let (_, full, _) = render(&[
        "--values",
        "v.yaml",
        "--release",
        "web",
        "--namespace",
        "shop",
        "--set",
        "a=2",
        "--set-string",
        "b.s=3",
        "--set-file",
        "b.f=f.txt",
        "--set-json",
        "b.j=[1]",
        "--set-literal",
        "b.l=x,y=z",
        "--kube-version",
        "1.30",
        "--api-versions",
        "acme.example/v1",
        "--flavor",
        "3.19",
        "--include-crds",
        "--skip-tests",
    ]);
    let want = "a: 2\nb: {\"f\":\"text\",\"j\":[1],\"l\":\"x,y=z\",\"s\":\"3\",\"x\":1}\nrelease: web\nnamespace: shop\nminor: 30\n\
                has: true\nhelm: v3.19";
    assert!(full.contains(want) && full.contains("CustomResourceDefinition"), "{full}");
    assert!(!full.contains("kind: Pod"), "{full}");
    let (refused, _, words) = render(&["--set", "a=x"]);
    assert!(refused == 1 && words.contains("got string, want integer"), "{words}");
    let (fine, shown, _) = render(&["--set", "a=x", "--skip-schema-validation"]);
    assert!(fine == 0 && shown.contains("a: \"x\""), "{shown}");
}

#[test]
fn kustomizations_take_what_kustomize_takes() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
    let dir = scratch(&[
        ("plugin/kustomization.yaml", "resources: [x.yaml]\ntransformers: [t.yaml]\n"),
        ("plugin/x.yaml", map),
        ("plugin/t.yaml", "apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: t }\n"),
        ("helm/kustomization.yaml", "helmCharts: [{ name: c, version: 0.1.0, releaseName: r }]\n"),
        ("helm/charts/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
        ("helm/charts/c/values.yaml", "a: 1\n"),
        ("helm/charts/c/templates/a.yaml", map),
        ("flavor/kustomization.yaml", "resources: [../plugin/x.yaml]\n"),
    ]);
    let render = |args: &[&str]| {
        let output = run_in(dir.path(), &[&["render", "kustomize"], args].concat());
        (code(&output), text(&output.stdout) + &text(&output.stderr))
    };
    let (refused, words) = render(&["plugin"]);
    assert!(refused == 1 && words.contains("external plugins disabled"), "{words}");
    let (named, words) = render(&["plugin", "--enable-alpha-plugins"]);
    assert!(named == 1 && words.contains("is a program, which is not run"), "{words}");
    let (refused, words) = render(&["helm"]);
    assert!(refused == 1 && words.contains("must specify --enable-helm"), "{words}");
    assert_eq!(render(&["helm", "--enable-helm"]).0, 0);
    // Both are as the recorded trees of `src/kustomize/flavor.rs` say; here, that they are told apart at all.
    for flavor in ["5.7", "5.8"] {
        assert_eq!(render(&["flavor", "--flavor", flavor, "--load-restrictor", "LoadRestrictionsNone"]).0, 0);
    }
    assert_eq!(render(&["flavor", "--flavor", "5.6"]).0, 2);
}

#[test]
fn values_of_two_apps_and_values_that_are_masked() {
    let root = demo();
    let repo = root.display().to_string();
    let dir = tempfile::tempdir().unwrap();
    let diff = run_in(dir.path(), &["values", "agents-dev", "--diff", "agents-prod", "--repo", &repo]);
    let shown = text(&diff.stdout);
    assert!(code(&diff) == 0 && shown.starts_with("KEY ") && shown.contains("AGENTS-PROD"), "{shown}");
    assert!(!shown.contains("image.repository"), "what is the same is no difference: {shown}");

    let app = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: a, namespace: argocd }\nspec:\n  project: default\n  \
               source: { repoURL: 'https://x.example/y', path: c }\n  destination: { server: https://kubernetes.default.svc, namespace: a }\n";
    let dir = scratch(&CHART);
    std::fs::write(dir.path().join("app.yaml"), app).unwrap();
    std::fs::write(dir.path().join("c/values.yaml"), "a: 1\nadmin:\n  password: hunter2\n").unwrap();
    std::fs::write(
        dir.path().join(".gitops-lint.yaml"),
        "repository: { aliases: ['https://x.example/y'] }\n",
    )
    .unwrap();
    let values = |args: &[&str]| text(&run_in(dir.path(), &[&["values", "a"], args].concat()).stdout);
    let masked = values(&[]);
    assert!(masked.contains("admin.password") && !masked.contains("hunter2"), "{masked}");
    assert!(values(&["--show-secrets"]).contains("hunter2"));
}

#[test]
fn confidence_is_asked_for() {
    let dir = scratch(&[
        (
            "app.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: shop, namespace: argocd }\nspec:\n  project: default\n  \
             source: { repoURL: 'https://x.example/y', path: deploy }\n  destination: { server: https://kubernetes.default.svc, namespace: shop }\n",
        ),
        (".gitops-lint.yaml", "repository: { aliases: ['https://x.example/y'] }\n"),
        (
            "deploy/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: { name: shop, namespace: shop }\nspec:\n  containers:\n  - name: shop\n    image: shop:1\n    \
             env: [{ name: CART, value: 'http://cart.shop.svc.cluster.local' }]\n",
        ),
    ]);
    let found = |confidence: &str| {
        let output = command(
            dir.path(),
            &["--confidence", confidence, "--format", "json", "--select", "missing-service"],
        );
        let report: serde_json::Value = serde_json::from_slice(&{ output }.output().unwrap().stdout).unwrap();
        report["findings"].as_array().unwrap().len()
    };
    assert_eq!((found("certain"), found("likely")), (0, 1));
    assert_eq!(code(&run_in(dir.path(), &["--confidence", "sure"])), 2);
}

#[test]
fn the_cache_is_where_it_is_said_to_be() {
    let dir = scratch(&[("repo/a.yaml", "a: 1\n"), ("repo/.gitops-lint.lock", "version: 1\n")]);
    let cache = dir.path().join("cache").display().to_string();
    let output = run_in(dir.path(), &["cache", "dir", "--cache-dir", &cache]);
    assert_eq!(text(&output.stdout).trim_end(), format!("{cache}/v1"), "{}", text(&output.stderr));
    let old = dir.path().join("cache/v1/content/aa");
    std::fs::create_dir_all(&old).unwrap();
    let output = run_in(
        dir.path(),
        &["cache", "prune", "--cache-dir", &cache, "--max-size", "1", "--older-than", "30", "--keep", "repo"],
    );
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).starts_with("removed 0 (0 MiB), 0 MiB are left"),
        "{}",
        text(&output.stdout)
    );
    let lint = run_in(dir.path(), &["repo", "--cache-dir", &cache]);
    assert_eq!(code(&lint), 0, "{}", text(&lint.stderr));
}
