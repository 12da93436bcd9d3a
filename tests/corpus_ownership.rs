//! Objects that two Applications own, in repositories where that was an incident: `target/corpus/incidents`.
//!
//! `NOTES.md` beside each tree says what was wrong before the fix and what is left after it.

use std::path::Path;
use std::sync::Arc;

use gitops_lint::facade::config::{self, Config};
use gitops_lint::facade::lint::{Options, lint};
use gitops_lint::facade::repo::{ChartIndex, Checkouts, Workspace};
use gitops_lint::facade::source::{MemoryTree, Sources, Tree, TreePath, WorkTree};
use gitops_lint::facade::yaml::Cache;

use crate::corpus;

/// A repository that has some files more.
pub(crate) fn workspace(
    root: &Path,
    configuration: &str,
    more: &[(&str, &str)],
    charts: Option<&Path>,
) -> Workspace {
    let sources = Sources::new();
    let on_disk = WorkTree::exported(root, "", Arc::clone(&sources)).unwrap();
    let mut tree = MemoryTree::new();
    for path in on_disk.files() {
        if let Ok(file) = on_disk.read(&path) {
            tree.insert(path, file);
        }
    }
    for (path, text) in more {
        tree.insert(TreePath::new(path).unwrap(), sources.add(path, (*text).into()));
    }
    let tree: Arc<dyn Tree> = Arc::new(tree);
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let file = sources.add(config::FILE_NAME, configuration.into());
    let (config, problems): (Config, _) = config::read(&file, &cache, &[]);
    assert!(problems.is_empty(), "{problems:?}");
    let mut checkouts = Checkouts::new(Arc::clone(&tree));
    config.aliases.iter().for_each(|alias| checkouts.add_alias(&alias.value));
    let mut places = vec![Arc::clone(&tree)];
    if let Some(dir) = charts {
        places.push(Arc::new(WorkTree::exported(dir, "charts/", sources).unwrap()));
    }
    checkouts.set_charts(ChartIndex::new(places, Arc::clone(&cache)));
    Workspace::new(tree, cache, config, checkouts)
}

/// What is owned twice: the place to look at, and the message.
fn owned_twice(workspace: &Workspace) -> Vec<String> {
    let options = Options {
        only: Some(vec![gitops_lint::facade::finding::RuleId::built_in("duplicate-resource-ownership")]),
        ..Options::default()
    };
    let report = lint(workspace, &options);
    let findings = report.findings.iter().map(|reported| &reported.finding);
    let shown = findings.map(|finding| {
        let file = report.sources.get(finding.primary.at.file).unwrap();
        format!("{}: {}", file.name(), finding.message)
    });
    shown.collect()
}

#[test]
fn a_config_map_that_a_chart_makes_as_well() {
    let Some(root) = corpus().map(|root| root.join("incidents/eks-gitops-grafana")) else { return };
    let charts = root.join("vendored-remote-charts");
    let found = |tree: &str| owned_twice(&workspace(&root.join(tree), "{}", &[], Some(&charts)));
    let alertmanager = "environments/prod/secrets/alertmanager-secret.yaml: both `monitoring-secrets-prod` and \
                        `prometheus-prod` own Secret `monitoring/alertmanager-prometheus-prod-kube-prome-alertmanager`";
    let grafana = "environments/prod/secrets/grafana-configmap.yaml: both `grafana-prod` and \
                   `monitoring-secrets-prod` own ConfigMap `monitoring/grafana-prod`";
    assert_eq!(found("before"), [alertmanager, grafana]);
    // The fix missed the Secret.
    assert_eq!(found("after"), [alertmanager]);
}

#[test]
fn a_platform_that_two_applications_render() {
    let Some(root) = corpus().map(|root| root.join("incidents/cloudtolocalllm-shared-resources")) else {
        return;
    };
    let alias = "repository: {aliases: [\"https://github.com/imrightguy/CloudToLocalLLM\"]}";
    let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\n\
                    data: {kustomize.buildOptions: --load-restrictor LoadRestrictionsNone}\n";
    let found =
        |tree: &str, more: &[(&str, &str)]| owned_twice(&workspace(&root.join(tree), alias, more, None));
    // Five of the eight Applications do not build: what they own is not known. A hook is nobody's.
    let before = found("before", &[]);
    assert_eq!(before.len(), 1, "{before:#?}");
    assert!(before[0].contains("both `api-backend` and `web-frontend` own 55 objects"), "{before:#?}");
    let after = found("after", &[]);
    assert_eq!(after.len(), 1, "{after:#?}");
    assert!(after[0].contains("both `api-backend` and `test-sync-timeout-app` own 5 objects"), "{after:#?}");
    // Where Argo CD lets kustomize read everything, all eight build.
    let settings = [("argocd-cm.yaml", settings)];
    let before = found("before", &settings);
    let owners = [("infrastructure", 21), ("monitoring", 9), ("utilities", 6), ("postgres", 4), ("redis", 3)];
    for (owner, count) in owners {
        let (owner, count) = (format!("`{owner}`"), format!("own {count} objects"));
        let fits = |message: &&String| message.contains(&owner) && message.contains(&count);
        assert!(before.iter().any(|message| fits(&message)), "{owner} {count}: {before:#?}");
    }
    assert!(before.iter().any(|message| message.contains("both `api-backend` and `web-frontend` own 12")));
    let after = found("after", &settings).join("\n");
    assert!(after.contains("api-backend-sa") || after.contains("`infrastructure`"), "{after}");
}

/// The key that the post-mortem corrected, and that the chart never had.
#[test]
fn a_value_that_the_chart_does_not_have() {
    let Some(root) = corpus().map(|root| root.join("incidents/eks-gitops-grafana")) else { return };
    let charts = root.join("vendored-remote-charts");
    let workspace = workspace(&root.join("before"), "{}", &[], Some(&charts));
    let options = Options {
        only: Some(vec![gitops_lint::facade::finding::RuleId::built_in("unused-value")]),
        ..Options::default()
    };
    let report = lint(&workspace, &options);
    let shown: Vec<String> = report
        .findings
        .iter()
        .map(|it| {
            let (file, start, _) = report.sources.locate(it.finding.primary.at).unwrap();
            format!(
                "{file}:{} {} ({})",
                start.line,
                it.finding.message,
                it.finding.help.as_deref().unwrap_or_default()
            )
        })
        .collect();
    let wanted = "applications/monitoring/prometheus/values-production.yaml:215";
    assert!(shown.iter().any(|it| it.starts_with(wanted)), "{shown:#?}");
}
