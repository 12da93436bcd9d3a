//! Ingresses, their classes, NetworkPolicies, and endpoints.

use super::at::{At, Found, final_text};
use super::selectors::label_selector;
use super::shape::{Shape, is_cidr, parse_ip};

pub(super) fn ingress(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec") else {
        found.lack(root, "spec", "the Ingress has neither `rules` nor `defaultBackend`", None);
        return;
    };
    if spec.is_map() && !spec.is_filled("rules") && !spec.has("defaultBackend") {
        found.lack(&spec, "", "the Ingress has neither `rules` nor `defaultBackend`", None);
    }
    found.fill(&spec, &["ingressClassName"]);
    found.shape(&spec, "ingressClassName", Shape::Subdomain);
    let annotation = root.node.at_path(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
    if let (Some(old), Some(class)) = (annotation.and_then(final_text), spec.get("ingressClassName"))
        && final_text(class.node).is_some_and(|class| class != old)
    {
        found.wrong(&class, format!("the annotation `kubernetes.io/ingress.class` says `{old}`"));
    }
    if let Some(backend) = spec.get("defaultBackend") {
        self::backend(&backend, found);
    }
    for tls in spec.items("tls") {
        found.shape(&tls, "secretName", Shape::Subdomain);
        found.not_null(&tls, &["hosts"]);
        for host in tls.items("hosts").filter(|host| host.node.as_str() == Some("")) {
            found.wrong(&host, "a host is empty");
        }
    }
    for rule in spec.items("rules") {
        let Some(http) = rule.get("http").filter(At::is_map) else { continue };
        found.fill(&http, &["paths"]);
        for item in http.items("paths").filter(At::is_map) {
            path(&item, found);
            if let Some(backend) = item.get("backend") {
                self::backend(&backend, found);
            }
        }
    }
}

fn path(item: &At<'_>, found: &mut Found) {
    let kind = item.text("pathType");
    found.fill(item, &["pathType"]);
    let free = kind == "ImplementationSpecific";
    let text = item.text("path");
    if !free && matches!(kind, "Exact" | "Prefix") && text.is_empty() {
        let words = format!("a path of the type `{kind}` must begin with `/`");
        match item.get("path") {
            Some(path) => found.wrong(&path, words),
            None => found.lack(item, "path", words, Some("add `path`")),
        }
        return;
    }
    let Some(path) = item.get("path") else { return };
    let Some(text) = final_text(path.node).filter(|text| !text.is_empty()) else { return };
    if !text.starts_with('/') {
        found.wrong(&path, format!("the path `{text}` must begin with `/`"));
        return;
    }
    if matches!(kind, "Exact" | "Prefix") {
        let lower = text.to_ascii_lowercase();
        for part in ["//", "/./", "/../", "%2f"] {
            if lower.contains(part) {
                found.wrong(&path, format!("the path `{text}` must not contain `{part}`"));
                return;
            }
        }
        for end in ["/..", "/."] {
            if text.ends_with(end) {
                found.wrong(&path, format!("the path `{text}` must not end with `{end}`"));
            }
        }
    }
}

fn backend(backend: &At<'_>, found: &mut Found) {
    // Versions of old have other fields.
    let old = backend.has("serviceName") || backend.has("servicePort");
    if !backend.is_map() || old {
        return;
    }
    if let Some(resource) = backend.get("resource") {
        typed_reference(&resource, found);
    } else if !backend.has("service") {
        found.lack(backend, "", "a backend needs `service` or `resource`", None);
    }
    let Some(service) = backend.get("service").filter(At::is_map) else { return };
    if backend.has("resource") {
        found.wrong(&service, "a backend cannot have both `service` and `resource`");
    }
    found.fill(&service, &["name"]);
    found.shape(&service, "name", Shape::Label);
    let port = service.get("port");
    let given = |name: &str| port.is_some_and(|port| port.is_filled(name) && port.int(name) != Some(0));
    match (given("name"), given("number")) {
        (true, true) => found.wrong(
            port.as_ref().unwrap_or(&service),
            "the port of a backend cannot have both `name` and `number`",
        ),
        (false, false) => {
            let help = Some("add `port.name` or `port.number`");
            found.lack(&service, "port", "the backend names no port", help);
        }
        _ => {}
    }
    if let Some(port) = &port {
        found.port(port, "number");
        found.shape(port, "name", Shape::PortName);
    }
}

/// A reference to an object of any kind.
fn typed_reference(at: &At<'_>, found: &mut Found) {
    if !at.is_map() {
        return;
    }
    found.shape(at, "apiGroup", Shape::Subdomain);
    found.fill(at, &["kind", "name"]);
    found.shape(at, "kind", Shape::Segment);
    found.shape(at, "name", Shape::Segment);
}

