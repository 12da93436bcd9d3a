//! Which fields the kinds of a controller have, and what somebody meant who wrote one that they do not have.

use std::collections::BTreeMap;

use crate::finding::did_you_mean;
use crate::yaml::{Data, Entry, Map, Node};

/// A field that its type does not have.
#[derive(Debug, Clone)]
pub struct UnknownField<'a> {
    /// The field.
    pub entry: &'a Entry,
    /// Path of the mapping that holds it: `spec.source`.
    pub parent: String,
    /// What was probably meant: a field of the same mapping, or the path of the mapping that has this field.
    pub meant: Option<Meant>,
}

/// What an unknown field was probably meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// Another field of the same mapping.
    Name(&'static str),
    /// This field, in the mapping at this path.
    Below(String),
}

/// What may stand behind a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Scalar,
    Any,
    Type(&'static str),
}

/// Types by name, each with its fields.
#[derive(Debug)]
pub struct FieldTypes {
    types: BTreeMap<&'static str, Vec<(&'static str, Content)>>,
    /// Whether a field may be said to belong to the mapping at a path: rare ones mislead.
    suggests: fn(&str) -> bool,
}

/// Objects nest no deeper than their schema, but lists of lists could.
const MAX_DEPTH: u32 = 32;

impl FieldTypes {
    /// Reads a table. One type per line, its name and its fields: `field` holds a scalar or a list of scalars,
    /// `field*` anything, `field:Type` an object or a list of objects of that type. Lines with `#` are comments.
    /// `suggests` answers at which paths a misplaced field may belong.
    pub fn parse(table: &'static str, suggests: fn(&str) -> bool) -> Self {
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        let types = lines.filter_map(|line| {
            let (name, fields) = line.split_once(": ")?;
            let field = |word: &'static str| match (word.split_once(':'), word.strip_suffix('*')) {
                (Some((field, of)), _) => (field, Content::Type(of)),
                (None, Some(field)) => (field, Content::Any),
                (None, None) => (word, Content::Scalar),
            };
            Some((name, fields.split(' ').map(field).collect()))
        });
        Self { types: types.collect(), suggests }
    }

    /// The fields of an object that its kind does not have, in written order. Of an unknown field nothing below is
    /// looked at; keys that a template fills in are left alone.
    pub fn unknown<'a>(&self, kind: &str, object: &'a Node) -> Vec<UnknownField<'a>> {
        let mut found = Vec::new();
        if let Some((name, _)) = self.types.get_key_value(kind) {
            self.visit(object, &[(String::new(), name)], &mut found);
        }
        found
    }

    fn fields(&self, of: &str) -> &[(&'static str, Content)] {
        self.types.get(of).map(Vec::as_slice).unwrap_or_default()
    }

    fn has(&self, of: &str, key: &str) -> bool {
        self.fields(of).iter().any(|(name, _)| *name == key)
    }

    /// `way` is the path of the mapping with its type, behind those of the mappings that it is in.
    fn visit<'a>(&self, node: &'a Node, way: &[(String, &'static str)], found: &mut Vec<UnknownField<'a>>) {
        let Some((path, of)) = way.last() else { return };
        if way.len() as u32 > MAX_DEPTH {
            return;
        }
        match &node.data {
            Data::Scalar(_) => {}
            Data::Seq(items) => {
                items
                    .iter()
                    .filter(|item| item.as_map().is_some())
                    .for_each(|item| self.visit(item, way, found));
            }
            Data::Map(map) => {
                for entry in map {
                    let key = entry.key.text.as_str();
                    match self.fields(of).iter().find(|(name, _)| *name == key) {
                        Some((_, Content::Type(of))) => {
                            let mut way = way.to_vec();
                            way.push((join(path, key), of));
                            self.visit(&entry.value, &way, found);
                        }
                        Some(_) => {}
                        None if key.contains("{{") => {}
                        None => {
                            let meant = self.meant(key, way, map);
                            found.push(UnknownField { entry, parent: path.clone(), meant });
                        }
                    }
                }
            }
        }
    }

    /// A typo of a field that is not used yet, or a field that ended up one or two levels too high or too low.
    fn meant(&self, key: &str, way: &[(String, &'static str)], used: &Map) -> Option<Meant> {
        let (path, of) = way.last()?;
        let free = self.fields(of).iter().map(|(name, _)| *name).filter(|name| used.get(name).is_none());
        if let Some(name) = did_you_mean(key, free) {
            return Some(Meant::Name(name));
        }
        if path == "metadata" {
            let (_, root) = way.first()?;
            let spec = self.fields(root).iter().find_map(|(name, content)| match content {
                Content::Type(of) if *name == "spec" => Some(*of),
                _ => None,
            })?;
            if key == "spec" || self.has(spec, key) {
                let place = if key == "spec" { "the top level" } else { "spec" };
                return Some(Meant::Below(place.to_owned()));
            }
        }
        self.below(key, of, path, 2).or_else(|| self.above(key, way)).map(Meant::Below)
    }

    /// The nearest mapping below that has the field.
    fn below(&self, key: &str, of: &str, path: &str, levels: u32) -> Option<String> {
        let children = || {
            self.fields(of).iter().filter_map(|(name, content)| match content {
                Content::Type(of) => Some((*name, *of)),
                _ => None,
            })
        };
        let direct = children().find(|(name, of)| self.has(of, key) && (self.suggests)(&join(path, name)));
        match direct {
            Some((name, _)) => Some(join(path, name)),
            None if levels > 1 => {
                children().find_map(|(name, of)| self.below(key, of, &join(path, name), levels - 1))
            }
            None => None,
        }
    }

    /// The nearest mapping above that has the field.
    fn above(&self, key: &str, way: &[(String, &'static str)]) -> Option<String> {
        let above = way.iter().rev().skip(1).filter(|(path, _)| !path.is_empty());
        above
            .filter(|(path, of)| self.has(of, key) && (self.suggests)(path))
            .map(|(path, _)| path.clone())
            .next()
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_exists() {
        for table in [include_str!("../argocd/fields.txt"), include_str!("../flux/fields.txt")] {
            let types = FieldTypes::parse(table, |_| true).types;
            let named = types.values().flatten().filter_map(|(_, content)| match content {
                Content::Type(of) => Some(*of),
                _ => None,
            });
            for of in named {
                assert!(types.contains_key(of), "{of}");
            }
            assert!(types.len() > 50);
        }
    }
}
