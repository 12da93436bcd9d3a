//! `missing-custom-resource-definition`: see the page.

use std::collections::BTreeSet;

use crate::k8s;
use crate::repo::Inventory;
use crate::rules::missing;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::World;

meta!(
    "missing-custom-resource-definition",
    "references",
    Note,
    Recommended,
    "0.1.0",
    "A custom resource has no CustomResourceDefinition in the repository."
);

pub(crate) struct MissingCustomResourceDefinition;

impl Rule for MissingCustomResourceDefinition {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let mut seen = BTreeSet::new();
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let (group, kind) = (object.group.as_str(), object.kind.as_str());
            if k8s::is_built_in(group)
                || is_known(group)
                || !seen.insert((object.app, group, kind))
                || world.defines(object.app, group, Some(kind))
                // Somebody who defines other kinds of the group here would define this one here too.
                || !world.defines(object.app, group, None)
                || world.external(group, "CustomResourceDefinition", "", kind).is_some()
                || world.is_written("CustomResourceDefinition", kind)
                || world.open(object.app, "", true).is_some()
            {
                continue;
            }
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let message = format!(
                "{kind} `{}` has no CustomResourceDefinition, though others of `{group}` are defined here",
                object.name
            );
            cx.report(object.place, message)
                .apps([object.app])
                .object_ref(object.to_ref(cluster))
                .help("add the definition of this kind, mind its spelling, or declare it under `external:` as kind `CustomResourceDefinition`");
        }
    }
}

/// Groups that come with the cluster or with the GitOps tool itself.
fn is_known(group: &str) -> bool {
    group.ends_with(".openshift.io")
        || group.ends_with("fluxcd.io")
        || group == "argoproj.io"
        || !group.contains('.')
}
