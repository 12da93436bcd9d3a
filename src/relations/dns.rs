//! Services named by their DNS name inside any text: `http://api.shop.svc.cluster.local:8080`.

use std::fmt::Write as _;

use crate::origin::Place;
use crate::yaml::{Data, Node};

use super::collector::{Reference, Via};

/// Deeper trees than this are not manifests.
const MAX_DEPTH: u32 = 48;

/// Adds a reference for every `service.namespace.svc` in the texts of an object.
pub(super) fn references(object: &Node, found: &mut Vec<Reference>) {
    for section in object.entries() {
        // A status or an annotation repeats what others say.
        if !matches!(section.key.text.as_str(), "metadata" | "status" | "apiVersion" | "kind") {
            walk(&section.value, &mut section.key.text.to_string(), found, 0);
        }
    }
}

fn walk(node: &Node, path: &mut String, found: &mut Vec<Reference>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    let length = path.len();
    match &node.data {
        Data::Scalar(text) => {
            if text.contains(".svc") {
                for (service, namespace) in hosts(text) {
                    found.push(reference(service, namespace, node.place(), path));
                }
            }
        }
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                let _ = write!(path, "[{index}]");
                walk(item, path, found, depth + 1);
                path.truncate(length);
            }
        }
        Data::Map(map) => {
            for entry in map {
                // Who may call is told by names that need not exist: certificates, TLS server names.
                if matches!(entry.key.text.as_str(), "dnsNames" | "commonName" | "serverName" | "caBundle") {
                    continue;
                }
                path.push('.');
                path.push_str(&entry.key.text);
                walk(&entry.value, path, found, depth + 1);
                path.truncate(length);
            }
        }
    }
}

fn reference(service: &str, namespace: &str, place: Place, field: &str) -> Reference {
    Reference {
        group: "".into(),
        kind: "Service".into(),
        namespace: Some(namespace.into()),
        name: service.into(),
        key: None,
        optional: false,
        place,
        key_place: None,
        field: field.into(),
        via: Via::Dns,
    }
}

/// The `service.namespace.svc` names in a text, each once. Hosts of a pod (`pod.service.namespace.svc`) count as the service.
pub(super) fn hosts(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    for (at, _) in text.match_indices(".svc") {
        let (Some(before), Some(after)) = (text.get(..at), text.get(at + 4..)) else { continue };
        let ends = match after.chars().next() {
            None => true,
            Some('.') => {
                after.starts_with(".cluster.local")
                    || after.get(1..2).is_none_or(|next| next.trim_matches([' ', '\n']).is_empty())
            }
            Some(c) => !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$' | '{')),
        };
        let start = before.rfind(|c: char| !is_label(c)).map_or(0, |index| {
            index + before.get(index..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        // A name that something is glued to is a placeholder or a pattern, not a host.
        let glued = before.get(..start).and_then(|rest| rest.chars().last());
        let glued = glued.is_some_and(|c| {
            matches!(c, '}' | '$' | '%' | '*' | '_' | ')' | '\\' | '{' | '+') || c.is_alphanumeric()
        });
        let Some(host) = before.get(start..) else { continue };
        let mut labels = host.rsplit('.');
        let (Some(namespace), Some(service)) = (labels.next(), labels.next()) else { continue };
        let pods = labels.next().is_some();
        let good = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        let placeholder = |label: &str| {
            ["namespace", "my-namespace", "service", "svc", "example", "release-name"].contains(&label)
        };
        if ends
            && (!glued || pods)
            && good(namespace)
            && good(service)
            && !placeholder(namespace)
            && !placeholder(service)
            && !found.contains(&(service, namespace))
        {
            found.push((service, namespace));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_hosts_of_services() {
        for (text, want) in [
            ("http://api.shop.svc:80/x", vec![("api", "shop")]),
            ("api.shop.svc.cluster.local", vec![("api", "shop")]),
            ("db-0.db.shop.svc.cluster.local,db-1.db.shop.svc", vec![("db", "shop")]),
            ("http://${NAME}.shop.svc", vec![]),
            ("${NAME}.shop.svc.cluster.local", vec![]),
            ("{{ .x }}-api.shop.svc", vec![]),
            ("*.shop.svc", vec![]),
            ("x.y.svcs", vec![]),
            ("api.$(NS).svc", vec![]),
            ("no host", vec![]),
            ("kubernetes.default.svc.{{ domain }}", vec![]),
        ] {
            assert_eq!(hosts(text), want, "{text}");
        }
    }
}
