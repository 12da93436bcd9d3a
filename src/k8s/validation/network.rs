//! Services, Ingresses and NetworkPolicies.

use crate::yaml::Node;

use super::{Found, final_text, has, port_name_error};
use crate::k8s::names::dns_label_error;

pub(super) fn service(node: &Node, found: &mut Found) {
    let text = |name: &str| node.at_path(&["spec", name]).and_then(Node::as_str).unwrap_or_default();
    let kind = match text("type") {
        "" => "ClusterIP",
        kind => kind,
    };
    let ports = node.items(&["spec", "ports"]);
    let headless = text("clusterIP") == "None";
    if kind == "ExternalName" {
        if text("externalName").is_empty()
            && let Some(at) = node.at_path(&["spec", "type"])
        {
            found.lack("spec.type", at, "a Service of type `ExternalName` needs `externalName`", None);
        }
    } else if ports.is_empty()
        && !headless
        && let Some(spec) = node.get("spec").filter(|it| it.as_map().is_some())
    {
        found.lack("spec.ports", spec, "the Service has no ports", Some("add `ports`, or `clusterIP: None`"));
    }
    if headless
        && matches!(kind, "NodePort" | "LoadBalancer")
        && let Some(at) = node.at_path(&["spec", "clusterIP"])
    {
        found.add("spec.clusterIP", at, format!("`clusterIP: None` cannot be set with type `{kind}`"), None);
    }
    for (index, port) in ports.iter().enumerate() {
        let path = |name: &str| format!("spec.ports[{index}].{name}");
        for name in ["port", "targetPort", "nodePort"] {
            let Some(value) = port.get(name) else { continue };
            let zero = name != "port" && value.as_i64() == Some(0);
            if value.as_i64().is_some_and(|port| !(1..=65535).contains(&port)) && !zero {
                found.add(path(name), value, format!("`{name}` must be between 1 and 65535"), None);
            }
        }
        if let Some(target) = port.get("targetPort")
            && let Some(text) = final_text(target)
            && let Some(why) = port_name_error(text).filter(|_| !text.is_empty())
        {
            let words = format!("`{text}` cannot be the name of a port: {why}");
            found.add(path("targetPort"), target, words, None);
        }
        if ports.len() > 1 && port.as_map().is_some() && !has(port, "name") {
            let words = "ports of a Service with several must have names";
            found.lack(path("name"), port, words, Some("add `name`"));
        }
        if kind == "ClusterIP"
            && let Some(value) =
                port.get("nodePort").filter(|value| value.as_i64().is_some_and(|port| port != 0))
        {
            let words = "`nodePort` cannot be set in a Service of type `ClusterIP`";
            found.add(path("nodePort"), value, words, Some("set `type: NodePort`, or remove it"));
        }
    }
    if matches!(kind, "ClusterIP" | "ExternalName")
        && node.items(&["spec", "externalIPs"]).is_empty()
        && let Some(at) = node.at_path(&["spec", "externalTrafficPolicy"])
        && !final_text(at).unwrap_or_default().is_empty()
    {
        let words = format!("`externalTrafficPolicy` cannot be set in a Service of type `{kind}`");
        found.add("spec.externalTrafficPolicy", at, words, None);
    }
}

pub(super) fn ingress(node: &Node, found: &mut Found) {
    let rules = node.items(&["spec", "rules"]);
    let spec = node.get("spec").filter(|it| it.as_map().is_some());
    if let Some(spec) = spec.filter(|spec| rules.is_empty() && !has(spec, "defaultBackend")) {
        found.lack("spec", spec, "the Ingress has neither `rules` nor `defaultBackend`", None);
    }
    if let Some(backend) = spec.and_then(|spec| spec.get("defaultBackend")) {
        self::backend(backend, "spec.defaultBackend", found);
    }
    for (index, rule) in rules.iter().enumerate() {
        for (number, item) in rule.items(&["http", "paths"]).iter().enumerate() {
            let path = format!("spec.rules[{index}].http.paths[{number}]");
            let free = item.get("pathType").and_then(Node::as_str) == Some("ImplementationSpecific");
            if let Some(node) = item.get("path")
                && let Some(text) = final_text(node).filter(|text| !text.starts_with('/'))
                && !(free && text.is_empty())
            {
                let words = format!("the path `{text}` must begin with `/`");
                found.add(format!("{path}.path"), node, words, None);
            }
            if let Some(backend) = item.get("backend") {
                self::backend(backend, &format!("{path}.backend"), found);
            }
        }
    }
}

