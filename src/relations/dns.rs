//! Services named by their DNS name inside any text: `http://api.shop.svc.cluster.local:8080`.

use std::borrow::Cow;
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
            let text = &*said(text);
            if text.contains(".svc") {
                for host in hosts(text) {
                    found.push(reference(&host, node.place(), path));
                }
            }
            if text.contains("://") {
                found.extend(short_hosts(text).iter().map(|host| {
                    // Such a name may be one of anything: it counts where a Service is called so.
                    Reference { optional: true, ..reference(host, node.place(), path) }
                }));
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
                // The handle of a volume is a name that a driver once gave it.
                if matches!(
                    entry.key.text.as_str(),
                    "dnsNames" | "commonName" | "serverName" | "caBundle" | "volumeHandle"
                ) {
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

/// A text without the lines of which programs that read configurations take no notice.
fn said(text: &str) -> Cow<'_, str> {
    let is_comment = |line: &str| {
        let line = line.trim_start();
        line.starts_with('#') || line.starts_with("//")
    };
    if !text.contains('\n') || !text.lines().any(is_comment) {
        return Cow::Borrowed(text);
    }
    let kept: Vec<&str> = text.lines().filter(|line| !is_comment(line)).collect();
    Cow::Owned(kept.join("\n"))
}

fn reference(host: &Host<'_>, place: Place, field: &str) -> Reference {
    Reference {
        group: "".into(),
        kind: "Service".into(),
        namespace: host.namespace.map(Into::into),
        name: host.service.into(),
        key: host.port.map(Into::into),
        optional: false,
        place,
        key_place: host.port.map(|_| place),
        field: field.into(),
        via: Via::Dns,
    }
}

/// A Service by its name in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host<'t> {
    service: &'t str,
    /// `None` is that of whoever reads the text.
    namespace: Option<&'t str>,
    /// The port that is written behind it, or the one that its scheme stands for.
    port: Option<&'t str>,
}

/// Characters of a name, or of several with dots between.
fn is_label(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.')
}

fn is_good(label: &str) -> bool {
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
}

/// The port behind a host that ends where `after` begins; `before` is what stands in front of it. A port that is not a number
/// is not known.
fn port<'t>(before: &str, after: &'t str) -> Option<&'t str> {
    let Some(rest) = after.strip_prefix(':') else {
        let ends =
            after.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | ','));
        return match before.rsplit(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '/')).next() {
            Some(scheme) if ends && scheme.ends_with("http://") => Some("80"),
            Some(scheme) if ends && scheme.ends_with("https://") => Some("443"),
            _ => None,
        };
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, next) = (rest.get(..digits)?, rest.get(digits..)?.chars().next());
    // `user:1234@host` is no port.
    let whole = next
        .is_none_or(|c| !(c.is_ascii_alphanumeric() || matches!(c, '$' | '{' | '_' | '<' | '%' | '@' | '.')));
    (whole && (1..=5).contains(&number.len())).then_some(number)
}

/// The `service.namespace.svc` names in a text, each once. Hosts of a pod (`pod.service.namespace.svc`) count as the service.
pub(super) fn hosts(text: &str) -> Vec<Host<'_>> {
    let mut found: Vec<Host<'_>> = Vec::new();
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
        let outside = before.get(..start).unwrap_or_default();
        let glued = outside.chars().last().is_some_and(|c| {
            matches!(c, '}' | '$' | '%' | '*' | '_' | ')' | '\\' | '{' | '+') || c.is_alphanumeric()
        });
        let Some(host) = before.get(start..) else { continue };
        let mut labels = host.rsplit('.');
        let (Some(namespace), Some(service)) = (labels.next(), labels.next()) else { continue };
        let pods = labels.next().is_some();
        let placeholder = |label: &str| {
            ["namespace", "my-namespace", "service", "svc", "example", "release-name"].contains(&label)
        };
        if ends
            && (!glued || pods)
            && is_good(namespace)
            && is_good(service)
            && !placeholder(namespace)
            && !placeholder(service)
        {
            // Pods listen on what they want.
            let after = after.strip_prefix(".cluster.local").unwrap_or(after);
            let port = port(outside, after.strip_prefix('.').unwrap_or(after)).filter(|_| !pods);
            let host = Host { service, namespace: Some(namespace), port };
            if !found.contains(&host) {
                found.push(host);
            }
        }
    }
    found
}

/// `http://service:8080` and `http://service.namespace:8080`, each once: with a port that is written.
fn short_hosts(text: &str) -> Vec<Host<'_>> {
    let mut found: Vec<Host<'_>> = Vec::new();
    for (at, _) in text.match_indices("://") {
        let Some(rest) = text.get(at + 3..) else { continue };
        let end = rest.find(|c: char| !is_label(c)).unwrap_or(rest.len());
        let (Some(host), Some(after)) = (rest.get(..end), rest.get(end..)) else { continue };
        let mut labels = host.split('.');
        let (service, namespace) = (labels.next().unwrap_or_default(), labels.next());
        let named = service.starts_with(|c: char| c.is_ascii_lowercase()) && service != "localhost";
        if labels.next().is_none()
            && named
            && is_good(service)
            && namespace.is_none_or(is_good)
            && after.starts_with(':')
            && let Some(port) = port("", after)
        {
            let host = Host { service, namespace, port: Some(port) };
            if !found.contains(&host) {
                found.push(host);
            }
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
            ("http://api.shop.svc:80/x", vec![("api", "shop", Some("80"))]),
            ("http://api.shop.svc.cluster.local:8080", vec![("api", "shop", Some("8080"))]),
            ("https://api.shop.svc/", vec![("api", "shop", Some("443"))]),
            ("http://api.shop.svc.cluster.local.", vec![("api", "shop", Some("80"))]),
            ("api.shop.svc.cluster.local", vec![("api", "shop", None)]),
            ("http://api.shop.svc:${PORT}", vec![("api", "shop", None)]),
            ("db-0.db.shop.svc.cluster.local,db-1.db.shop.svc:5432", vec![("db", "shop", None)]),
            ("http://${NAME}.shop.svc", vec![]),
            ("${NAME}.shop.svc.cluster.local", vec![]),
            ("{{ .x }}-api.shop.svc", vec![]),
            ("*.shop.svc", vec![]),
            ("x.y.svcs", vec![]),
            ("api.$(NS).svc", vec![]),
            ("no host", vec![]),
            ("kubernetes.default.svc.{{ domain }}", vec![]),
        ] {
            let found = hosts(text);
            let found: Vec<_> =
                found.iter().map(|it| (it.service, it.namespace.unwrap_or_default(), it.port)).collect();
            assert_eq!(found, want, "{text}");
        }
    }

    #[test]
    fn comments_say_nothing() {
        assert_eq!(said("a: 1\n # http://x.y.svc\n// b\nc"), "a: 1\nc");
        assert_eq!(said("# one line"), "# one line");
    }

    #[test]
    fn finds_short_hosts_with_a_port() {
        for (text, want) in [
            (
                "http://api:8080/x, redis://cache.shop:6379",
                vec![("api", None, "8080"), ("cache", Some("shop"), "6379")],
            ),
            ("http://api", vec![]),
            ("http://api.example.com:80", vec![]),
            ("http://10.0.0.1:80", vec![]),
            ("http://localhost:80", vec![]),
            ("http://user:1234@api", vec![]),
        ] {
            let found = short_hosts(text);
            let found: Vec<_> =
                found.iter().map(|it| (it.service, it.namespace, it.port.unwrap_or_default())).collect();
            assert_eq!(found, want, "{text}");
        }
    }
}
