//! `gitops-lint fix`: what it writes, what it refuses, and how it says so.

use serde_json::Value;

use crate::cli::{code, git, json, run_in, scratch, text, write};

const APP: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/acme/gitops.git
    targetRevision: HEAD
    path: deploy
  destination:
    server: https://kubernetes.default.svc
    namespace: shop
";

const CONFIG: &str = "\
# kept
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
  namespace: shop
data:
  a: yes   # why
  b: \"x\"
  c: 8080
";

const MENDED: &str = "\
# kept
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
  namespace: shop
data:
  a: \"yes\"   # why
  b: \"x\"
  c: \"8080\"
";

fn repository() -> tempfile::TempDir {
    scratch(&[("apps/shop.yaml", APP), ("deploy/config.yaml", CONFIG)])
}

fn read(dir: &tempfile::TempDir, path: &str) -> String {
    std::fs::read_to_string(dir.path().join(path)).unwrap()
}

#[test]
fn fixes_are_written_and_comments_stay() {
    let dir = repository();
    let shown = run_in(dir.path(), &["fix", "--diff"]);
    assert_eq!(code(&shown), 1, "{}", text(&shown.stderr));
    assert!(text(&shown.stdout).contains("+  a: \"yes\"   # why\n"), "{}", text(&shown.stdout));
    assert_eq!(read(&dir, "deploy/config.yaml"), CONFIG);
    let outcome = run_in(dir.path(), &["fix", "--format", "json"]);
    assert_eq!(code(&outcome), 0, "{}", text(&outcome.stderr));
    let outcome: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(outcome["applied"].as_array().unwrap().len(), 2, "{outcome}");
    assert_eq!(outcome["files"], serde_json::json!(["deploy/config.yaml"]));
    assert_eq!(read(&dir, "deploy/config.yaml"), MENDED);
    assert_eq!(code(&run_in(dir.path(), &["fix", "--diff"])), 0);
    assert!(json(dir.path(), &[])["findings"].as_array().unwrap().is_empty());
}

#[test]
fn check_fixes_what_it_shows() {
    let dir = repository();
    let only = ["check", "--fix", "--select", "duplicate-key"];
    assert_eq!(code(&run_in(dir.path(), &only)), 0);
    assert_eq!(read(&dir, "deploy/config.yaml"), CONFIG);
    let done = run_in(dir.path(), &["check", "--fix"]);
    assert_eq!(code(&done), 0, "{}", text(&done.stdout));
    assert!(text(&done.stderr).contains("2 findings fixed in 1 file"), "{}", text(&done.stderr));
    assert_eq!(read(&dir, "deploy/config.yaml"), MENDED);
    assert_eq!(code(&run_in(dir.path(), &["check", "--unsafe"])), 2);
}

#[test]
fn a_file_that_is_not_committed_can_be_spared() {
    let dir = repository();
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "a"]);
    write(dir.path(), "deploy/config.yaml", &format!("{CONFIG}  d: z\n"));
    let refused = run_in(dir.path(), &["fix", "--require-clean"]);
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("differs from the last commit"), "{}", text(&refused.stderr));
    assert_eq!(read(&dir, "deploy/config.yaml"), format!("{CONFIG}  d: z\n"));
    write(dir.path(), "deploy/config.yaml", CONFIG);
    assert_eq!(code(&run_in(dir.path(), &["fix", "--require-clean"])), 0);
    assert_eq!(read(&dir, "deploy/config.yaml"), MENDED);
}

#[test]
fn what_a_program_wrote_is_left_with_the_reason() {
    let dir = repository();
    write(dir.path(), "deploy/config.yaml", &format!("# Generated. DO NOT EDIT.\n{CONFIG}"));
    let outcome = run_in(dir.path(), &["fix", "--format", "json"]);
    let outcome: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(outcome["applied"].as_array().unwrap().len(), 0);
    let reason = outcome["left"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("generated"), "{reason}");
}

#[test]
fn findings_are_suppressed_by_comments() {
    let dir = repository();
    let args = ["fix", "--rule", "implicit-type", "--suppress", "--reason", "the mutating webhook mends it"];
    let done = run_in(dir.path(), &args);
    assert_eq!(code(&done), 0, "{}", text(&done.stderr));
    let file = read(&dir, "deploy/config.yaml");
    assert!(
        file.contains("  c: 8080  # gitops-lint: ignore[implicit-type] the mutating webhook mends it\n"),
        "{file}"
    );
    let report = json(dir.path(), &[]);
    assert!(report["findings"].as_array().unwrap().is_empty(), "{report}");
    assert_eq!(report["suppressed"].as_array().unwrap().len(), 2);
}

/// A second reader of the line would change, too: the fix of the first is not applied.
#[test]
fn a_fix_that_changes_more_than_it_says_is_left() {
    let dir = scratch(&[
        ("apps/shop.yaml", APP),
        ("deploy/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("deploy/values.yaml", "port: 8080\n"),
        (
            "deploy/templates/config.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  a: {{ toYaml .Values.port }}\n  b: {{ kindOf .Values.port }}\n",
        ),
    ]);
    let outcome = run_in(dir.path(), &["fix", "--format", "json"]);
    let outcome: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(outcome["applied"].as_array().unwrap().len(), 0, "{outcome}");
    let reason = outcome["left"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("data.b of shop would change, too"), "{outcome}");
    assert_eq!(read(&dir, "deploy/values.yaml"), "port: 8080\n");
}

#[test]
fn reports_have_the_fixes() {
    let dir = repository();
    let report = json(dir.path(), &[]);
    let fix = &report["findings"][0]["fix"];
    assert_eq!(fix["applicability"], "safe");
    assert_eq!(fix["edits"][0]["text"], "\"yes\"");
    let sarif = run_in(dir.path(), &["--format", "sarif", "-q"]);
    let sarif: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    let change = &sarif["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "\"yes\"");
    let markdown = text(&run_in(dir.path(), &["--format", "markdown", "-q"]).stdout);
    assert!(markdown.contains("  ```suggestion\n    a: \"yes\"   # why\n  ```\n"), "{markdown}");
}
