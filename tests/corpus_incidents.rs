//! Rows of real incidents, in the trees that they were found in: what must be said about references, images and pods, at
//! exact lines, and where silence is right.
//!
//! The trees are no part of the repository (`target/corpus/incidents`); without them there is nothing to test.

use std::path::Path;
use std::sync::Arc;

use gitops_lint::facade::repo::Workspace;
use gitops_lint::facade::source::{Sources, WorkTree};
use gitops_lint::facade::{lint, rules, yaml};

use crate::corpus;
use crate::corpus_ownership::workspace;

/// Severity, rule, file and line of every finding in a tree; `None` without the tree.
fn findings(tree: &str) -> Option<Vec<(String, String)>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus/incidents").join(tree);
    let Ok(dir) = dir.canonicalize() else {
        println!("no corpus, no test: {tree}");
        return None;
    };
    let sources = Sources::new();
    let tree = Arc::new(WorkTree::open(&dir, "", Arc::clone(&sources)).unwrap());
    let (workspace, _) =
        Workspace::of_tree(tree, Arc::new(yaml::Cache::new(sources)), &rules::Registry::built_in().known());
    Some(all(&workspace))
}

/// Severity, rule, file and line of everything said.
fn all(workspace: &Workspace) -> Vec<(String, String)> {
    let report = lint::lint(workspace, &lint::Options::default());
    let place = |it: &lint::Reported| {
        let (file, from, _) = report.sources.locate(it.finding.primary.at).unwrap();
        let at = format!("{} {} {file}:{}", it.finding.severity.as_str(), it.finding.rule, from.line);
        (at, it.finding.message.clone())
    };
    report.findings.iter().map(place).collect()
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
    let (apps, stage0) = ("gitops/argocd/applications", "gitops/stage00-ai-platform/kustomization.yaml");
    let stage = |number: u32, name: &str| format!("{apps}/stage0{number}/app-stage0{number}-{name}.yaml");
    let (one, two) = (stage(1, "model-serving"), stage(2, "model-alignment"));
    let (three, four) = (stage(3, "model-monitoring"), stage(4, "model-integration"));
    let data = stage(0, "datasciencecluster");
    for wanted in [
        format!("warning stale-target-revision {one}:21"),
        format!("error tracking-annotation-override {one}:26"),
        format!("warning replace-ignores-differences {one}:41"),
        format!("warning duplicate-application-name {two}:5"),
        format!("warning off-default-target-revision {two}:13"),
        format!("warning off-default-target-revision {three}:13"),
        format!("warning off-default-target-revision {four}:13"),
        format!("warning replace-ignores-differences {four}:26"),
        "warning off-default-target-revision gitops/argocd/bootstrap/app-of-apps.yaml:21".to_owned(),
        format!("warning broad-ignore-differences {data}:38"),
        format!("warning unmatched-ignore-differences {data}:36"),
        format!("error kustomization-as-manifest {apps}/stage01/kustomization.yaml:3"),
        "note volatile-selector-label gitops/stage02-model-alignment/kustomization.yaml:9".to_owned(),
        format!("warning kustomize-build-failure {stage0}:11"),
        format!("warning kustomize-build-failure {stage0}:25"),
        "warning kustomize-build-failure gitops/stage02-model-alignment/overlays/with-tekton/kustomization.yaml:6"
            .to_owned(),
        "warning ineffective-project-entry gitops/argocd/projects/appproject-stage02-model-alignment.yaml:17"
            .to_owned(),
    ] {
        has(&found, &wanted);
    }
    // Not an error: a LlamaStackDistribution in the namespace may make things that nobody sees.
    has(&found, "warning missing-config-map gitops/stage04-model-integration/acme-agent/deployment.yaml:72");
    // A script makes it.
    has(&found, "note missing-secret gitops/stage02-model-alignment/llama-stack/serviceaccount.yaml:17");
    has(
        &found,
        "warning plaintext-secret gitops/stage04-model-integration/postgresql/postgresql-deployment.yaml:13",
    );
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
    for wanted in [
        "note single-arch-image-build examples/web-app/build-and-push.sh:41",
        "error unknown-application-field applications/monitoring/grafana/staging/application.yaml:26",
        "warning duplicate-application-name environments/staging/apps/grafana.yaml:5",
        "error ineffective-role-policy environments/prod/project.yaml:100",
        "error ineffective-role-policy environments/staging/project.yaml:34",
        "warning mutable-image-tag applications/web-app/k8s-web-app/helm/values.yaml:32",
    ] {
        has(&found, wanted);
    }
    // A script renders the chart with it.
    silent(&found, "unreferenced-values-file", "");
    // The remote chart makes both; a wrong diagnosis of the time.
    silent(&found, "missing-service-account", "");
    silent(&found, "missing-service", "");
}

