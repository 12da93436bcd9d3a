//! `managed-control-plane-monitor`: see the page.

use crate::repo::{Inventory, ObjectFacts, Workspace};
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};

meta!(
    "managed-control-plane-monitor",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "Prometheus looks for control plane pods that a managed cluster does not show."
);

pub(crate) struct ManagedControlPlaneMonitor;

impl Rule for ManagedControlPlaneMonitor {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut recognised: Option<Option<&'static str>> = None;
        for object in
            inventory.objects.iter().filter(|it| it.is("", "Service") && it.namespace == "kube-system")
        {
            let Some((component, place)) = component(object) else { continue };
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let (provider, certain) = match declared(cx.workspace, cluster) {
                Some(provider) => (provider, true),
                None => match *recognised.get_or_insert_with(|| of_terraform(cx.workspace)) {
                    Some(provider) => (provider.to_owned(), false),
                    None => continue,
                },
            };
            if !MANAGED.contains(&provider.as_str()) {
                continue;
            }
            let message = format!(
                "Service `{}` selects `{component}` pods, which {} does not show",
                object.name,
                provider.to_uppercase()
            );
            let object_ref = workloads::field_ref(inventory, object, "spec.selector");
            let report = cx.report(place, message)
                .apps([object.app])
                .object_ref(object_ref)
                .help("switch this monitor and its alert rules off in the values of the chart (`kubeScheduler`, `kubeControllerManager`, `kubeEtcd`: `enabled: false`)");
            // Several clusters may be made here, and this one be none of them.
            if !certain {
                report.possible();
            }
        }
    }
}

const MANAGED: [&str; 8] = ["eks", "aks", "gke", "doks", "lke", "oke", "iks", "ack"];

/// The control plane component that a Service selects by the labels of kubeadm's static pods.
fn component(object: &ObjectFacts) -> Option<(&str, crate::origin::Place)> {
    let label = object.node.as_deref()?.at_path(&["spec", "selector", "component"])?;
    let name = label
        .as_str()
        .filter(|name| matches!(*name, "kube-scheduler" | "kube-controller-manager" | "etcd"))?;
    Some((name, object.place))
}

/// The provider that the configuration or the URL of the API server tells.
fn declared(workspace: &Workspace, cluster: &str) -> Option<String> {
    let known = workspace.config.clusters.iter().find(|it| {
        it.name.value == cluster || it.server.as_ref().is_some_and(|server| server.value == cluster)
    });
    let server = known.and_then(|it| it.server.as_ref()).map_or(cluster, |server| server.value.as_str());
    if let Some(provider) = known.and_then(|it| it.provider.as_ref()) {
        return Some(provider.value.to_lowercase());
    }
    let of_url = [
        (".eks.amazonaws.com", "eks"),
        (".azmk8s.io", "aks"),
        (".ondigitalocean.com", "doks"),
        (".linodelke.net", "lke"),
    ];
    of_url
        .iter()
        .find(|(suffix, _)| server.trim_end_matches('/').contains(suffix))
        .map(|(_, name)| (*name).to_owned())
}

/// The one managed cluster service that Terraform files of the repository use.
fn of_terraform(workspace: &Workspace) -> Option<&'static str> {
    let words = [
        ("aws_eks_cluster", "eks"),
        ("terraform-aws-modules/eks", "eks"),
        ("azurerm_kubernetes_cluster", "aks"),
        ("google_container_cluster", "gke"),
    ];
    let mut found = None;
    for path in workspace.tree.files().iter().filter(|path| path.as_str().ends_with(".tf")) {
        let Ok(file) = workspace.tree.read(path) else { continue };
        let text = file.text_or_empty();
        for (word, provider) in words {
            if text.contains(word) {
                match found {
                    None => found = Some(provider),
                    Some(other) if other != provider => return None,
                    Some(_) => {}
                }
            }
        }
    }
    found
}
