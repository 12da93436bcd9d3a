//! `port-mismatch`: see the page.

use crate::finding::did_you_mean;
use crate::k8s::{PodTemplate};
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!("port-mismatch", "workload", Error, Recommended, "0.1.0", "A probe names a port that its container does not have.");

pub(crate) struct PortMismatch;

impl Rule for PortMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let ports = container.node.items(&["ports"]);
            let names: Vec<&str> = ports.iter().filter_map(|port| port.get("name").and_then(Node::as_str)).collect();
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                for kind in ["httpGet", "tcpSocket"] {
                    let Some(node) = container.node.at_path(&[probe, kind, "port"]) else { continue };
                    let Some(name) = node.as_str().filter(|name| !names.contains(name) && name.parse::<u16>().is_err()) else { continue };
                    if name.contains(['$', '{']) {
                        continue;
                    }
                    let message = format!("the {probe} of {} `{}` asks port `{name}`, which the container does not have", container.kind.noun(), container.name());
                    let help = match did_you_mean(name, names.iter().copied()) {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "name a port of the container, or use its number".to_owned(),
                    };
                    let field = container.path(&pod, &format!("{probe}.{kind}.port"));
                    cx.report(node.place(), message).object(object, Some(&field)).help(help);
                }
            }
        }
    }
}
