//! `single-replica`: see the page.

use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::yaml::Node;

meta!("single-replica", "workload", Note, Strict, "0.1.0", "A Deployment runs a single pod.");

pub(crate) struct SingleReplica;

impl Rule for SingleReplica {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            if object.is("autoscaling", "HorizontalPodAutoscaler") {
                let Some(node) = object.node.as_deref() else { continue };
                let least = node.at_path(&["spec", "minReplicas"]);
                if least.and_then(Node::as_i64).unwrap_or(1) < 2 {
                    let place = least.map_or(object.place, Node::place);
                    let message =
                        format!("HorizontalPodAutoscaler `{}` may go down to a single pod", object.name);
                    let object_ref = workloads::field_ref(inventory, object, "spec.minReplicas");
                    cx.report(place, message)
                        .apps([object.app])
                        .object_ref(object_ref)
                        .help("set `minReplicas: 2` or more");
                }
                continue;
            }
            let Some(pod) = object.pod.as_ref().filter(|_| object.is("apps", "Deployment")) else { continue };
            if pod.replicas.unwrap_or(1) != 1 || workloads::autoscaler(inventory, object).is_some() {
                continue;
            }
            let message = format!("Deployment `{}` runs a single pod", object.name);
            let object_ref = workloads::field_ref(inventory, object, "spec.replicas");
            cx.report(object.place, message)
                .apps([object.app])
                .object_ref(object_ref)
                .help("set `replicas: 2` or more, or add a HorizontalPodAutoscaler");
        }
    }
}
