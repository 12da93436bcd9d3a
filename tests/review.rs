//! What is new in a change names the line of the change that causes it, also where it is found in a file that the change does
//! not touch.

use std::path::Path;

use serde_json::Value;

use super::cli::{git, json, scratch, write};

const APP: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: shop, namespace: argocd }
spec:
  project: default
  source: { repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: deploy/shop }
  destination: { server: 'https://kubernetes.default.svc', namespace: shop }
";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers:
        - name: shop
          image: registry.example.com/shop:1.0.0
          envFrom: [{ configMapRef: { name: shop-config } }]
";

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop-config\ndata:\n  a: b\n";

const LIST: &str = "resources:\n  - deployment.yaml\n  - config.yaml\n  - more.yaml\n# That is all there.\n";

/// Findings that are new, each with its file and the lines of its labels that say \"caused by\".
fn new(dir: &Path) -> Vec<(String, String, Vec<String>)> {
    let report = json(dir, &["--base", "HEAD"]);
    let items = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|it| {
            let related = it["related"].as_array().cloned().unwrap_or_default();
            let causes = related.iter().filter(|it| text(&it["message"]).starts_with("caused by"));
            let causes =
                causes.map(|it| format!("{}:{} {}", text(&it["file"]), it["line"], text(&it["message"])));
            (text(&it["rule"]), text(&it["file"]), causes.collect())
        })
        .collect()
}

fn repository() -> tempfile::TempDir {
    let dir = scratch(&[
        ("apps/shop.yaml", APP),
        ("deploy/shop/deployment.yaml", DEPLOYMENT),
        ("deploy/shop/config.yaml", CONFIG),
        ("deploy/shop/more.yaml", &CONFIG.replace("shop-config", "more")),
        ("deploy/shop/kustomization.yaml", LIST),
    ]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

#[test]
fn the_line_that_causes_it_is_named() {
    let dir = repository();
    let root = dir.path();
    assert!(new(root).is_empty());
    let missing = |causes: &[&str]| {
        let causes: Vec<String> = causes.iter().map(|it| (*it).to_owned()).collect();
        ("missing-config-map".to_owned(), "deploy/shop/deployment.yaml".to_owned(), causes)
    };
    let gone = "deploy/shop/kustomization.yaml:3 caused by the removal of this";
    // An entry is gone; other lines of that file and other files change, too, and have nothing to do with it.
    write(
        root,
        "deploy/shop/kustomization.yaml",
        &LIST.replace("  - config.yaml\n", "").replace("there.", "here."),
    );
    write(root, "deploy/shop/more.yaml", &CONFIG.replace("shop-config", "more").replace("a: b", "a: c"));
    let unlisted =
        ("unreferenced-manifest".to_owned(), "deploy/shop/config.yaml".to_owned(), vec![gone.to_owned()]);
    assert_eq!(new(root), [missing(&[gone]), unlisted]);
    // Something that is neither here nor there.
    git(root, &["checkout", "-q", "."]);
    // Another name.
    write(root, "deploy/shop/config.yaml", &CONFIG.replace("shop-config", "shop-settings"));
    let found = new(root);
    let cause = found.iter().find(|it| it.0 == "missing-config-map").unwrap();
    assert!(
        cause.2.is_empty() || cause.2 == ["deploy/shop/config.yaml:4 caused by this change"],
        "{found:?}"
    );
    // What stands on a changed line says it itself.
    git(root, &["checkout", "-q", "."]);
    write(root, "deploy/shop/deployment.yaml", &DEPLOYMENT.replace("shop-config", "shop-confi"));
    assert_eq!(new(root), [missing(&[])]);
}
