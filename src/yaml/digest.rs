//! What a tree says, as a number: neither places, spelling nor the order of keys count.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Data, Node, Style};

/// Digest of a canonical tree.
pub fn digest(node: &Node) -> u64 {
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
