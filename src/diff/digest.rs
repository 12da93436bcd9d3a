//! What a tree says, as a number: neither places, spelling nor the order of keys count.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::repo::Object;
use crate::yaml::{Data, Node, Style};

/// Digest of a canonical tree.
pub(super) fn digest(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &node.data {
        Data::Scalar(text) => {
            let plain = node.style == Style::Plain;
            match plain.then(|| node.to_value()).filter(|value| !value.is_string()) {
                Some(value) => (1, value.to_string()).hash(&mut hasher),
                None => (0, text.as_str()).hash(&mut hasher),
            }
        }
        Data::Seq(items) => {
            (2, items.len()).hash(&mut hasher);
            for item in items {
                digest(item).hash(&mut hasher);
            }
        }
        Data::Map(map) => {
            // A sum does not know an order.
            let sum = map.iter().fold(0_u64, |sum, entry| {
                let mut one = DefaultHasher::new();
                (entry.key.text.as_str(), digest(&entry.value)).hash(&mut one);
                sum.wrapping_add(one.finish())
            });
            (3, map.len(), sum).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Digest of a text.
pub(super) fn of_text(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Digest of an object with the namespace that it ends up in.
pub(super) fn of_object(object: &Object) -> u64 {
    let mut hasher = DefaultHasher::new();
    (digest(&object.node), object.namespace.as_str()).hash(&mut hasher);
    hasher.finish()
}

/// Digests of all values of an object that hold no others, with their paths; its name and namespace do not count.
pub(super) fn leaf_digests(node: &Node) -> Vec<u64> {
    fn walk(node: &Node, path: u64, depth: u32, found: &mut Vec<u64>) {
        let step = |key: &str| {
            let mut hasher = DefaultHasher::new();
            (path, key).hash(&mut hasher);
            hasher.finish()
        };
        match &node.data {
            Data::Map(map) if !map.is_empty() => {
                for entry in map {
                    let key = entry.key.text.as_str();
                    let known =
                        matches!((depth, key), (0, "apiVersion" | "kind") | (1, "name" | "namespace"));
                    if !known {
                        walk(&entry.value, step(key), depth + 1, found);
                    }
                }
            }
            Data::Seq(items) => items.iter().for_each(|item| walk(item, step("-"), depth + 1, found)),
            _ => {
                let mut hasher = DefaultHasher::new();
                (path, digest(node)).hash(&mut hasher);
                found.push(hasher.finish());
            }
        }
    }
    let mut found = Vec::new();
    walk(node, 0, 0, &mut found);
    found
}
