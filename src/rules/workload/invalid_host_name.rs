//! `invalid-host-name`: see the page.

use std::net::IpAddr;

use crate::k8s;
use crate::repo::{Object, has_capitals, is_prose};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "invalid-host-name",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "A host of an Ingress, a Gateway or a route is not a DNS name."
);

pub(crate) struct InvalidHostName;

impl Rule for InvalidHostName {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        for (host, field) in hosts(object) {
            let Some(text) = host.as_str().filter(|text| is_final(text)) else { continue };
            // The certificates of an Ingress and the Gateway API take what looks like a name, and addresses do.
            let is_address = field.starts_with("spec.rules") && text.parse::<IpAddr>().is_ok();
            let why = if is_address { Some("an IP address is not allowed".into()) } else { host_error(text) };
            let Some(why) = why else { continue };
            let message = format!("`{text}` cannot be a host of {} `{}`: {why}", object.kind, object.name);
            let help = "write a DNS name such as `shop.example.com`, or `*.` and one";
            let report = cx.report(host.place(), message).object(object, Some(&field)).help(help);
            if is_prose(text) {
                report.possible();
            }
        }
    }
}

/// Every host that the object names, with its field.
fn hosts(object: &Object) -> Vec<(&Node, String)> {
    let node = &object.node;
    let mut out = Vec::new();
    match (object.group.as_str(), object.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "Ingress") => {
            for (index, rule) in node.items(&["spec", "rules"]).iter().enumerate() {
                out.extend(rule.get("host").map(|host| (host, format!("spec.rules[{index}].host"))));
            }
            for (index, tls) in node.items(&["spec", "tls"]).iter().enumerate() {
                let hosts = tls.items(&["hosts"]).iter().enumerate();
                out.extend(hosts.map(|(at, host)| (host, format!("spec.tls[{index}].hosts[{at}]"))));
            }
        }
        ("gateway.networking.k8s.io", "Gateway") => {
            for (index, listener) in node.items(&["spec", "listeners"]).iter().enumerate() {
                out.extend(
                    listener.get("hostname").map(|host| (host, format!("spec.listeners[{index}].hostname"))),
                );
            }
        }
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TLSRoute") => {
            let hosts = node.items(&["spec", "hostnames"]).iter().enumerate();
            out.extend(hosts.map(|(index, host)| (host, format!("spec.hostnames[{index}]"))));
        }
        _ => {}
    }
    out
}

/// Whether nothing will still be put in: no placeholder, and no part in capitals such as `DOMAIN`, which scripts replace.
fn is_final(text: &str) -> bool {
    !text.is_empty() && !text.contains(['$', '{', '}', '<', '>', '%', '@', '[']) && !has_capitals(text)
}

/// Why the API server refuses the host: it takes DNS names, and `*.` before one. Mirrors `ValidateIngressSpec` of
/// `k8s.io/kubernetes/pkg/apis/networking/validation` and the pattern of the Gateway API's `Hostname`.
fn host_error(text: &str) -> Option<String> {
    if text.contains("://") {
        return Some("it is a URL; the scheme does not belong here".into());
    }
    k8s::dns_subdomain_error(text.strip_prefix("*.").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_api_server_takes() {
        for good in ["localhost", "10.0.0.1", "shop.example.com", "*.example.com", "1.2.3", &"a".repeat(64)] {
            assert_eq!(host_error(good), None, "{good}");
        }
        for bad in [
            "https://shop.example.com",
            "shop.example.com:8080",
            "shop_a.example.com",
            "*",
            "a.*.com",
            "shop..com",
            "Shop.com",
            "shop.example.com.",
        ] {
            assert!(host_error(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn leaves_placeholders_alone() {
        for open in ["", "${HOST}", "{{ .host }}", "<host>", "shop.DOMAIN", "SHOP_HOST", "$(HOST)"] {
            assert!(!is_final(open), "{open}");
        }
        assert!(is_final("Shop.example.com"));
    }
}