#[test]
#[ignore = "renders four thousand objects; run with `cargo test --test integration incidents -- --ignored`"]
fn degraded_applications() {
    let Some(found) = findings("cloudtolocalllm-shared-resources/before") else { return };
    let local = "k8s/apps/local";
    for wanted in [
        format!(
            "error duplicate-resource-ownership {local}/api-backend/shared/base/alertmanager-config.yaml:4"
        ),
        format!(
            "warning kustomize-build-failure {local}/infrastructure/shared/base/infrastructure/kustomization.yaml:4"
        ),
        format!("warning kustomize-build-failure {local}/postgres/shared/base/postgres/kustomization.yaml:4"),
        format!("warning kustomize-build-failure {local}/redis/shared/base/redis/kustomization.yaml:4"),
        format!(
            "warning kustomize-build-failure {local}/monitoring/shared/base/monitoring/kustomization.yaml:4"
        ),
        format!(
            "warning kustomize-build-failure {local}/utilities/shared/base/utilities-base/kustomization.yaml:4"
        ),
        "warning kustomize-build-failure k8s/apps/managed/api-backend/kustomization.yaml:9".to_owned(),
        "warning duplicate-application-name k8s/bootstrap/applicationset-local.yaml:36".to_owned(),
    ] {
        has(&found, &wanted);
    }
    has(&found, "warning unmatched-selector k8s/deployments/base/network-policies.yaml:50");
}

#[test]
fn images_that_cannot_be_pulled() {
    let Some(root) = corpus().map(|root| root.join("incidents/cloudtolocalllm-shared-resources")) else {
        return;
    };
    let alias = "repository: {aliases: [\"https://github.com/imrightguy/CloudToLocalLLM\"]}";
    // Argo CD lets kustomize read everything, so that all apps build.
    let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\n\
                    data: {kustomize.buildOptions: --load-restrictor LoadRestrictionsNone}\n";
    let settings = [("argocd-cm.yaml", settings)];
    for tree in ["before", "after"] {
        let found = all(&workspace(&root.join(tree), alias, &settings, None));
        // All pods of private images name a pull secret.
        silent(&found, "private-image-without-pull-secret", "");
        // Nothing provides it, nor the Secret with the keys; but apps of the same namespace do not build, even so.
        silent(&found, "missing-secret", "");
        silent(&found, "missing-secret-key", "");
        has(
            &found,
            "warning mutable-image-tag k8s/apps/local/api-backend/shared/base/deployments/web.yaml:44",
        );
        has(
            &found,
            "warning plaintext-secret k8s/apps/local/api-backend/shared/base/utilities/coturn.yaml:30",
        );
    }
}

#[test]
fn monitoring_down_with_its_charts() {
    let Some(root) = corpus().map(|root| root.join("incidents/eks-gitops-grafana")) else { return };
    let charts = root.join("vendored-remote-charts");
    let found = all(&workspace(&root.join("before"), "{}", &[], Some(&charts)));
    println!("{found:#?}");
    // The remote chart makes both, and the data source finds the Service by its DNS name.
    silent(&found, "missing-service-account", "");
    silent(&found, "missing-service", "");
}
