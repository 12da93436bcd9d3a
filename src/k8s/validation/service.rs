//! Services.

use super::at::{At, Found, final_text};
use super::selectors::labels;
use super::shape::{Shape, parse_ip};

pub(super) fn check(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else {
        if !root.has("spec") {
            found.lack(
                root,
                "spec.ports",
                "the Service has no ports",
                Some("add `ports`, or `clusterIP: None`"),
            );
        }
        return;
    };
    let kind = match spec.text("type") {
        "" => "ClusterIP",
        kind => kind,
    };
    found.one_of(&spec, "type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
    let headless = spec.text("clusterIP") == "None";
    if kind == "ExternalName" {
        external_name(&spec, found);
    } else if !spec.is_filled("ports") && !headless {
        found.lack(&spec, "ports", "the Service has no ports", Some("add `ports`, or `clusterIP: None`"));
    }
    if headless && matches!(kind, "NodePort" | "LoadBalancer") {
        found.not_with(&spec, "clusterIP", format!("`clusterIP: None` cannot be set with type `{kind}`"));
    }
    labels(&spec, "selector", found);
    ports(&spec, kind, found);
    addresses(&spec, kind, found);
    affinity(&spec, found);
    traffic(&spec, kind, found);
    load_balancer(&spec, kind, found);
}

fn external_name(spec: &At<'_>, found: &mut Found) {
    if !spec.is_filled("externalName") {
        let words = "a Service of type `ExternalName` needs `externalName`";
        found.lack(spec, "externalName", words, None);
    }
    // A dot at the end is let pass.
    if let Some(name) = spec.get("externalName")
        && let Some(text) = final_text(name.node).filter(|text| !text.is_empty())
        && let Some(why) = Shape::Subdomain.error(text.strip_suffix('.').unwrap_or(text))
    {
        found.wrong(&name, format!("`{text}` cannot be `externalName`: {why}"));
    }
    for name in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if spec.is_filled(name) {
            found.not_with(spec, name, format!("`{name}` cannot be set in a Service of type `ExternalName`"));
        }
    }
    if !matches!(spec.text("clusterIP"), "") {
        found.not_with(spec, "clusterIP", "`clusterIP` cannot be set in a Service of type `ExternalName`");
    }
}

fn ports(spec: &At<'_>, kind: &str, found: &mut Found) {
    let several = spec.node.items(&["ports"]).len() > 1;
    let mut nodes: Vec<(i64, String)> = Vec::new();
    for port in spec.items("ports").filter(At::is_map) {
        found.range(&port, "port", 1, 65535);
        // Zero, or an empty text, is the port itself.
        if port.int("targetPort") != Some(0) && port.is_filled("targetPort") {
            found.port_or_name(&port, "targetPort");
        }
        found.one_of(&port, "protocol", &["TCP", "UDP", "SCTP"]);
        found.shape(&port, "appProtocol", Shape::Qualified);
        found.fill(&port, &["appProtocol"]);
        found.port(&port, "nodePort");
        if several && !port.has("name") {
            let words = "ports of a Service with several must have names";
            found.lack(&port, "name", words, Some("add `name`"));
        }
        let Some(node) = port.get("nodePort") else { continue };
        let Some(number) = node.node.as_i64().filter(|number| *number != 0) else { continue };
        if kind == "ClusterIP" {
            let words = "`nodePort` cannot be set in a Service of type `ClusterIP`";
            found.wrong_help(&node, words, "set `type: NodePort`, or remove it");
        }
        let protocol = if port.is_filled("protocol") { port.text("protocol") } else { "TCP" };
        let key = (number, protocol.to_owned());
        if nodes.contains(&key) {
            found.wrong(&node, format!("`nodePort` {number} is taken twice"));
        }
        nodes.push(key);
    }
}

