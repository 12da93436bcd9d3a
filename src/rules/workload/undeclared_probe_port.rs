//! `undeclared-probe-port`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "undeclared-probe-port",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "A probe asks a port number that its container does not list."
);

pub(crate) struct UndeclaredProbePort;

impl Rule for UndeclaredProbePort {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let ports = container.node.items(&["ports"]);
            let listed = |number: i64| {
                ports.iter().any(|port| port.get("containerPort").and_then(Node::as_i64) == Some(number))
            };
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                for kind in ["httpGet", "tcpSocket", "grpc"] {
                    let Some(port) = container.node.at_path(&[probe, kind, "port"]) else { continue };
                    let Some(number) = port.as_i64().filter(|number| !ports.is_empty() && !listed(*number))
                    else {
                        continue;
                    };
                    let message = format!(
                        "the {probe} of {} `{}` asks port {number}, which `ports` does not list",
                        container.kind.noun(),
                        container.name()
                    );
                    let field = container.path(&pod, &format!("{probe}.{kind}.port"));
                    cx.report(port.place(), message)
                        .object(object, Some(&field))
                        .help("list the port, give it a name and let the probe use the name");
                }
            }
        }
    }
}
