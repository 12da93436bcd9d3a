//! `missing-network-policy`: see the page.

use crate::k8s;
use crate::repo::{Inventory, ObjectFacts, World};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};

meta!(
    "missing-network-policy",
    "security",
    Note,
    Strict,
    "0.1.0",
    "No NetworkPolicy covers the pods of a workload."
);

pub(crate) struct MissingNetworkPolicy;

impl Rule for MissingNetworkPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let kinds: Vec<&str> = world.kinds().filter(|kind| kind.ends_with("NetworkPolicy")).collect();
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(pod) = object.pod.as_ref().filter(|_| object.kind != "Job" && object.kind != "CronJob")
            else {
                continue;
            };
            let covers = |it: &ObjectFacts| {
                let selector = || it.node.as_deref()?.at_path(&["spec", "podSelector"]);
                if it.is("networking.k8s.io", "NetworkPolicy") {
                    selector().is_none_or(|selector| k8s::selects(selector, &|name| pod.label(name)))
                } else {
                    // Cilium, Calico and others select in their own ways.
                    it.kind.ends_with("NetworkPolicy")
                }
            };
            let covered =
                kinds.iter().any(|kind| world.of_kind_in(object.app, &object.namespace, kind).any(covers));
            if covered || world.open(object.app, &object.namespace, false).is_some() {
                continue;
            }
            let message = format!("no NetworkPolicy covers the pods of {} `{}`", object.kind, object.name);
            let object_ref = workloads::field_ref(inventory, object, "spec.template.metadata.labels");
            cx.report(object.place, message)
                .apps([object.app])
                .object_ref(object_ref)
                .help("add a policy that names who may call it, or one that denies everything in the namespace by default");
        }
    }
}
