//! `malformed-url`: see the page.

use std::fmt::Write as _;

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Data, Node};

meta!(
    "malformed-url",
    "references",
    Warning,
    Recommended,
    "0.3.0",
    "A URL names no host and port that anything could connect to."
);

pub(crate) struct MalformedUrl;

/// Schemes whose URLs name one host.
const SCHEMES: [&str; 5] = ["https", "http", "ssh", "git", "oci"];

/// Deeper trees than this are not manifests.
const MAX_DEPTH: u32 = 48;

/// Parts of field names whose texts are patterns, not URLs.
const PATTERNS: [&str; 5] = ["regex", "pattern", "match", "prefix", "expr"];

impl Rule for MalformedUrl {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        // Texts of a Secret are nobody's business; those of a definition are about URLs.
        if matches!(object.kind.as_str(), "Secret" | "CustomResourceDefinition") || cx.is_chart_alone() {
            return;
        }
        for section in object.node.entries() {
            if section.key.text != "status" {
                walk(object, &section.value, &mut section.key.text.to_string(), cx, 0);
            }
        }
    }
}

fn walk(object: &Object, node: &Node, path: &mut String, cx: &mut Context<'_>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    let length = path.len();
    match &node.data {
        Data::Scalar(text) => {
            if let Some(fault) = fault(text) {
                let message = format!("{} `{}`: {}", object.kind, object.name, fault.why);
                let report = cx.report(node.place(), message).object(object, Some(path)).help(fault.help);
                if fault.likely {
                    report.likely();
                }
            }
        }
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                let _ = write!(path, "[{index}]");
                walk(object, item, path, cx, depth + 1);
                path.truncate(length);
            }
        }
        Data::Map(map) => {
            for entry in map {
                let key = entry.key.text.to_ascii_lowercase();
                if PATTERNS.iter().any(|word| key.contains(word)) {
                    continue;
                }
                path.push('.');
                path.push_str(&entry.key.text);
                walk(object, &entry.value, path, cx, depth + 1);
                path.truncate(length);
            }
        }
    }
}

/// What is wrong with a URL.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    why: String,
    help: &'static str,
    likely: bool,
}

/// What is wrong with a text that is a URL and nothing else. What somebody else fills in is not judged, and what may be a password is not
/// repeated.
fn fault(text: &str) -> Option<Fault> {
    let (scheme, rest) = text.split_once(':')?;
    let slashes = rest.len() - rest.trim_start_matches('/').len();
    if !SCHEMES.contains(&scheme)
        || slashes == 0
        || text.contains(|c: char| c.is_whitespace() || matches!(c, '|' | ';' | ','))
    {
        return None;
    }
    let rest = rest.get(slashes..)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty()
        || host.contains(['$', '{', '}', '<', '>', '%', '*', '(', ')', '\\', '[', ']', ',', '+', '^', '…'])
    {
        return None;
    }
    if slashes == 1 {
        // `http:/x` is a path in some programs.
        let named = host.contains('.') && !host.starts_with('.');
        return named.then(|| Fault {
            why: format!("`{scheme}:/` needs two slashes before `{host}`"),
            help: "write `://`",
            likely: true,
        });
    }
    if SCHEMES.contains(&host.trim_end_matches(':')) && host.ends_with(':') && rest.contains("//") {
        return Some(Fault {
            why: format!("the URL begins with `{scheme}://` twice"),
            help: "write the scheme once",
            likely: false,
        });
    }
    let (name, port) = host.split_once(':')?;
    if port.is_empty() {
        return Some(Fault {
            why: format!("no port follows the colon in `{host}`"),
            help: "write the port, or leave out the colon",
            likely: true,
        });
    }
    let number = port.parse::<u32>().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()));
    if number.is_some_and(|number| number <= 65_535) || port.contains(':') {
        return None;
    }
    // `PORT` is to be replaced, and `host:path` is how Git writes hosts without a scheme.
    let capitals = port.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let words = ["port", "xxxx", "portnumber"].contains(&port);
    (!capitals && !words).then(|| Fault {
        why: format!("`{port}` is no port of `{name}`"),
        help: if scheme == "ssh" || rest.ends_with(".git") || authority.contains('@') || name.contains('.') && number.is_none() {
            "a path begins with `/`, and a port is a number: a colon belongs to the short form without scheme only"
        } else {
            "a port is a number from 1 to 65535"
        },
        likely: false,
    })
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn tells_urls_that_name_no_host() {
        for (text, want) in [
            ("https://git.example.com:acme/shop", Some("`acme` is no port of `git.example.com`")),
            ("ssh://git@git.example.com:acme/shop.git", Some("`acme` is no port of `git.example.com`")),
            ("http://shop:", Some("no port follows the colon in `shop:`")),
            ("http://shop:/api", Some("no port follows the colon in `shop:`")),
            ("http://shop:99999", Some("`99999` is no port of `shop`")),
            ("https://https://shop.example.com", Some("the URL begins with `https://` twice")),
            ("https:/shop.example.com", Some("`https:/` needs two slashes before `shop.example.com`")),
            ("http://shop:8080/x", None),
            ("http://user:word@shop:8080", None),
            ("http://[::1]:8080", None),
            ("http://shop:${PORT}", None),
            ("http://shop:PORT", None),
            ("https://example.com/a:b", None),
            ("git@git.example.com:acme/shop.git", None),
            ("see http://shop:", None),
            ("https://shop.example.com;http://shop:8080", None),
            ("jdbc:postgresql://db:", None),
        ] {
            assert_eq!(fault(text).map(|it| it.why).as_deref(), want, "{text}");
        }
    }
}
