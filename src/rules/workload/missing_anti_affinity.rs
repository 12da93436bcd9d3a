//! `missing-anti-affinity`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-anti-affinity",
    "workload",
    Warning,
    Strict,
    "0.1.0",
    "Nothing keeps the replicas of a workload on different nodes."
);

pub(crate) struct MissingAntiAffinity;

impl Rule for MissingAntiAffinity {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.group != "apps" || !matches!(object.kind.as_str(), "Deployment" | "StatefulSet") {
            return;
        }
        let Some(replicas) =
            object.at(&["spec", "replicas"]).filter(|replicas| replicas.as_i64().is_some_and(|it| it > 1))
        else {
            return;
        };
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        let spread = !pod.spec.items(&["topologySpreadConstraints"]).is_empty()
            || pod.spec.at_path(&["affinity", "podAntiAffinity"]).is_some_and(|it| !it.entries().is_empty());
        if spread {
            return;
        }
        let count = replicas.scalar_text().unwrap_or_default();
        let message = format!("nothing keeps the {count} pods of {} `{}` apart", object.kind, object.name);
        let field = format!("{}.affinity.podAntiAffinity", pod.path);
        cx.report(replicas.place(), message)
            .object(object, Some(&field))
            .help("add `topologySpreadConstraints` over `kubernetes.io/hostname`, or a podAntiAffinity");
    }
}
