//! What the rules about workloads share: which objects have pods that run for long.

use crate::finding::ObjectRef;
use crate::k8s::PodTemplate;
use crate::repo::{Inventory, Object, ObjectFacts};
use crate::yaml::Node;

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

/// The autoscaler that sets the replicas of a workload.
pub(super) fn autoscaler<'a>(inventory: &'a Inventory, workload: &ObjectFacts) -> Option<&'a ObjectFacts> {
    inventory.referring(&workload.name).find(|object| {
        object.namespace == workload.namespace
            && object.references.iter().any(|it| {
                it.field.contains("scaleTargetRef") && it.name == workload.name && it.kind == workload.kind
            })
    })
}

/// The least and the most pods that a workload has; `None` where something unknown decides.
pub(super) fn replicas(inventory: &Inventory, workload: &ObjectFacts) -> Option<(i64, i64)> {
    let own = workload.pod.as_ref()?.replicas.unwrap_or(1);
    let Some(scaler) = autoscaler(inventory, workload) else { return Some((own, own)) };
    let node = scaler.node.as_deref().filter(|_| scaler.is("autoscaling", "HorizontalPodAutoscaler"))?;
    let least = node.at_path(&["spec", "minReplicas"]).and_then(Node::as_i64).unwrap_or(1);
    Some((least, node.at_path(&["spec", "maxReplicas"])?.as_i64()?))
}
