//! Lists whose elements must differ: `x-kubernetes-list-type: set` and `map`.

use rustc_hash::FxHashMap;

use crate::yaml::Node;

use super::def::ListType;

/// The elements that repeat an earlier one, each with what is wrong. `default`: what stands in for an absent key, where the
/// schema says so.
pub(super) fn duplicates<'n>(
    list: &ListType,
    items: &'n [Node],
    default: &dyn Fn(&str) -> Option<&'n str>,
) -> Vec<(usize, String)> {
    if items.len() < 2 {
        return Vec::new();
    }
    let mut found = Vec::new();
    match list {
        ListType::Atomic => {}
        ListType::Set => {
            let mut seen: FxHashMap<String, usize> = FxHashMap::default();
            for (index, item) in items.iter().enumerate() {
                let first = *seen.entry(item.to_value().to_string()).or_insert(index);
                if first != index {
                    found.push((index, format!("must not repeat element {first} of the list")));
                }
            }
        }
        ListType::Map(keys) => {
            let mut seen: FxHashMap<Vec<Option<&str>>, usize> = FxHashMap::default();
            for (index, item) in items.iter().enumerate() {
                let key: Vec<Option<&str>> = keys
                    .iter()
                    .map(|key| {
                        let there = item.get(key).filter(|it| !it.is_null()).and_then(Node::scalar_text);
                        there.or_else(|| default(key))
                    })
                    .collect();
                if key.iter().all(Option::is_none) {
                    continue;
                }
                let first = *seen.entry(key.clone()).or_insert(index);
                if first != index {
                    let told: Vec<String> = keys
                        .iter()
                        .zip(&key)
                        .filter_map(|(name, value)| value.map(|value| format!("{name} `{value}`")))
                        .collect();
                    found.push((
                        index,
                        format!(
                            "must differ from element {first} of the list: both have {}",
                            told.join(", ")
                        ),
                    ));
                }
            }
        }
    }
    found
}
