//! Matrix and merge: generators over generators.
//!
//! Mirrors `applicationset/generators/{matrix,merge}.go`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::yaml::{Data, Map, Node};

use super::Params;
use super::generator::{Generators, max_sets};
use super::params::go_value;

impl Generators<'_, '_> {
    pub(super) fn matrix(&mut self, generator: &Node, depth: u32) -> Vec<Params> {
        let children = generator.items(&["generators"]);
        let [first, second] = children else {
            let message = if children.len() < 2 {
                "found less than two generators, Matrix support only two"
            } else {
                "found more than two generators, Matrix support only two"
            };
            self.problem(generator.place(), message);
            return Vec::new();
        };
        let mut sets = Vec::new();
        for outer in self.child(first, None, depth + 1) {
            let shared = self.shared_of(&outer);
            for inner in self.child(second, Some(&outer), depth + 1) {
                if sets.len() >= max_sets() {
                    self.problem(
                        generator.place(),
                        format!("the matrix makes more than {} parameter sets", max_sets()),
                    );
                    return sets;
                }
                match self.joined(&outer, &inner) {
                    Ok(mut params) => {
                        for (key, id) in &shared {
                            // What the inner set has as well is merged into a mapping of its own.
                            if inner.get(key).is_none_or(|node| node.as_map().is_none()) {
                                params.share(key.clone(), *id);
                            }
                        }
                        sets.push(params);
                    }
                    Err((place, message)) => {
                        self.problem(place, message);
                        return sets;
                    }
                }
            }
        }
        sets
    }

    /// The mappings of a set that all sets of a matrix made of it have in common: `mergo` copies references.
    fn shared_of(&mut self, outer: &Params) -> Vec<(SmolStr, u32)> {
        if !self.is_go() {
            return Vec::new();
        }
        let maps = outer.iter().filter(|entry| entry.value.as_map().is_some());
        let keys: Vec<SmolStr> = maps.map(|entry| entry.key.text.clone()).collect();
        let id = |key: SmolStr| {
            let id = outer.shared(&key).unwrap_or_else(|| {
                self.next_shared += 1;
                self.next_shared
            });
            (key, id)
        };
        keys.into_iter().map(id).collect()
    }

    fn joined(&self, outer: &Params, inner: &Params) -> Result<Params, (Place, String)> {
        if self.is_go() {
            // The outer generator's values win.
            let mut map = inner.map().clone();
            merge_into(&mut map, outer.map(), 0);
            return Ok(Params::of(map));
        }
        // Whatever the values were, they are strings now.
        let mut params = Params::default();
        for entry in outer.iter() {
            params.set(&entry.key.text, go_value(&entry.value), entry.value.place());
        }
        for entry in inner.iter() {
            let value = go_value(&entry.value);
            let known = params.get(&entry.key.text).and_then(Node::scalar);
            if let Some(known) = known.filter(|known| **known != value) {
                let key = &entry.key.text;
                let message =
                    format!("found duplicate key {key} with different value, a: {known} ,b: {value}");
                return Err((entry.value.place(), message));
            }
            params.set(&entry.key.text, value, entry.value.place());
        }
        Ok(params)
    }

    pub(super) fn merge(&mut self, generator: &Node, depth: u32) -> Vec<Params> {
        let children = generator.items(&["generators"]);
        let keys: Vec<&str> = generator.items(&["mergeKeys"]).iter().filter_map(Node::as_str).collect();
        if children.len() < 2 {
            self.problem(generator.place(), "found less than two generators, Merge requires two or more");
            return Vec::new();
        }
        if keys.is_empty() {
            self.problem(generator.place(), "no merge keys were specified, Merge requires at least one");
            return Vec::new();
        }
        let mut base: Vec<(String, Params)> = Vec::new();
        for (index, child) in children.iter().enumerate() {
            let mut seen: BTreeMap<String, Params> = BTreeMap::new();
            for params in self.child(child, None, depth + 1) {
                let key = merge_key(&keys, &params);
                if seen.contains_key(&key) {
                    let message = format!(
                        "the parameters from a generator were not unique by the given mergeKeys, Merge requires all \
                         param sets to be unique. Duplicate key was {key}"
                    );
                    let help = self.unlike(&keys, &params);
                    self.wrong(Problem::at(ProblemKind::Render, child.place(), message).help(help));
                    return Vec::new();
                }
                if index == 0 {
                    base.push((key.clone(), params.clone()));
                }
                seen.insert(key, params);
            }
            if index == 0 {
                continue;
            }
            // Mappings that sets of a matrix have in common: `mergo` changes them in place, for all of them.
            let mut common: BTreeMap<(SmolStr, u32), Map> = BTreeMap::new();
            for (key, params) in &mut base {
                let Some(over) = seen.get(key) else { continue };
                let mut map = params.map().clone();
                if !self.is_go() {
                    over.iter().for_each(|entry| {
                        map.insert(entry.key.clone(), entry.value.clone());
                    });
                    *params = Params::of(map);
                    continue;
                }
                for entry in over.iter() {
                    let field = &entry.key.text;
                    if let (Some(id), Some(known), Some(change)) =
                        (params.shared(field), map.get(field).and_then(Node::as_map), entry.value.as_map())
                    {
                        let known = common.entry((field.clone(), id)).or_insert_with(|| known.clone());
                        merge_into(known, change, 0);
                    }
                }
                merge_into(&mut map, over.map(), 0);
                *params = params.with_map(map);
            }
            for (_, params) in base.iter_mut().filter(|_| !common.is_empty()) {
                params.take_common(&common);
            }
        }
        base.into_iter().map(|(_, params)| params).collect()
    }
}

impl Generators<'_, '_> {
    /// How the sets of one generator can be told apart, where the merge keys do not.
    fn unlike(&self, keys: &[&str], params: &Params) -> String {
        let absent = keys.iter().find(|key| params.get(key).is_none());
        match absent {
            Some(key) if self.is_go() && key.contains('.') => {
                let top = key.split('.').next().unwrap_or_default();
                format!(
                    "with Go templates a merge key names a whole parameter, and `{key}` lies inside of `{top}`: give the sets a \
                     parameter beside `{top}` and name that"
                )
            }
            Some(key) => format!("no set has a parameter `{key}`: name one that tells the sets apart"),
            None => {
                "name more keys, or give each set of this generator values of its own for those".to_owned()
            }
        }
    }
}

/// The JSON of the merge keys' values; an absent key is null.
fn merge_key(keys: &[&str], params: &Params) -> String {
    let mut sorted: Vec<&str> = keys.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let value = |key: &&str| {
        let value = params.get(key).map_or(serde_json::Value::Null, Node::to_value);
        ((*key).to_owned(), value)
    };
    serde_json::Value::Object(sorted.iter().map(value).collect()).to_string()
}

/// `mergo.Merge(WithOverride)` of trees: mappings merge, everything else wins, also when it is empty.
fn merge_into(base: &mut Map, over: &Map, depth: u32) {
    for entry in over {
        if depth < 100
            && let (Some(Node { data: Data::Map(base), .. }), Data::Map(over)) =
                (base.get_mut(&entry.key.text), &entry.value.data)
        {
            merge_into(base, over, depth + 1);
            continue;
        }
        base.insert(entry.key.clone(), entry.value.clone());
    }
}
