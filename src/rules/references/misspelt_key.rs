//! `misspelt-key`: see the page.

use crate::repo::Inventory;
use crate::rules::spellings::{self, Slip, Spellings, Words, Written};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "misspelt-key",
    "references",
    Warning,
    Recommended,
    "0.3.0",
    "An annotation or label is spelt unlike everywhere else."
);

pub(crate) struct MisspeltKey;

/// Prefixes of keys that everybody knows.
const KNOWN: [&str; 22] = [
    "app.kubernetes.io",
    "argocd.argoproj.io",
    "cert-manager.io",
    "external-dns.alpha.kubernetes.io",
    "gethomepage.dev",
    "hajimari.io",
    "helm.sh",
    "helm.toolkit.fluxcd.io",
    "kubernetes.io",
    "kustomize.toolkit.fluxcd.io",
    "meta.helm.sh",
    "metallb.universe.tf",
    "nginx.ingress.kubernetes.io",
    "pod-security.kubernetes.io",
    "prometheus.io",
    "reloader.stakater.com",
    "secrets.infisical.com",
    "service.beta.kubernetes.io",
    "sidecar.istio.io",
    "storageclass.kubernetes.io",
    "traefik.ingress.kubernetes.io",
    "topology.kubernetes.io",
];

/// Deeper trees than this are not manifests.
const MAX_DEPTH: u32 = 64;

impl Rule for MisspeltKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let (mut prefixes, mut keys) = (Spellings::default(), Spellings::default());
        spellings::files(inventory, cx, |written: &Keys| {
            prefixes.add_all(&written.prefixes);
            keys.add_all(&written.keys);
        });
        let of_prefix = prefixes.slips(&KNOWN);
        let of_key = keys.slips(&[]);
        // A prefix tells of all its keys.
        let is_new = |slip: &&Slip<'_>| {
            let prefix = slip.word.split_once('/').map_or("", |(prefix, _)| prefix);
            !of_prefix.iter().any(|told| told.word == prefix)
        };
        for slip in of_prefix.iter().chain(of_key.iter().filter(is_new)) {
            if slip.is_read(cx) {
                let message =
                    format!("`{}` is spelt `{}` everywhere else: nothing reads it", slip.word, slip.usual);
                slip.tell(message, cx);
            }
        }
    }
}

/// The keys of annotations and labels in a file.
#[derive(Default)]
struct Keys {
    prefixes: Words,
    keys: Words,
}

impl Written for Keys {
    fn read(&mut self, root: &Node) {
        walk(root, &mut self.prefixes, &mut self.keys, 0);
    }

    fn tables(&mut self) -> impl Iterator<Item = &mut Words> {
        [&mut self.prefixes, &mut self.keys].into_iter()
    }
}

fn walk(node: &Node, prefixes: &mut Words, keys: &mut Words, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    for item in node.seq_or_empty() {
        walk(item, prefixes, keys, depth + 1);
    }
    for entry in node.entries() {
        let ends = |end: &str| {
            let name = entry.key.text.as_bytes();
            name.len()
                .checked_sub(end.len())
                .and_then(|at| name.get(at..))
                .is_some_and(|it| it.eq_ignore_ascii_case(end.as_bytes()))
        };
        if ends("annotations") || ends("labels") {
            for entry in entry.value.entries() {
                let key = entry.key.text.as_str();
                let Some((prefix, _)) = key.split_once('/') else { continue };
                if !key.contains(['$', '{', '<', '%']) {
                    prefixes.add(prefix, entry.key.place());
                    keys.add(key, entry.key.place());
                }
            }
        }
        walk(&entry.value, prefixes, keys, depth + 1);
    }
}
