//! Apps that follow other revisions of the repository that is linted.

use crate::cli::{git, run_in, scratch, text};

/// An Application of the repository itself.
fn application(name: &str, revision: &str, path: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: default
  source: {{repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: {revision}, path: {path}}}
  destination: {{server: 'https://kubernetes.default.svc', namespace: web}}
  syncPolicy: {{syncOptions: [CreateNamespace=true]}}
"
    )
}

/// What is found in a clone of a repository of these files with a branch `stage`: rule, file and line.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let origin = scratch(files);
    git(origin.path(), &["init", "-q"]);
    git(origin.path(), &["add", "."]);
    git(origin.path(), &["commit", "-qm", "one"]);
    git(origin.path(), &["branch", "stage"]);
    let clone = scratch(&[]);
    let from = format!("file://{}", origin.path().display());
    git(clone.path(), &["clone", "-q", &from, "."]);
    git(clone.path(), &["remote", "set-url", "origin", "https://git.example.com/acme/gitops.git"]);
    let output = run_in(clone.path(), &["--format", "concise", "--fail-on", "never"]);
    let lines = text(&output.stdout);
    let lines = lines.lines().filter(|line| line.contains(['[']));
    let mut lines: Vec<String> = lines.map(ToOwned::to_owned).collect();
    lines.sort();
    lines
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n";

/// An app of apps that follows a branch on which its own definition lies: the working tree's is the same one.
#[test]
fn one_file_at_two_revisions_is_one_definition() {
    let (root, web) = (application("root", "stage", "apps"), application("web", "stage", "web"));
    let files =
        [("apps/root.yaml", root.as_str()), ("apps/web.yaml", web.as_str()), ("web/config.yaml", CONFIG)];
    let lines = told(&files);
    assert!(!lines.iter().any(|line| line.contains("duplicate")), "{lines:#?}");
    let copy = application("web", "stage", "web");
    let files = [files.as_slice(), &[("apps/copy.yaml", copy.as_str())]].concat();
    let lines = told(&files);
    assert!(lines.iter().any(|line| line.contains("duplicate-application-name")), "{lines:#?}");
}

/// What follows a branch that does not exist owns nothing, and strays nowhere: it is told once.
#[test]
fn a_revision_that_is_gone_is_told_once() {
    let apps: Vec<(String, String)> = ["one", "two", "three"]
        .iter()
        .map(|name| (format!("apps/{name}.yaml"), application(name, "main", &format!("web/{name}"))))
        .collect();
    let configs: Vec<(String, String)> = ["one", "two", "three"]
        .iter()
        .map(|name| (format!("web/{name}/config.yaml"), CONFIG.replace("name: c", &format!("name: {name}"))))
        .collect();
    let gone = ("apps/gone.yaml".to_owned(), application("gone", "develop", "web/one"));
    let files: Vec<(&str, &str)> = apps
        .iter()
        .chain(&configs)
        .chain([&gone])
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let lines = told(&files);
    let about = |rule: &str| lines.iter().filter(|line| line.contains(rule)).count();
    assert_eq!(about("missing-target-revision"), 1, "{lines:#?}");
    assert_eq!(about("duplicate-resource-ownership") + about("stale-target-revision"), 0, "{lines:#?}");
}
