//! `odd-sibling-key`: see the page.

use std::collections::BTreeMap;

use crate::near::is_slip;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Data, Entry, Node, Stream};

meta!(
    "odd-sibling-key",
    "yaml",
    Warning,
    Recommended,
    "0.3.0",
    "A key is spelt unlike in all mappings beside its own."
);

pub(crate) struct OddSiblingKey;

/// So many mappings beside it must have the usual key.
const HABIT: usize = 3;

/// Shorter keys are alike too easily.
const LEAST_LETTERS: usize = 5;

/// Deeper trees than this are not manifests.
const MAX_DEPTH: u32 = 64;

impl Rule for OddSiblingKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        for root in cx.manifests(file) {
            walk(root, cx, 0);
        }
    }
}

fn walk(node: &Node, cx: &mut Context<'_>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    let children: Vec<&Node> = match &node.data {
        Data::Scalar(_) => return,
        Data::Seq(items) => items.iter().collect(),
        Data::Map(map) => map.iter().map(|entry| &entry.value).collect(),
    };
    if children.len() > HABIT && children.iter().all(|child| child.as_map().is_some()) {
        compare(&children, cx);
    }
    for child in children {
        walk(child, cx, depth + 1);
    }
}

/// Tells the keys that one of several mappings spells unlike all others.
fn compare(mappings: &[&Node], cx: &mut Context<'_>) {
    let mut keys: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in mappings.iter().flat_map(|mapping| mapping.entries()) {
        keys.entry(entry.key.text.as_str()).or_default().push(entry);
    }
    for (index, mapping) in mappings.iter().enumerate() {
        for entry in mapping.entries() {
            let key = entry.key.text.as_str();
            if key.len() < LEAST_LETTERS || keys.get(key).is_none_or(|all| all.len() > 1) {
                continue;
            }
            let others = keys.iter().filter(|(usual, uses)| {
                // One case is a slip where most agree; another letter is one where all do.
                let least = if key.eq_ignore_ascii_case(usual) {
                    HABIT.max(mappings.len() / 2)
                } else if is_slip(key, usual) && usual.len() >= LEAST_LETTERS {
                    mappings.len() - 1
                } else {
                    return false;
                };
                uses.len() >= least
                    && mapping.get(usual).is_none()
                    && uses.iter().all(|it| is_alike(&it.value, &entry.value))
            });
            let usual: Vec<_> = others.collect();
            let [(usual, uses)] = usual.as_slice() else { continue };
            let message =
                format!("this key is `{key}`, but `{usual}` in the {} others beside it", uses.len());
            let mut report =
                cx.report(entry.key.place(), message).help(format!("did you mean `{usual}`?")).likely();
            // The nearest one shows it best.
            let mut near = mappings.iter().skip(index + 1).chain(mappings.iter().take(index).rev());
            let near = near.find_map(|other| other.entries().iter().find(|it| it.key.text == **usual));
            if let Some(other) = near {
                report = report.related(other.key.place(), "spelt like this");
            }
        }
    }
}

/// Whether two values are of one shape.
fn is_alike(one: &Node, other: &Node) -> bool {
    std::mem::discriminant(&one.data) == std::mem::discriminant(&other.data)
}
