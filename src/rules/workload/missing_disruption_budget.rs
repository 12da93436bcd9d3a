//! `missing-disruption-budget`: see the page.

use crate::k8s;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::world::{Selectors, World};

meta!(
    "missing-disruption-budget",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "Nothing keeps the pods of a workload from being evicted all at once."
);

pub(crate) struct MissingDisruptionBudget;

const SELECTOR: [&str; 2] = ["spec", "selector"];

impl Rule for MissingDisruptionBudget {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let budgets = Selectors::new(world, "policy", "PodDisruptionBudget", &SELECTOR);
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(pod) = object
                .pod
                .as_ref()
                .filter(|_| object.is("apps", "Deployment") || object.is("apps", "StatefulSet"))
            else {
                continue;
            };
            if pod.replicas.unwrap_or(1) < 2 || world.open(object.app, &object.namespace, false).is_some() {
                continue;
            }
            let covered = budgets.about(object).any(|it| {
                let selector = it.node.as_deref().and_then(|node| node.at_path(&SELECTOR));
                selector.is_some_and(|selector| k8s::selects(selector, &|name| pod.label(name)))
            });
            if covered {
                continue;
            }
            let message =
                format!("no PodDisruptionBudget covers the pods of {} `{}`", object.kind, object.name);
            let object_ref = workloads::field_ref(inventory, object, "spec.replicas");
            cx.report(object.place, message)
                .apps([object.app])
                .object_ref(object_ref)
                .help("add one with `maxUnavailable: 1`");
        }
    }
}
