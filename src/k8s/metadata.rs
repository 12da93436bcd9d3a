//! Labels and annotations that something other than the manifest sets.

use crate::origin::{Name, Origin, Origins, Place, Step};
use crate::yaml::{Entry, Key, Map, Node};

/// Sets the entry `key` of the map at `path`, such as `["metadata", "labels"]`, as a step of `by` written at `place`.
/// Maps on the way that are missing or no maps are made.
pub fn set_text(
    object: &mut Node,
    path: &[&str],
    key: &str,
    text: &str,
    place: Place,
    by: Name,
    origins: &mut Origins,
) {
    let origin = origins.add(Origin::new(place.at, Step::SetByApp(by)).from(place.origin));
    let place = Place { at: place.at, origin };
    let mut at = object;
    for name in path {
        let Some(map) = at.as_map_mut() else { return };
        if map.get(name).is_none_or(|node| node.as_map().is_none()) {
            map.insert(Key::new(*name, place), Node::map(Map::new(), place));
        }
        let Some(next) = map.get_mut(name) else { return };
        at = next;
    }
    let Some(map) = at.as_map_mut() else { return };
    let value = Node::string(text, place);
    match map.get_mut(key) {
        Some(old) => *old = value,
        None => map.push(Entry { key: Key::new(key, place), value }),
    }
}
