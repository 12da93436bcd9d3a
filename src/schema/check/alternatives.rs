//! `allOf`, `anyOf`, `oneOf` and `not`.

use crate::schema::def::{Def, Field, Limits, Schema};
use crate::schema::violation::{Violation, What};
use crate::yaml::{Data, Key, Node};

use super::Run;

impl<'a, 'n> Run<'a, 'n> {
    /// What the alternatives of a schema say about a value, with its defaults.
    pub(super) fn alternatives(&mut self, def: &'a Def, limits: &'a Limits, node: &'n Node) {
        let Some(whole) = with_defaults(def, limits, node) else { return self.combined(limits, node) };
        let mut run = Run {
            against: self.against,
            way: Vec::new(),
            above: Vec::new(),
            found: Vec::new(),
            strict: false,
        };
        run.combined(limits, &whole);
        for violation in run.found {
            self.report(node.place(), violation.what);
        }
    }

    /// `allOf`, `anyOf`, `oneOf`, `not`.
    fn combined(&mut self, limits: &'a Limits, node: &'n Node) {
        let strict = std::mem::replace(&mut self.strict, false);
        for schema in &limits.all_of {
            if let Some(def) = self.resolve(schema) {
                self.value(def, node);
            }
        }
        if !limits.any_of.is_empty() {
            let mut nearest: Option<Vec<Violation>> = None;
            let mut good = false;
            for schema in &limits.any_of {
                let found = self.apart(schema, node);
                good |= found.is_empty();
                if nearest.as_ref().is_none_or(|known| found.len() < known.len()) {
                    nearest = Some(found);
                }
            }
            if !good {
                let words = format!(
                    "must match one of {} alternatives{}",
                    limits.any_of.len(),
                    because(nearest.as_deref())
                );
                self.wrong(node, words);
            }
        }
        if !limits.one_of.is_empty() {
            let all: Vec<Vec<Violation>> =
                limits.one_of.iter().map(|schema| self.apart(schema, node)).collect();
            let good = all.iter().filter(|found| found.is_empty()).count();
            if good == 0 {
                let nearest = all.iter().min_by_key(|found| found.len()).map(Vec::as_slice);
                let words =
                    format!("must match exactly one of {} alternatives{}", all.len(), because(nearest));
                self.wrong(node, words);
            } else if good > 1 {
                self.wrong(
                    node,
                    format!("must match exactly one of {} alternatives, and matches {good}", all.len()),
                );
            }
        }
        if let Some(not) = &limits.not
            && self.apart(not, node).is_empty()
        {
            self.wrong(node, "must not match what its schema excludes".to_owned());
        }
        self.strict = strict;
    }

    fn apart(&mut self, schema: &'a Schema, node: &'n Node) -> Vec<Violation> {
        let kept = std::mem::take(&mut self.found);
        if let Some(def) = self.resolve(schema) {
            self.value(def, node);
        }
        std::mem::replace(&mut self.found, kept)
    }
}

/// An object with what the API server puts into it before it asks which alternatives it matches; `None` where that changes nothing.
fn with_defaults(def: &Def, limits: &Limits, node: &Node) -> Option<Node> {
    let map = node.as_map()?;
    let asks = !(limits.all_of.is_empty() && limits.any_of.is_empty() && limits.one_of.is_empty());
    if !asks && limits.not.is_none() {
        return None;
    }
    let absent = |field: &&Field| field.default.is_some() && map.get(&field.name).is_none();
    let mut absent = def.fields.iter().filter(absent).peekable();
    absent.peek()?;
    let mut whole = node.clone();
    if let Data::Map(map) = &mut whole.data {
        for field in absent {
            let Some(value) = field.default.as_deref() else { continue };
            let key = Key::new(field.name.clone(), value.place());
            map.insert(key, value.clone());
        }
    }
    Some(whole)
}

fn because(found: Option<&[Violation]>) -> String {
    match found.and_then(<[Violation]>::first).map(|it| (&it.what, it.path.as_str())) {
        Some((What::Missing(fields), _)) => {
            let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
            format!(" (the nearest needs {})", names.join(" and "))
        }
        Some((What::Wrong { words, .. }, "")) => format!(" (in the nearest it {words})"),
        Some((What::Wrong { words, .. }, path)) => format!(" (in the nearest `{path}` {words})"),
        _ => String::new(),
    }
}
