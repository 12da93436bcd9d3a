//! `invalid-port-name`: see the page.

use crate::k8s::{self, PodTemplate};
use crate::relations;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "invalid-port-name",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "The name of a port is missing, too long, or given twice."
);

pub(crate) struct InvalidPortName;

impl Rule for InvalidPortName {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.is("", "Service") {
            let ports = object.node.items(&["spec", "ports"]);
            for (index, port) in ports.iter().enumerate() {
                let field = format!("spec.ports[{index}].name");
                let Some(node) = port.get("name") else {
                    if ports.len() > 1 {
                        let message = format!(
                            "port {index} of Service `{}` has no name, and a Service with several ports must name all",
                            object.name
                        );
                        cx.report(port.place(), message)
                            .object(object, Some(&field))
                            .help("give every port a name");
                    }
                    continue;
                };
                let Some(name) = node.as_str().filter(|name| is_final(name)) else { continue };
                if let Some(why) = k8s::dns_label_error(name) {
                    let message = format!("`{name}` cannot be the name of a port: {why}");
                    cx.report(node.place(), message).object(object, Some(&field));
                } else if let Some(first) = earlier(ports, index, name) {
                    let message = format!("Service `{}` has two ports named `{name}`", object.name);
                    cx.report(node.place(), message)
                        .object(object, Some(&field))
                        .related(first.place(), "the first one");
                }
            }
        }
        if object.is("helm.toolkit.fluxcd.io", "HelmRelease") {
            for (key, field) in relations::container_port_names(&object.node) {
                let Some(why) =
                    Some(&key.text).filter(|name| is_final(name)).and_then(|name| service_name_error(name))
                else {
                    continue;
                };
                let message =
                    format!("the chart names a container port `{}`, which cannot be: {why}", key.text);
                cx.report(key.place(), message)
                    .object(object, Some(&field))
                    .help("give the key a shorter name");
            }
        }
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let ports = container.node.items(&["ports"]);
            for (index, port) in ports.iter().enumerate() {
                let Some(node) = port.get("name") else { continue };
                let Some(name) = node.as_str().filter(|name| is_final(name)) else { continue };
                let field = container.path(&pod, &format!("ports[{index}].name"));
                if let Some(why) = service_name_error(name) {
                    let message = format!("`{name}` cannot be the name of a port: {why}");
                    cx.report(node.place(), message).object(object, Some(&field));
                } else if let Some(first) = earlier(ports, index, name) {
                    let message = format!(
                        "{} `{}` has two ports named `{name}`",
                        container.kind.noun(),
                        container.name()
                    );
                    cx.report(node.place(), message)
                        .object(object, Some(&field))
                        .related(first.place(), "the first one");
                }
            }
        }
    }
}

fn is_final(name: &str) -> bool {
    !name.is_empty() && !name.contains(['$', '{', '<', '['])
}

/// The name node of an earlier port of that name.
fn earlier<'a>(ports: &'a [Node], index: usize, name: &str) -> Option<&'a Node> {
    ports.iter().take(index).filter_map(|port| port.get("name")).find(|node| node.as_str() == Some(name))
}

/// Why a text is no name of a container port (an IANA service name).
fn service_name_error(name: &str) -> Option<String> {
    if name.len() > 15 {
        return Some(format!("it has {} characters, 15 are allowed", name.len()));
    }
    if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Some("it must have a lower-case letter".into());
    }
    if name.contains("--") {
        return Some("`--` is not allowed".into());
    }
    k8s::dns_label_error(name)
}
