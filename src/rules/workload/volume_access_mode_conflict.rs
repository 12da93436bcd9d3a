//! `volume-access-mode-conflict`: see the page.

use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::World;
use crate::yaml::Node;

meta!(
    "volume-access-mode-conflict",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "Several pods share a volume that only one node may mount."
);

pub(crate) struct VolumeAccessModeConflict;

impl Rule for VolumeAccessModeConflict {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        for object in &inventory.objects {
            let Some(pod) = &object.pod else { continue };
            if !matches!(object.kind.as_str(), "Deployment" | "ReplicaSet" | "StatefulSet")
                || pod.replicas.unwrap_or(1) < 2
            {
                continue;
            }
            for (claim, _, place) in &pod.claims {
                let claims = world.named(object.app, "", "PersistentVolumeClaim", claim);
                let Some(found) = claims.filter(|it| it.namespace == object.namespace).last() else {
                    continue;
                };
                let Some(modes) =
                    found.node.as_deref().and_then(|node| node.at_path(&["spec", "accessModes"]))
                else {
                    continue;
                };
                let texts: Vec<&str> = modes.seq_or_empty().iter().filter_map(Node::as_str).collect();
                if texts.is_empty()
                    || !texts.iter().all(|mode| matches!(*mode, "ReadWriteOnce" | "ReadWriteOncePod"))
                {
                    continue;
                }
                let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
                let message = format!(
                    "{} `{}` runs {} pods that share claim `{claim}`, which is {}",
                    object.kind,
                    object.name,
                    pod.replicas.unwrap_or(1),
                    texts.join(", ")
                );
                cx.report(*place, message)
                    .apps([object.app])
                    .object_ref(object.to_ref(cluster))
                    .related(modes.place(), "the claim's access modes")
                    .help("use ReadWriteMany, a StatefulSet with a claim template, or one replica");
            }
        }
    }
}
