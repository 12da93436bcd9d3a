//! `ssh-port`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!("ssh-port", "workload", Warning, Strict, "0.1.0", "A container serves SSH.");

pub(crate) struct SshPort;

impl Rule for SshPort {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            for (index, port) in container.node.items(&["ports"]).iter().enumerate() {
                let Some(number) = port.get("containerPort").filter(|number| number.as_i64() == Some(22))
                else {
                    continue;
                };
                let udp =
                    port.get("protocol").and_then(Node::as_str).is_some_and(|protocol| protocol != "TCP");
                if udp {
                    continue;
                }
                let message = format!("{} `{}` serves port 22", container.kind.noun(), container.name());
                let field = container.path(&pod, &format!("ports[{index}].containerPort"));
                cx.report(number.place(), message)
                    .object(object, Some(&field))
                    .help("use `kubectl exec` instead, or another port for a service that is not a login");
            }
        }
    }
}
