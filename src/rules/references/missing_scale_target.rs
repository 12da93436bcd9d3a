//! `missing-scale-target`: see the page.

use crate::finding::Confidence;
use crate::k8s;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::World;

meta!(
    "missing-scale-target",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "An autoscaler scales a workload that nothing provides."
);

pub(crate) struct MissingScaleTarget;

impl Rule for MissingScaleTarget {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let rule = Missing {
            about: &|object, reference| {
                matches!(
                    (object.group.as_str(), object.kind.as_str()),
                    ("autoscaling", "HorizontalPodAutoscaler")
                        | ("autoscaling.k8s.io", "VerticalPodAutoscaler")
                        | ("keda.sh", "ScaledObject")
                ) && (reference.field.starts_with("spec.scaleTargetRef")
                    || reference.field.starts_with("spec.targetRef"))
            },
            // The core group has one kind that scales; what a wrong `apiVersion` means is told of the object itself.
            known: &|object, reference| {
                let namespace = reference.namespace.as_deref().unwrap_or(&object.namespace);
                world.is_of_absent_system(namespace, &reference.name)
                    || !k8s::is_built_in(&reference.group)
                    || (object.group == "autoscaling"
                        && reference.group.is_empty()
                        && reference.kind != "ReplicationController")
            },
            help: "name the workload that is there: `apiVersion`, `kind` and `name` must all fit",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
