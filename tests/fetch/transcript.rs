//! The transcript of `docs/quick-start.md`: from a clone to the first finding with three commands. `UPDATE=1` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use super::static_index::repository;
use super::{Scene, chart};
use crate::cli::{git, text};

const CHARTS: &str = "https://charts.example.com";

const APP: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  project: default
  destination: { server: https://kubernetes.default.svc, namespace: web }
  source:
    repoURL: CHARTS
    chart: web
    targetRevision: 1.2.0
    helm:
      valuesObject:
        replicas: two
";

#[test]
fn from_a_clone_to_the_first_finding() {
    let schema = r#"{"properties": {"replicas": {"type": "integer"}}}"#;
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { replicas: {{ .Values.replicas | quote }} }\n";
    let archive = chart(
        "web",
        "1.2.0",
        &[("values.yaml", "replicas: 1\n"), ("values.schema.json", schema), ("templates/cm.yaml", template)],
    );
    let server = repository(vec![("web", "1.2.0", archive)]);
    let url = server.url("/charts");
    let scene = Scene::new(&[("fleet/apps/web.yaml", &APP.replace("CHARTS", &url))]);
    let fleet = scene.repo().join("fleet");
    git(&fleet, &["init", "-q", "-b", "main"]);
    git(&fleet, &["add", "."]);
    git(&fleet, &["commit", "-qm", "one"]);
    git(&scene.repo(), &["clone", "-q", "--bare", "fleet", "fleet.git"]);
    std::fs::remove_dir_all(&fleet).unwrap();

    let mut shown = String::from("$ git clone --quiet https://git.example.com/acme/fleet.git\n");
    git(&scene.repo(), &["clone", "-q", "fleet.git", "fleet"]);
    // The server of the test is on this machine.
    for (typed, args) in [("fetch fleet", &["fetch", "fleet", "--allow-local"][..]), ("fleet", &["fleet"])] {
        let output = scene.command(args).env("COLUMNS", "100").output().unwrap();
        let said = text(&output.stdout).replace(&url, CHARTS);
        // Files of a chart are called after its URL, without the scheme.
        let bare = url.trim_start_matches("http://");
        let said = said.replace(bare, CHARTS.trim_start_matches("https://"));
        let _ = writeln!(shown, "$ gitops-lint {typed}\n{}", said.trim_end());
    }
    assert!(shown.contains("error[values-schema-violation]"), "{shown}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/quick-start.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("```console\n$ git clone").unwrap();
    let (_, after) = rest.split_once("```").unwrap();
    let wanted = format!("{before}```console\n{shown}```{after}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page == wanted, "docs/quick-start.md shows something else than\n{shown}");
}
