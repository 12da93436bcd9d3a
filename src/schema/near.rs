//! What somebody meant who wrote a field that its mapping does not have.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::near::did_you_mean;
use crate::yaml::Map;

use super::builtin::Kubernetes;
use super::check::{Step, path_text};
use super::def::{Def, Schema};
use super::violation::Meant;

/// Where the field was met.
pub(super) struct Near<'r, 'a, 'n> {
    pub(super) kubernetes: &'a Kubernetes,
    pub(super) way: &'r [Step<'n>],
    pub(super) above: &'r [(usize, &'a Def)],
}

impl<'a> Near<'_, 'a, '_> {
    /// A typo of a field that is not used yet, or a field that ended up one or two levels too high or too low.
    pub(super) fn meant(&self, name: &str, def: &'a Def, used: &Map) -> Option<Meant> {
        let used: FxHashSet<&str> = used.iter().map(|entry| entry.key.text.as_str()).collect();
        let free = def.fields.iter().map(|field| field.name.as_str()).filter(|name| !used.contains(name));
        if let Some(known) = did_you_mean(name, free) {
            return Some(Meant::Name(SmolStr::new(known)));
        }
        // Everything has metadata and its names; that says nothing about a misplaced one.
        if matches!(name, "name" | "namespace" | "labels" | "annotations" | "kind" | "apiVersion") {
            return None;
        }
        let path = path_text(self.way);
        let below = self.below(name, def, &path, 2).map(Meant::Below);
        below.or_else(|| self.above(name).map(Meant::Below))
    }

    fn resolve(&self, schema: &'a Schema) -> Option<&'a Def> {
        match schema {
            Schema::Here(def) => Some(def),
            Schema::Named(index) => self.kubernetes.def(*index),
        }
    }

    /// The nearest mapping below that has the field; none where two have it.
    fn below(&self, name: &str, def: &'a Def, path: &str, levels: u32) -> Option<String> {
        let mut found: Vec<String> = Vec::new();
        let children =
            || def.fields.iter().filter(|field| field.name != "status" && field.name != "metadata");
        for field in children() {
            if self.resolve(&field.schema)?.field(name).is_some() {
                found.push(join(path, &field.name));
            }
        }
        match found.as_slice() {
            [one] => return Some(one.clone()),
            [] if levels > 1 => {}
            _ => return None,
        }
        let deeper = |field: &'a super::def::Field| {
            self.below(name, self.resolve(&field.schema)?, &join(path, &field.name), levels - 1)
        };
        let mut all = children().filter_map(deeper);
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    /// The nearest mapping above that has the field.
    fn above(&self, name: &str) -> Option<String> {
        let mut mappings = self.above.iter().rev().skip(1);
        let (length, _) = mappings.find(|(_, def)| def.field(name).is_some())?;
        let path = path_text(self.way.get(..*length).unwrap_or_default());
        Some(if path.is_empty() { "the top level".to_owned() } else { path })
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
