//! `identical-probes`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "identical-probes",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "The livenessProbe asks the same as the readinessProbe."
);

pub(crate) struct IdenticalProbes;

impl Rule for IdenticalProbes {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let (Some(live), Some(ready)) =
                (container.node.get("livenessProbe"), container.node.get("readinessProbe"))
            else {
                continue;
            };
            if live != ready {
                continue;
            }
            let message =
                format!("livenessProbe and readinessProbe of container `{}` are identical", container.name());
            let field = container.path(&pod, "livenessProbe");
            cx.report(live.place(), message)
                .object(object, Some(&field))
                .related(ready.place(), "the readinessProbe")
                .help("give the livenessProbe more patience or a cheaper question, so that a busy pod is not restarted");
        }
    }
}
