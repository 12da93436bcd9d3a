//! Parameters into every string of a tree, keys included.
//!
//! Mirrors `deeplyReplace` of `applicationset/utils/utils.go`. What is no string (numbers, booleans) cannot hold a
//! template: the schema of the resource forbids it.

use crate::yaml::{Data, Key, Map, Node};

use super::engine::{Engine, Wrong};

/// A tree with parameters filled in.
pub(super) fn interpolate(node: &Node, engine: &mut Engine<'_>) -> Result<Node, Wrong> {
    let data = match &node.data {
        Data::Scalar(_) => {
            let Some(text) = node.as_str() else { return Ok(node.clone()) };
            return Ok(match engine.scalar(text, node.place())? {
                Some((text, place)) => Node::string(text, place),
                None => node.clone(),
            });
        }
        Data::Seq(items) => {
            Data::Seq(items.iter().map(|item| interpolate(item, engine)).collect::<Result<_, _>>()?)
        }
        Data::Map(map) => {
            let mut made = Map::new();
            for entry in map {
                let key = match engine.scalar(&entry.key.text, entry.key.place())? {
                    Some((text, place)) => Key::new(text, place),
                    None => entry.key.clone(),
                };
                made.insert(key, interpolate(&entry.value, engine)?);
            }
            Data::Map(made)
        }
    };
    Ok(Node { data, ..node.clone() })
}