/// The name of a controller: a domain, a slash and a path.
pub(super) fn ingress_class(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(|spec| spec.is_filled("controller")) else {
        found.lack(root, "spec.controller", "an IngressClass needs `spec.controller`", None);
        return;
    };
    found.shape(&spec, "controller", Shape::DomainPath);
    if spec.text("controller").len() > 250 {
        found.not_with(&spec, "controller", "the name of a controller has at most 250 characters");
    }
    let Some(parameters) = spec.get("parameters").filter(At::is_map) else { return };
    typed_reference(&parameters, found);
    found.one_of(&parameters, "scope", &["Cluster", "Namespace"]);
    found.shape(&parameters, "namespace", Shape::Label);
    let scope = if parameters.is_filled("scope") { parameters.text("scope") } else { "Cluster" };
    match scope {
        "Namespace" if !parameters.is_filled("namespace") => {
            found.lack(&parameters, "namespace", "`scope: Namespace` needs `namespace`", None);
        }
        "Cluster" => found.not_with(&parameters, "namespace", "`namespace` needs `scope: Namespace`"),
        _ => {}
    }
}

pub(super) fn policy(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    label_selector(&spec, "podSelector", found);
    if spec.node.items(&["policyTypes"]).len() > 2 {
        found.not_with(&spec, "policyTypes", "`policyTypes` has more than two entries");
    }
    found.not_null(&spec, &["policyTypes"]);
    for kind in spec.items("policyTypes") {
        if let Some(text) = final_text(kind.node).filter(|text| !matches!(*text, "Ingress" | "Egress")) {
            found.wrong(&kind, format!("`{text}` is no type of policy: use `Ingress` or `Egress`"));
        }
    }
    for (direction, field) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.items(direction) {
            for port in rule.items("ports").filter(At::is_map) {
                policy_port(&port, found);
            }
            for peer in rule.items(field).filter(At::is_map) {
                self::peer(&peer, field, found);
            }
        }
    }
}

fn policy_port(port: &At<'_>, found: &mut Found) {
    found.fill(port, &["protocol"]);
    found.one_of(port, "protocol", &["TCP", "UDP", "SCTP"]);
    found.port_or_name(port, "port");
    found.range(port, "endPort", 1, 65535);
    match (port.int("port"), port.int("endPort")) {
        (Some(first), Some(last)) if last < first => {
            found.not_with(port, "endPort", "`endPort` is below `port`");
        }
        (None, _) => found.not_with(port, "endPort", "`endPort` needs a number as `port`"),
        _ => {}
    }
}

fn peer(peer: &At<'_>, field: &str, found: &mut Found) {
    let selects = peer.has("podSelector") || peer.has("namespaceSelector");
    label_selector(peer, "podSelector", found);
    label_selector(peer, "namespaceSelector", found);
    if let Some(block) = peer.get("ipBlock").filter(At::is_map) {
        if selects {
            let words = "`ipBlock` cannot be set beside `podSelector` or `namespaceSelector`";
            found.wrong(&block, words);
        }
        found.fill(&block, &["cidr"]);
        found.shape(&block, "cidr", Shape::Cidr);
        found.not_null(&block, &["except"]);
        for except in block.items("except") {
            let Some(text) = final_text(except.node) else { continue };
            if !is_cidr(text) {
                found.wrong_help(
                    &except,
                    format!("`{text}` is no range of addresses"),
                    "write it as `10.0.0.0/8`",
                );
            } else if !is_within(text, block.text("cidr")) {
                found.wrong(&except, format!("`{text}` is no part of `{}`", block.text("cidr")));
            }
        }
    } else if !selects && peer.node.entries().iter().all(|it| it.value.is_null()) {
        found.wrong(peer, format!("an entry of `{field}` selects nothing"));
    }
}