fn backend(node: &Node, path: &str, found: &mut Found) {
    let Some(service) = node.get("service").filter(|it| it.as_map().is_some()) else { return };
    if has(node, "resource") {
        found.add(
            format!("{path}.service"),
            service,
            "a backend cannot have both `service` and `resource`",
            None,
        );
    }
    let port = service.get("port");
    let given = |name: &str| port.is_some_and(|port| has(port, name));
    match (given("name"), given("number")) {
        (true, true) => found.add(
            format!("{path}.service.port"),
            port.unwrap_or(service),
            "the port of a backend cannot have both `name` and `number`",
            None,
        ),
        (false, false) => found.lack(
            format!("{path}.service.port"),
            service.get("name").unwrap_or(service),
            "the backend names no port",
            Some("add `port.name` or `port.number`"),
        ),
        _ => {}
    }
}

pub(super) fn policy(node: &Node, found: &mut Found) {
    for (direction, field) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in node.items(&["spec", direction]).iter().enumerate() {
            for (number, peer) in rule.items(&[field]).iter().enumerate() {
                let path = format!("spec.{direction}[{index}].{field}[{number}]");
                let selects = has(peer, "podSelector") || has(peer, "namespaceSelector");
                if let Some(block) = peer.get("ipBlock").filter(|it| it.as_map().is_some()) {
                    if selects {
                        let words = "`ipBlock` cannot be set beside `podSelector` or `namespaceSelector`";
                        found.add(format!("{path}.ipBlock"), block, words, None);
                    }
                    cidr(block.get("cidr"), &format!("{path}.ipBlock.cidr"), found);
                    for (at, except) in block.items(&["except"]).iter().enumerate() {
                        cidr(Some(except), &format!("{path}.ipBlock.except[{at}]"), found);
                    }
                } else if peer.as_map().is_some()
                    && !selects
                    && peer.entries().iter().all(|it| it.value.is_null())
                {
                    found.add(path, peer, format!("an entry of `{field}` selects nothing"), None);
                }
            }
        }
    }
}

/// A ReferenceGrant of the Gateway API names namespaces; there is no wildcard.
pub(super) fn grant(node: &Node, found: &mut Found) {
    for (index, from) in node.items(&["spec", "from"]).iter().enumerate() {
        let Some(namespace) = from.get("namespace") else { continue };
        let Some(text) = final_text(namespace) else { continue };
        if let Some(why) = dns_label_error(text) {
            let words = format!("`{text}` is no namespace: {why}");
            let path = format!("spec.from[{index}].namespace");
            found.add(path, namespace, words, Some("add an entry for each namespace"));
        }
    }
}

/// A monitor of the Prometheus operator names ports; numbers are `targetPort`s.
pub(super) fn monitor(node: &Node, found: &mut Found) {
    for list in ["endpoints", "podMetricsEndpoints"] {
        for (index, endpoint) in node.items(&["spec", list]).iter().enumerate() {
            let Some(port) = endpoint.get("port") else { continue };
            if port.as_i64().is_some() {
                found.add(
                    format!("spec.{list}[{index}].port"),
                    port,
                    "`port` is the name of a port, not a number",
                    Some("say its name, or `targetPort`"),
                );
            }
        }
    }
}

fn cidr(node: Option<&Node>, path: &str, found: &mut Found) {
    let Some(node) = node else { return };
    let Some(text) = final_text(node).filter(|text| !text.is_empty()) else { return };
    let good = text.split_once('/').is_some_and(|(address, bits)| {
        let most = match address.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(_)) => 32,
            Ok(std::net::IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        bits.parse::<u32>().is_ok_and(|bits| bits <= most)
    });
    if !good {
        found.add(path, node, format!("`{text}` is no range of addresses"), Some("write it as `10.0.0.0/8`"));
    }
}
