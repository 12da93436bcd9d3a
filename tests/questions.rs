//! Questions about scratch repositories: which app is meant, which values nobody reads.

use std::path::Path;
use std::process::Command;

use super::cli::text;

fn repo(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

/// Standard output, standard error and the exit code.
fn ask(dir: &Path, args: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
    let output = command.current_dir(dir).args(args).env_clear().output().unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  project: default
  source:
    repoURL: https://git.example.com/acme/gitops.git
    targetRevision: HEAD
    path: chart
    helm: { valueFiles: [prod.yaml] }
  destination: { server: https://kubernetes.default.svc, namespace: web }
";
const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data:
  {{- if .Values.proxy.enabled }}
  url: {{ .Values.proxy.url }}
  limits: {{ toJson .Values.proxy.limits }}
  {{- end }}
";

#[test]
fn unused_values_say_who_names_them() {
    let repo = repo(&[
        ("apps/web.yaml", APPLICATION),
        ("chart/Chart.yaml", CHART),
        ("chart/values.yaml", "proxy: { enabled: false, url: '' }\n"),
        (
            "chart/prod.yaml",
            "proxy:\n  url: http://proxy\n  limits:\n    cpu: 1\n  ulr: http://proxy\npassword: hunter22x\n",
        ),
        ("chart/templates/map.yaml", TEMPLATE),
    ]);
    let (table, _, code) = ask(repo.path(), &["values", "web", "--unused"]);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split("  ").filter(|it| !it.is_empty()).map(str::trim).collect())
        .collect();
    let want = vec![
        vec!["KEY", "VALUE", "SOURCE", "NAMED AT"],
        vec!["password", "********", "chart/prod.yaml:6", "nowhere"],
        vec!["proxy.limits.cpu", "1", "chart/prod.yaml:4", "chart/templates/map.yaml:7"],
        vec!["proxy.ulr", "\"http://proxy\"", "chart/prod.yaml:5", "nowhere"],
        vec!["proxy.url", "\"http://proxy\"", "chart/prod.yaml:2", "chart/templates/map.yaml:6"],
    ];
    assert_eq!((rows, code), (want, 0), "{table}");
    let (json, ..) = ask(repo.path(), &["values", "web", "--unused", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let values = &json["charts"][0]["values"];
    assert_eq!(values[3]["named"], serde_json::json!({ "file": "chart/templates/map.yaml", "line": 6 }));
    assert_eq!(values[0].get("named"), None);
}

const KUSTOMIZATION: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: NAME
  namespace: flux-system
spec:
  path: ./apps
  prune: true
  interval: 1h
  sourceRef: { kind: GitRepository, name: flux-system }
";
const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: web }
spec:
  interval: 1h
  chart:
    spec: { chart: ./chart, sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system } }
  values: { proxy: { enabled: true, url: http://proxy } }
";

/// Two clusters take the same release from one file: what leads there tells them apart.
#[test]
fn a_release_of_two_clusters_has_two_names() {
    let dev = KUSTOMIZATION.replace("NAME", "apps-dev");
    let prod = KUSTOMIZATION.replace("NAME", "apps-prod");
    let repo = repo(&[
        ("clusters/dev/apps.yaml", &dev),
        ("clusters/prod/apps.yaml", &prod),
        ("apps/kustomization.yaml", "resources: [web.yaml]\n"),
        ("apps/web.yaml", RELEASE),
        ("chart/Chart.yaml", CHART),
        ("chart/templates/map.yaml", TEMPLATE),
    ]);
    let (_, said, code) = ask(repo.path(), &["values", "web"]);
    assert_eq!(code, 2);
    let names = ["web@clusters/dev/apps.yaml", "web@clusters/prod/apps.yaml"];
    for name in names {
        assert!(said.contains(&format!("\n  {name}\n")), "{said}");
        let (table, said, code) = ask(repo.path(), &["values", name, "proxy.url"]);
        assert!(code == 0 && table.contains("apps/web.yaml:8"), "{table}{said}");
    }
    let (reached, ..) = ask(repo.path(), &["why", "apps/web.yaml:8"]);
    for name in names {
        assert!(reached.contains(&format!("\n{name}\n")), "{reached}");
    }
    let (origins, said, _) = ask(repo.path(), &["render", "app", "apps-dev", "--show-origins"]);
    let label = "kustomize.toolkit.fluxcd.io/namespace: flux-system  # clusters/dev/apps.yaml:5";
    assert!(origins.contains(label), "{origins}{said}");
}

/// A patch that patches patches into the Kustomizations of a cluster, as Flux repositories set defaults.
#[test]
fn patches_inside_of_patches_have_lines() {
    let outer = "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: cluster, namespace: flux-system }
spec:
  path: ./cluster
  prune: true
  interval: 1h
  sourceRef: { kind: GitRepository, name: flux-system }
  patches:
    - target: { group: kustomize.toolkit.fluxcd.io, kind: Kustomization }
      patch: |-
        apiVersion: kustomize.toolkit.fluxcd.io/v1
        kind: Kustomization
        metadata:
          name: _
        spec:
          patches:
            - target: { kind: HelmRelease }
              patch: |-
                apiVersion: helm.toolkit.fluxcd.io/v2
                kind: HelmRelease
                metadata:
                  name: _
                spec:
                  upgrade:
                    remediation:
                      retries: 2
";
    let repo = repo(&[
        ("flux/cluster.yaml", outer),
        ("cluster/apps.yaml", &KUSTOMIZATION.replace("NAME", "apps")),
        ("apps/kustomization.yaml", "resources: [web.yaml]\n"),
        ("apps/web.yaml", RELEASE),
        ("chart/Chart.yaml", CHART),
        ("chart/templates/map.yaml", TEMPLATE),
    ]);
    let (origins, said, _) = ask(repo.path(), &["render", "app", "apps", "--show-origins"]);
    assert!(origins.contains("      retries: 2  # flux/cluster.yaml:27\n"), "{origins}{said}");
    let (reached, ..) = ask(repo.path(), &["why", "flux/cluster.yaml:27"]);
    assert!(reached.contains("spec.upgrade.remediation.retries  set"), "{reached}");
}
