//! `missing-network-policy`: see the page.

use crate::k8s;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::world::{Selectors, World};

meta!(
    "missing-network-policy",
    "security",
    Note,
    Strict,
    "0.1.0",
    "No NetworkPolicy covers the pods of a workload."
);

pub(crate) struct MissingNetworkPolicy;

const SELECTOR: [&str; 2] = ["spec", "podSelector"];

fn is_other(object: &ObjectFacts) -> bool {
    !object.is("networking.k8s.io", "NetworkPolicy")
}

impl Rule for MissingNetworkPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let kinds: Vec<&str> = world.kinds().filter(|kind| kind.ends_with("NetworkPolicy")).collect();
        let policies = Selectors::new(world, "networking.k8s.io", "NetworkPolicy", &SELECTOR);
        // Most repositories have that kind of no other group.
        let kinds: Vec<&str> =
            kinds.into_iter().filter(|kind| inventory.of_kind(kind).any(is_other)).collect();
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(pod) = object.pod.as_ref().filter(|_| object.kind != "Job" && object.kind != "CronJob")
            else {
                continue;
            };
            let covers = |it: &ObjectFacts| {
                let selector = it.node.as_deref().and_then(|node| node.at_path(&SELECTOR));
                selector.is_none_or(|selector| k8s::selects(selector, &|name| pod.label(name)))
            };
            // Cilium, Calico and others select in their own ways.
            let covered = policies.about(object).any(covers)
                || kinds
                    .iter()
                    .any(|kind| world.of_kind_in(object.app, &object.namespace, kind).any(is_other));
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
