//! Matrix and merge: generators over generators.
//!
//! Mirrors `applicationset/generators/{matrix,merge}.go`.

use std::collections::BTreeMap;

use crate::yaml::{Data, Map, Node};

use super::Params;
use super::generator::{Generators, KINDS, MAX_SETS};

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
        if !self.single(first) || !self.single(second) {
            return Vec::new();
        }
        let mut sets = Vec::new();
        for outer in self.run_at(first, None, depth + 1) {
            for inner in self.run_at(second, Some(&outer), depth + 1) {
                if sets.len() >= MAX_SETS {
                    self.problem(generator.place(), format!("the matrix makes more than {MAX_SETS} parameter sets"));
                    return sets;
                }
                match self.joined(&outer, &inner) {
                    Ok(params) => sets.push(params),
                    Err(message) => {
                        self.problem(generator.place(), message);
                        return sets;
                    }
                }
            }
        }
        sets
    }

    /// A child of matrix or merge holds exactly one generator.
    fn single(&mut self, child: &Node) -> bool {
        let count = KINDS.iter().filter(|kind| child.get(kind).is_some_and(|it| !it.is_null())).count();
        if count > 1 {
            self.problem(child.place(), "found more than one generator in matrix.Generators");
        }
        count <= 1
    }

    fn joined(&self, outer: &Params, inner: &Params) -> Result<Params, String> {
        if self.is_go() {
            // The outer generator's values win.
            let mut map = inner.map().clone();
            merge_into(&mut map, outer.map(), true, 0);
            return Ok(Params::of(map));
        }
        let mut params = outer.clone();
        for entry in inner.iter() {
            if let Some(known) = params.get(&entry.key.text)
                && known.scalar() != entry.value.scalar()
            {
                let text = |node: &Node| node.scalar().cloned().unwrap_or_default();
                return Err(format!(
                    "found duplicate key {} with different value, a: {} ,b: {}",
                    entry.key.text,
                    text(known),
                    text(&entry.value)
                ));
            }
            params.put(&entry.key.text, entry.value.clone(), entry.key.place());
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
            if !self.single(child) {
                return Vec::new();
            }
            let mut seen: BTreeMap<String, Params> = BTreeMap::new();
            for params in self.run_at(child, None, depth + 1) {
                let key = merge_key(&keys, &params);
                if seen.contains_key(&key) {
                    let message = format!(
                        "the parameters from a generator were not unique by the given mergeKeys, Merge requires all \
                         param sets to be unique. Duplicate key was {key}"
                    );
                    self.problem(child.place(), message);
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
            for (key, params) in &mut base {
                if let Some(over) = seen.get(key) {
                    let mut map = params.map().clone();
                    merge_into(&mut map, over.map(), self.is_go(), 0);
                    *params = Params::of(map);
                }
            }
        }
        base.into_iter().map(|(_, params)| params).collect()
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

/// `mergo.Merge(WithOverride)` when `deep`: mappings merge, other values win unless they are empty. Without `deep`
/// every value wins.
fn merge_into(base: &mut Map, over: &Map, deep: bool, depth: u32) {
    for entry in over {
        if deep && depth < 100 {
            if is_empty(&entry.value) && base.get(&entry.key.text).is_some() {
                continue;
            }
            if let (Some(Node { data: Data::Map(base), .. }), Data::Map(over)) =
                (base.get_mut(&entry.key.text), &entry.value.data)
            {
                merge_into(base, over, deep, depth + 1);
                continue;
            }
        }
        base.insert(entry.key.clone(), entry.value.clone());
    }
}

/// Go's zero values and empty collections.
fn is_empty(node: &Node) -> bool {
    match &node.data {
        Data::Seq(items) => items.is_empty(),
        Data::Map(map) => map.is_empty(),
        Data::Scalar(text) => {
            text.is_empty() || node.is_null() || node.as_bool() == Some(false) || node.as_f64() == Some(0.0)
        }
    }
}