fn addresses(spec: &At<'_>, kind: &str, found: &mut Found) {
    for address in spec.items("externalIPs") {
        if let Some(text) = final_text(address.node).filter(|text| parse_ip(text).is_none()) {
            found.wrong(&address, format!("`{text}` is no address"));
        }
    }
    let local = spec.items("externalIPs").filter_map(|it| final_text(it.node).and_then(parse_ip));
    for address in local.filter(|it| it.is_loopback() || it.is_unspecified()) {
        found.not_with(spec, "externalIPs", format!("`{address}` is an address of one machine"));
    }
    if kind == "ExternalName" {
        return;
    }
    let cluster = spec.text("clusterIP");
    if !matches!(cluster, "" | "None") {
        found.shape(spec, "clusterIP", Shape::Ip);
    }
    let ips: Vec<&str> =
        spec.node.items(&["clusterIPs"]).iter().filter_map(crate::yaml::Node::as_str).collect();
    if let Some(first) = ips.first()
        && *first != cluster
        && spec.has("clusterIPs")
    {
        found.not_with(spec, "clusterIPs", "the first of `clusterIPs` must be `clusterIP`");
    }
    for address in spec.items("clusterIPs") {
        if let Some(text) =
            final_text(address.node).filter(|text| *text != "None" && parse_ip(text).is_none())
        {
            found.wrong(&address, format!("`{text}` is no address"));
        }
    }
    if ips.len() > 2 || ips.len() > 1 && ips.contains(&"None") {
        found.not_with(
            spec,
            "clusterIPs",
            "`clusterIPs` has at most two addresses, one of each family, or `None`",
        );
    }
    found.one_of(spec, "ipFamilyPolicy", &["SingleStack", "PreferDualStack", "RequireDualStack"]);
    let families: Vec<&str> =
        spec.node.items(&["ipFamilies"]).iter().filter_map(crate::yaml::Node::as_str).collect();
    found.not_null(spec, &["ipFamilies"]);
    for family in spec.items("ipFamilies") {
        if let Some(text) = final_text(family.node).filter(|text| !matches!(*text, "IPv4" | "IPv6")) {
            found.wrong(&family, format!("`{text}` is no family of addresses"));
        }
    }
    if families.len() > 2 || families.len() == 2 && families.first() == families.last() {
        found.not_with(spec, "ipFamilies", "`ipFamilies` has each family once");
    }
    let single = matches!(spec.text("ipFamilyPolicy"), "" | "SingleStack");
    let dual_by_default =
        cluster == "None" && !spec.is_filled("selector") && !spec.is_filled("ipFamilyPolicy");
    if single && !dual_by_default && (families.len() == 2 || ips.len() == 2) {
        let near = if families.len() == 2 { "ipFamilies" } else { "clusterIPs" };
        found.not_with(
            spec,
            near,
            "two families need `ipFamilyPolicy: PreferDualStack` or `RequireDualStack`",
        );
    }
    for (ip, family) in ips.iter().zip(&families) {
        let fits = parse_ip(ip).is_none_or(|ip| ip.is_ipv4() == (*family == "IPv4"));
        if !fits {
            found.not_with(spec, "clusterIPs", format!("`{ip}` is not of the family `{family}`"));
        }
    }
}

fn affinity(spec: &At<'_>, found: &mut Found) {
    found.one_of(spec, "sessionAffinity", &["ClientIP", "None"]);
    // With another one, its configuration is dropped.
    if spec.text("sessionAffinity") == "ClientIP"
        && let Some(config) = spec.get("sessionAffinityConfig")
        && let Some(client) = config.get("clientIP")
    {
        found.range(&client, "timeoutSeconds", 1, 86400);
    }
}

fn traffic(spec: &At<'_>, kind: &str, found: &mut Found) {
    found.one_of(spec, "internalTrafficPolicy", &["Cluster", "Local"]);
    found.one_of(spec, "trafficDistribution", &["PreferClose", "PreferSameZone", "PreferSameNode"]);
    let external = spec.text("externalTrafficPolicy");
    found.one_of(spec, "externalTrafficPolicy", &["Cluster", "Local"]);
    if (kind == "ExternalName" || kind == "ClusterIP" && !spec.is_filled("externalIPs"))
        && !external.is_empty()
        && !external.contains(['$', '{'])
    {
        let words = format!("`externalTrafficPolicy` cannot be set in a Service of type `{kind}`");
        found.not_with(spec, "externalTrafficPolicy", words);
    }
    if spec.int("healthCheckNodePort").is_some_and(|port| port != 0) {
        if kind != "LoadBalancer" || external != "Local" {
            let words = "`healthCheckNodePort` needs type `LoadBalancer` and `externalTrafficPolicy: Local`";
            found.not_with(spec, "healthCheckNodePort", words);
        }
        found.range(spec, "healthCheckNodePort", 1, 65535);
    }
}

fn load_balancer(spec: &At<'_>, kind: &str, found: &mut Found) {
    if kind != "LoadBalancer" {
        for name in ["loadBalancerSourceRanges", "allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if spec.is_filled(name) {
                found.not_with(spec, name, format!("`{name}` needs type `LoadBalancer`"));
            }
        }
        return;
    }
    for range in spec.items("loadBalancerSourceRanges") {
        let text = if range.node.is_null() { Some("") } else { final_text(range.node) };
        if let Some(text) = text.filter(|text| !super::shape::is_cidr(text.trim())) {
            found.wrong_help(
                &range,
                format!("`{text}` is no range of addresses"),
                "write it as `10.0.0.0/8`",
            );
        }
    }
    if let Some(class) = spec.get("loadBalancerClass") {
        if class.node.as_str() == Some("") {
            found.wrong(&class, "`loadBalancerClass` is empty");
        }
        found.shape(spec, "loadBalancerClass", Shape::Qualified);
    }
}
