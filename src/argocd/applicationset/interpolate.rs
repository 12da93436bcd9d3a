//! Parameters into every string of a tree, keys included.
//!
//! Mirrors `deeplyReplace` of `applicationset/utils/utils.go`. What is no string (numbers, booleans) cannot hold a
//! template: the schema of the resource forbids it.

use smol_str::SmolStr;

use crate::origin::{Origins, Place};
use crate::yaml::{Data, Key, Map, Node};

use super::engine::{self, Stop};
use super::{ApplicationSet, Params};

/// A tree with parameters filled in.
pub(super) fn interpolate(
    set: &ApplicationSet,
    node: &Node,
    params: &Params,
    origins: &mut Origins,
) -> Result<Node, Stop> {
    Interpolation { set, params, origins }.node(node)
}

struct Interpolation<'a> {
    set: &'a ApplicationSet,
    params: &'a Params,
    origins: &'a mut Origins,
}

impl Interpolation<'_> {
    fn node(&mut self, node: &Node) -> Result<Node, Stop> {
        let data = match &node.data {
            Data::Scalar(_) => {
                let Some(text) = node.as_str() else { return Ok(node.clone()) };
                return Ok(match self.string(text, node.place())? {
                    Some((text, place)) => Node::string(text, place),
                    None => node.clone(),
                });
            }
            Data::Seq(items) => {
                Data::Seq(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?)
            }
            Data::Map(map) => {
                let mut made = Map::new();
                for entry in map {
                    let key = match self.string(&entry.key.text, entry.key.place())? {
                        Some((text, place)) => Key::new(text, place),
                        None => entry.key.clone(),
                    };
                    made.insert(key, self.node(&entry.value)?);
                }
                Data::Map(made)
            }
        };
        Ok(Node { data, ..node.clone() })
    }

    fn string(&mut self, text: &str, place: Place) -> Result<Option<(SmolStr, Place)>, Stop> {
        let Some(filled) = engine::execute(self.set, text, place, self.params, self.origins)? else {
            return Ok(None);
        };
        let place = engine::place_of(&filled, place, self.origins);
        Ok(Some((SmolStr::from(filled.into_string()), place)))
    }
}
