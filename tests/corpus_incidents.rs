//! Rows of real incidents, in the trees that they were found in: what must be said about references, images and pods, at
//! exact lines, and where silence is right.
//!
//! The trees are no part of the repository (`target/corpus/incidents`); without them there is nothing to test.

use std::path::Path;
use std::sync::Arc;

use gitops_lint::repo::Workspace;
use gitops_lint::source::{Sources, WorkTree};
use gitops_lint::{lint, rules, yaml};

/// Severity, rule, file and line of every finding in a tree; `None` without the tree.
fn findings(tree: &str) -> Option<Vec<(String, String)>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus/incidents").join(tree);
    let Ok(dir) = dir.canonicalize() else {
        println!("no corpus, no test: {tree}");
        return None;
    };
    let sources = Sources::new();
    let tree = Arc::new(WorkTree::open(&dir, "", Arc::clone(&sources)).unwrap());
    let (workspace, _) = Workspace::of_tree(tree, Arc::new(yaml::Cache::new(sources)), &rules::names());
    let report = lint::lint(&workspace, &lint::Options::default());
    let place = |it: &lint::Reported| {
        let (file, from, _) = report.sources.locate(it.finding.primary.at).unwrap();
        let at = format!("{} {} {file}:{}", it.finding.severity.as_str(), it.finding.rule, from.line);
        (at, it.finding.message.clone())
    };
    Some(report.findings.iter().map(place).collect())
}

fn has(found: &[(String, String)], wanted: &str) {
    assert!(found.iter().any(|(at, _)| at == wanted), "`{wanted}` is not said:\n{found:#?}");
}

/// No finding of that rule, or none that names the word.
fn silent(found: &[(String, String)], rule: &str, word: &str) {
    let wrong =
        found.iter().find(|(at, message)| at.contains(&format!(" {rule} ")) && message.contains(word));
    assert_eq!(wrong, None);
}

#[test]
fn out_of_sync_forever() {
    let Some(found) = findings("private-ai-demo/before") else { return };
    // Not an error: a LlamaStackDistribution in the namespace may make things that nobody sees.
    has(&found, "warning missing-config-map gitops/stage04-model-integration/acme-agent/deployment.yaml:72");
    // Made out of band, next to a template: no error.
    for (at, message) in &found {
        assert!(!at.starts_with("error missing-secret"), "{at} {message}");
    }
    silent(&found, "missing-secret", "minio-credentials");
    silent(&found, "missing-secret", "mysql-credentials");
    // Objects for another namespace, on purpose.
    silent(&found, "missing-namespace", "rhoai-model-registries");
}

#[test]
fn monitoring_down() {
    let Some(found) = findings("eks-gitops-grafana/before") else { return };
    has(&found, "note single-arch-image-build examples/web-app/build-and-push.sh:41");
    // The remote chart makes both; a wrong diagnosis of the time.
    silent(&found, "missing-service-account", "");
    silent(&found, "missing-service", "");
}

#[test]
#[ignore = "renders four thousand objects; run with `cargo test --test integration incidents -- --ignored`"]
fn names_that_a_policy_selects() {
    let Some(found) = findings("cloudtolocalllm-shared-resources/before") else { return };
    has(&found, "warning unmatched-selector k8s/deployments/base/network-policies.yaml:50");
}
