//! `deadlocked-disruption-budget`: see the page.

use crate::finding::Severity;
use crate::k8s;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};
use crate::world::{Selectable, World};
use crate::yaml::Node;

meta!(
    "deadlocked-disruption-budget",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "A PodDisruptionBudget lets no pod go."
);

pub(crate) struct DeadlockedDisruptionBudget;

impl Rule for DeadlockedDisruptionBudget {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        for object in inventory.objects.iter().filter(|it| it.is("policy", "PodDisruptionBudget")) {
            let Some(node) = object.node.as_deref() else { continue };
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let mut object_ref = object.to_ref(cluster);
            if let Some(most) = node
                .at_path(&["spec", "maxUnavailable"])
                .filter(|most| matches!(most.scalar_text(), Some("0" | "0%")))
            {
                object_ref.field = Some("spec.maxUnavailable".to_owned());
                let message =
                    format!("PodDisruptionBudget `{}` allows no pod to be unavailable", object.name);
                cx.report(most.place(), message)
                    .apps([object.app])
                    .object_ref(object_ref)
                    .help("allow at least one, or drains of nodes wait for ever");
                continue;
            }
            let (Some(least), Some(selector)) =
                (node.at_path(&["spec", "minAvailable"]), node.at_path(&["spec", "selector"]))
            else {
                continue;
            };
            let (mut fewest, mut most) = (0, 0);
            let mut unknown = false;
            let mut workloads = Vec::new();
            let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
            for other in world.labelled(object.app, Selectable::Pods, &object.namespace, labels) {
                let Some(pod) = &other.pod else { continue };
                if !k8s::selects(selector, &|name| pod.label(name)) {
                    continue;
                }
                let known = workloads::replicas(inventory, other)
                    .filter(|_| matches!(other.kind.as_str(), "Deployment" | "StatefulSet" | "ReplicaSet"));
                unknown |= known.is_none();
                fewest += known.map_or(0, |(least, _)| least);
                most += known.map_or(0, |(_, most)| most);
                workloads.push(other);
            }
            let reaches = |replicas: i64| match least.as_i64() {
                Some(least) => least >= replicas && replicas > 0,
                None => least.as_str() == Some("100%"),
            };
            if workloads.is_empty() || unknown || !reaches(fewest) {
                continue;
            }
            let replicas = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
            object_ref.field = Some("spec.minAvailable".to_owned());
            let message = format!(
                "PodDisruptionBudget `{}` wants {} available of {replicas}, so no pod may go{}",
                object.name,
                least.scalar_text().unwrap_or_default(),
                if reaches(most) { "" } else { " while the autoscaler runs its minimum" }
            );
            let mut report = cx
                .report(least.place(), message)
                .apps([object.app])
                .object_ref(object_ref)
                .help("run more replicas than must be available, or use `maxUnavailable: 1`");
            for workload in workloads.iter().take(3) {
                report = report.related(workload.place, "its pods");
            }
            if !reaches(most) {
                report.severity(Severity::Note);
            }
        }
    }
}
