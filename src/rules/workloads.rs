//! What the rules about workloads share: which objects have pods that run for long.

use crate::finding::ObjectRef;
use crate::k8s::PodTemplate;
use crate::repo::{Inventory, Object, ObjectFacts};

/// The pods of a workload that is meant to run for ever.
pub(super) fn long_running(object: &Object) -> Option<PodTemplate<'_>> {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout", "DeploymentConfig"];
    kinds.contains(&object.kind.as_str()).then(|| any(object)).flatten()
}

/// The pods of any workload.
pub(super) fn any(object: &Object) -> Option<PodTemplate<'_>> {
    PodTemplate::of(&object.group, &object.kind, &object.node)
}

/// A field of an object, for a finding.
pub(super) fn field_ref(inventory: &Inventory, object: &ObjectFacts, field: &str) -> ObjectRef {
    let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
    ObjectRef { field: Some(field.to_owned()), ..object.to_ref(cluster) }
}

/// Whether an autoscaler sets the replicas of a workload.
pub(super) fn is_scaled(inventory: &Inventory, workload: &ObjectFacts) -> bool {
    inventory.objects.iter().any(|object| {
        object.namespace == workload.namespace
            && object.references.iter().any(|it| {
                it.field.contains("scaleTargetRef") && it.name == workload.name && it.kind == workload.kind
            })
    })
}
