//! `missing-probe`: see the page.

use crate::k8s::ContainerKind;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};

meta!("missing-probe", "workload", Warning, Strict, "0.1.0", "A container that serves a port has no probe.");

pub(crate) struct MissingProbe;

impl Rule for MissingProbe {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = workloads::long_running(object) else { return };
        for container in pod.containers().filter(|it| it.kind == ContainerKind::Main) {
            if container.node.items(&["ports"]).is_empty() {
                continue;
            }
            for probe in ["readinessProbe", "livenessProbe"] {
                if container.node.get(probe).is_some() {
                    continue;
                }
                let place = container.node.get("name").unwrap_or(container.node).place();
                let message = format!("container `{}` has no {probe}", container.name());
                let field = container.path(&pod, probe);
                cx.report(place, message)
                    .object(object, Some(&field))
                    .help("add one that asks the container itself, not what it depends on");
            }
        }
    }
}