/// Whether a range is a smaller part of another one; what cannot be read is.
fn is_within(part: &str, whole: &str) -> bool {
    let read = |text: &str| {
        let (address, bits) = text.split_once('/')?;
        Some((parse_ip(address)?, bits.parse::<u32>().ok()?))
    };
    let (Some((inner, long)), Some((outer, short))) = (read(part), read(whole)) else { return true };
    let (inner, outer, width) = match (inner, outer) {
        (std::net::IpAddr::V4(a), std::net::IpAddr::V4(b)) => {
            (u128::from(a.to_bits()), u128::from(b.to_bits()), 32)
        }
        (std::net::IpAddr::V6(a), std::net::IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let shift = width - short.min(width);
    long > short && (shift >= 128 || inner >> shift == outer >> shift)
}

/// A ReferenceGrant of the Gateway API names namespaces; there is no wildcard.
pub(super) fn grant(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec") else { return };
    for from in spec.items("from") {
        let Some(namespace) = from.get("namespace") else { continue };
        let Some(text) = final_text(namespace.node) else { continue };
        if let Some(why) = Shape::Label.error(text) {
            let words = format!("`{text}` is no namespace: {why}");
            found.wrong_help(&namespace, words, "add an entry for each namespace");
        }
    }
}

/// A monitor of the Prometheus operator names ports; numbers are `targetPort`s.
pub(super) fn monitor(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec") else { return };
    for list in ["endpoints", "podMetricsEndpoints"] {
        for endpoint in spec.items(list) {
            if let Some(port) = endpoint.get("port").filter(|port| port.node.as_i64().is_some()) {
                let words = "`port` is the name of a port, not a number";
                found.wrong_help(&port, words, "say its name, or `targetPort`");
            }
        }
    }
}

pub(super) fn endpoints(root: &At<'_>, found: &mut Found) {
    for subset in root.items("subsets").filter(At::is_map) {
        if !subset.is_filled("addresses") && !subset.is_filled("notReadyAddresses") {
            found.lack(&subset, "addresses", "a subset needs `addresses` or `notReadyAddresses`", None);
        }
        for list in ["addresses", "notReadyAddresses"] {
            for address in subset.items(list).filter(At::is_map) {
                found.fill(&address, &["ip"]);
                found.shape(&address, "ip", Shape::Ip);
                found.shape(&address, "hostname", Shape::Label);
                found.shape(&address, "nodeName", Shape::Subdomain);
                special_address(&address, "ip", found);
            }
        }
        let several = subset.node.items(&["ports"]).len() > 1;
        for port in subset.items("ports").filter(At::is_map) {
            if several && !port.is_filled("name") {
                found.lack(&port, "name", "several ports must have names", Some("add `name`"));
            }
            found.shape(&port, "name", Shape::Label);
            found.range(&port, "port", 1, 65535);
            found.one_of(&port, "protocol", &["TCP", "UDP", "SCTP"]);
            found.shape(&port, "appProtocol", Shape::Qualified);
        }
    }
}

/// Addresses of this machine alone are no endpoints.
pub(super) fn special_address(at: &At<'_>, name: &str, found: &mut Found) {
    let Some(value) = at.get(name) else { return };
    let Some(address) = final_text(value.node).and_then(parse_ip) else { return };
    let local = match address {
        std::net::IpAddr::V4(it) => it.is_link_local() || it.octets().starts_with(&[224, 0, 0]),
        std::net::IpAddr::V6(it) => it.is_unicast_link_local() || it.segments().first() == Some(&0xff02),
    };
    if address.is_loopback() || address.is_unspecified() || local {
        found.wrong(&value, format!("`{address}` is an address of one machine, which cannot stand here"));
    }
}

pub(super) fn endpoint_slice(root: &At<'_>, found: &mut Found) {
    let kind = root.text("addressType");
    found.fill(root, &["addressType"]);
    found.one_of(root, "addressType", &["IPv4", "IPv6", "FQDN"]);
    for endpoint in root.items("endpoints").filter(At::is_map) {
        found.fill(&endpoint, &["addresses"]);
        found.shape(&endpoint, "hostname", Shape::Label);
        found.shape(&endpoint, "nodeName", Shape::Subdomain);
        if endpoint.node.items(&["addresses"]).len() > 100 {
            found.not_with(&endpoint, "addresses", "`addresses` has more than 100 entries");
        }
        found.not_null(&endpoint, &["addresses"]);
        for address in endpoint.items("addresses") {
            let Some(text) = final_text(address.node) else { continue };
            let parsed = text.parse::<std::net::IpAddr>();
            let good = match kind {
                "IPv4" => parsed.is_ok_and(|it| it.is_ipv4()),
                "IPv6" => parsed.is_ok_and(|it| it.is_ipv6()),
                "FQDN" => Shape::Subdomain.error(text).is_none() && text.contains('.'),
                _ => continue,
            };
            if !good {
                found.wrong(&address, format!("`{text}` is no address of the type `{kind}`"));
            }
        }
        if let Some(hints) = endpoint.get("hints") {
            for (list, shape) in [("forZones", Shape::LabelValue), ("forNodes", Shape::Subdomain)] {
                for hint in hints.items(list) {
                    found.fill(&hint, &["name"]);
                    found.shape(&hint, "name", shape);
                }
            }
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for port in root.node.items(&["ports"]) {
        names.push(port.get("name").and_then(crate::yaml::Node::as_str).unwrap_or_default());
    }
    for (index, port) in root.items("ports").enumerate().filter(|(_, port)| port.is_map()) {
        found.shape(&port, "name", Shape::Label);
        found.fill(&port, &["protocol"]);
        found.one_of(&port, "protocol", &["TCP", "UDP", "SCTP"]);
        found.shape(&port, "appProtocol", Shape::Qualified);
        let name = port.text("name");
        if names.iter().take(index).any(|other| *other == name) {
            found.wrong(&port, format!("two ports are called `{name}`"));
        }
    }
}
