//! `misspelt-host`: see the page.

use crate::repo::Inventory;
use crate::rules::spellings::{self, Spellings, Words, Written};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "misspelt-host",
    "references",
    Warning,
    Recommended,
    "0.3.0",
    "A host is below a domain that is spelt unlike everywhere else."
);

pub(crate) struct MisspeltHost;

/// Deeper trees than this are not manifests.
const MAX_DEPTH: u32 = 64;

/// Fields that name hosts.
const FIELDS: [&str; 8] =
    ["host", "hosts", "hostname", "hostnames", "dnsnames", "commonname", "domain", "domains"];

impl Rule for MisspeltHost {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut domains = Spellings::default();
        spellings::files(inventory, cx, |written: &Domains| domains.add_all(&written.0));
        for slip in domains.slips(&[]) {
            if slip.is_read(cx) {
                let message = format!("the domain `{}` is spelt `{}` everywhere else", slip.word, slip.usual);
                slip.tell(message, cx);
            }
        }
    }
}

/// The domains that a file names.
#[derive(Default)]
struct Domains(Words);

impl Written for Domains {
    fn read(&mut self, root: &Node) {
        walk(root, false, &mut self.0, 0);
    }

    fn tables(&mut self) -> impl Iterator<Item = &mut Words> {
        std::iter::once(&mut self.0)
    }
}

fn walk(node: &Node, is_host: bool, domains: &mut Words, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    if is_host && let Some(domain) = node.scalar().and_then(|text| domain(text)) {
        domains.add(domain, node.place());
    }
    for item in node.seq_or_empty() {
        walk(item, is_host, domains, depth + 1);
    }
    for entry in node.entries() {
        let named = FIELDS.iter().any(|field| entry.key.text.eq_ignore_ascii_case(field));
        walk(&entry.value, named, domains, depth + 1);
    }
}

/// The last two labels of a host name; none of addresses, of names inside of the cluster, and of what is filled in.
fn domain(host: &str) -> Option<&str> {
    let host = host.trim_end_matches('.');
    let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '*');
    if !host.chars().all(is_label) || host.ends_with(".local") || host.ends_with(".svc") {
        return None;
    }
    let (rest, top) = host.rsplit_once('.')?;
    let start = rest.rfind('.').map_or(0, |at| at + 1);
    let first = rest.get(start..)?;
    // Of `co.uk` and its like nobody is the owner.
    let letters = top.len() > 1 && top.bytes().all(|byte| byte.is_ascii_lowercase());
    (letters && first.len() > 3).then(|| host.get(start..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn takes_the_domain_of_a_host() {
        for (host, want) in [
            ("shop.example.com", Some("example.com")),
            ("*.example.com", Some("example.com")),
            ("example.com.", Some("example.com")),
            ("shop.co.uk", None),
            ("10.0.0.1", None),
            ("shop.svc.cluster.local", None),
            ("shop.${DOMAIN}", None),
            ("shop", None),
        ] {
            assert_eq!(domain(host), want, "{host}");
        }
    }
}
