//! What objects say, as numbers: neither places, spelling nor the order of keys count.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::repo::Object;
use crate::yaml::{Data, Node, digest};

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
