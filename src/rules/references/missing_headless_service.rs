//! `missing-headless-service`: see the page.

use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::world::{Answer, World};

meta!(
    "missing-headless-service",
    "references",
    Warning,
    Strict,
    "0.1.0",
    "A StatefulSet names a Service that nothing provides."
);

pub(crate) struct MissingHeadlessService;

impl Rule for MissingHeadlessService {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(reference) = object.references.iter().find(|it| &*it.field == "spec.serviceName") else {
                continue;
            };
            if !matches!(world.look_up(object.app, &object.namespace, reference), Answer::Missing(_)) {
                continue;
            }
            let message = format!(
                "StatefulSet `{}` names Service `{}`, which nothing provides",
                object.name, reference.name
            );
            let object_ref = workloads::field_ref(inventory, object, &reference.field);
            cx.report(reference.place, message).apps([object.app]).object_ref(object_ref).help(
                "add a Service with `clusterIP: None` and that name: the pods get their DNS names from it",
            );
        }
    }
}
