//! How much work it is to compare values with a `values.schema.json`, counted before it is done: definitions that refer
//! to each other twice double with every step, and a file of a kilobyte asks for more than any machine has.
//!
//! This validates nothing. It counts how often a part of the schema meets a part of the values, and stops counting
//! where nobody would wait.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use crate::source::relaxed;

/// Meetings of a part of the schema with a part of the values. The charts of the corpus stay below a hundredth of it.
pub(super) const MAX_WORK: u64 = 2_000_000;

/// Above this, the first mistake is told and not all of them: each one that is kept costs memory.
pub(super) const MANY: u64 = 100_000;

/// References that lead to references: validators recurse over them.
const MAX_DEPTH: usize = 600;

/// Why a schema is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMuch {
    /// More than [`MAX_WORK`].
    Work,
    /// Deeper than [`MAX_DEPTH`].
    Depth,
}

impl TooMuch {
    pub(super) fn words(self) -> String {
        match self {
            Self::Work => format!("gave up: it asks for more than {} comparisons", relaxed(MAX_WORK)),
            Self::Depth => format!("gave up: its references nest more than {MAX_DEPTH} deep"),
        }
    }
}

/// The parts of a schema that references name other than by where they stand.
pub(super) struct Names<'s> {
    root: &'s Value,
    named: FxHashMap<String, &'s Value>,
}

impl<'s> Names<'s> {
    pub(super) fn of(root: &'s Value) -> Self {
        let mut names = Self { root, named: FxHashMap::default() };
        names.collect(root);
        names
    }

    fn collect(&mut self, schema: &'s Value) {
        match schema {
            Value::Object(object) => {
                for (key, mark) in [("$anchor", "#"), ("$dynamicAnchor", "#"), ("$id", ""), ("id", "")] {
                    if let Some(Value::String(name)) = object.get(key) {
                        self.named.insert(format!("{mark}{}", name.trim_end_matches('#')), schema);
                    }
                }
                object.values().for_each(|value| self.collect(value));
            }
            Value::Array(items) => items.iter().for_each(|value| self.collect(value)),
            _ => {}
        }
    }

    /// What a reference names, as far as it is in this document.
    fn resolve(&self, to: &str) -> Option<&'s Value> {
        let (document, fragment) = to.split_once('#').unwrap_or((to, ""));
        let root = if document.is_empty() {
            self.root
        } else {
            let ends = format!("/{document}");
            let known = |(name, part): (&String, &&'s Value)| name.ends_with(&ends).then_some(*part);
            self.named.get(document).copied().or_else(|| {
                // Relative to the identifier of something around it: any that ends so.
                let mut fitting: Vec<(&String, &&'s Value)> = self.named.iter().collect();
                fitting.sort_by_key(|(name, _)| name.as_str());
                fitting.into_iter().find_map(known)
            })?
        };
        if fragment.is_empty() {
            return Some(root);
        }
        if !fragment.starts_with('/') {
            return self.named.get(&format!("#{fragment}")).copied();
        }
        root.pointer(&percent_decoded(fragment))
    }

    /// Whether the parts of the schema nest no deeper, through references, than a validator can follow.
    pub(super) fn check_depth(&self) -> Result<(), TooMuch> {
        let mut seen = FxHashSet::default();
        self.descend(self.root, 0, &mut seen)
    }

    fn descend(&self, schema: &'s Value, depth: usize, seen: &mut FxHashSet<usize>) -> Result<(), TooMuch> {
        if depth > MAX_DEPTH {
            return Err(TooMuch::Depth);
        }
        match schema {
            Value::Object(object) => {
                if !seen.insert(address(schema)) {
                    return Ok(());
                }
                for (key, value) in object {
                    if let (true, Value::String(to)) = (key.ends_with("ef") && key.starts_with('$'), value)
                        && let Some(target) = self.resolve(to)
                    {
                        self.descend(target, depth + 1, seen)?;
                    }
                    self.descend(value, depth + 1, seen)?;
                }
                Ok(())
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.descend(item, depth + 1, seen)),
            _ => Ok(()),
        }
    }
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

/// `%25` and the like in a fragment.
fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code =
            if *first == b'%' { more.get(..2).and_then(|two| std::str::from_utf8(two).ok()) } else { None };
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// How often a part of the schema meets a part of the values.
///
/// # Errors
///
/// If that is more than anybody would wait for.
pub(super) fn work(names: &Names<'_>, values: &Value) -> Result<u64, TooMuch> {
    let mut count = Count { names, known: FxHashMap::default() };
    let all = count.of(names.root, values, 0)?;
    if all > relaxed(MAX_WORK) { Err(TooMuch::Work) } else { Ok(all) }
}

struct Count<'n, 's> {
    names: &'n Names<'s>,
    /// What a pair costs. Zero while it is being counted: a reference to itself over the same value.
    known: FxHashMap<(usize, usize), u64>,
}

/// Keywords whose schemas apply to the same value.
const SAME: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];

/// Keywords whose schemas apply to everything in a value.
const INSIDE: [&str; 9] = [
    "additionalProperties",
    "patternProperties",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "propertyNames",
];

impl Count<'_, '_> {
    fn of(&mut self, schema: &Value, values: &Value, depth: usize) -> Result<u64, TooMuch> {
        let Value::Object(object) = schema else { return Ok(1) };
        let pair = (address(schema), address(values));
        if let Some(known) = self.known.get(&pair) {
            return Ok(*known);
        }
        if depth > MAX_DEPTH {
            return Err(TooMuch::Depth);
        }
        // Counting is work, too.
        if self.known.len() as u64 >= relaxed(MAX_WORK) {
            return Err(TooMuch::Work);
        }
        self.known.insert(pair, 0);
        let mut all = 1u64;
        for (key, part) in object {
            let more = match (key.as_str(), part) {
                ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(to)) => {
                    let names = self.names;
                    match names.resolve(to) {
                        Some(target) => self.of(target, values, depth + 1)?,
                        None => 0,
                    }
                }
                ("properties", Value::Object(parts)) => {
                    let mut sum = 0u64;
                    if let Value::Object(values) = values {
                        for (key, value) in values {
                            if let Some(part) = parts.get(key) {
                                sum = sum.saturating_add(self.of(part, value, depth + 1)?);
                            }
                        }
                    }
                    sum
                }
                ("dependentSchemas" | "dependencies", Value::Object(parts)) => {
                    self.each(parts.values(), values, depth)?
                }
                (key, Value::Array(parts)) if SAME.contains(&key) => {
                    self.each(parts.iter(), values, depth)?
                }
                (key, part) if SAME.contains(&key) => self.of(part, values, depth + 1)?,
                ("patternProperties", Value::Object(parts)) => self.inside(&parts.values(), values, depth)?,
                (key, Value::Array(parts)) if INSIDE.contains(&key) => {
                    self.inside(&parts.iter(), values, depth)?
                }
                (key, part) if INSIDE.contains(&key) => self.inside(&std::iter::once(part), values, depth)?,
                _ => 0,
            };
            all = all.saturating_add(more);
        }
        // What nothing else has looked at is found by looking again at what has.
        if object.contains_key("unevaluatedProperties") || object.contains_key("unevaluatedItems") {
            all = all.saturating_mul(2 + parts_of(values).count() as u64);
        }
        if all > relaxed(MAX_WORK) {
            return Err(TooMuch::Work);
        }
        self.known.insert(pair, all);
        Ok(all)
    }

    fn each<'p>(
        &mut self,
        parts: impl Iterator<Item = &'p Value>,
        values: &Value,
        depth: usize,
    ) -> Result<u64, TooMuch> {
        let mut sum = 0u64;
        for part in parts {
            sum = sum.saturating_add(self.of(part, values, depth + 1)?);
        }
        Ok(sum)
    }

    fn inside<'p>(
        &mut self,
        parts: &(impl Iterator<Item = &'p Value> + Clone),
        values: &Value,
        depth: usize,
    ) -> Result<u64, TooMuch> {
        let mut sum = 0u64;
        for value in parts_of(values) {
            sum = sum.saturating_add(self.each(parts.clone(), value, depth)?);
            if sum > relaxed(MAX_WORK) {
                return Err(TooMuch::Work);
            }
        }
        Ok(sum)
    }
}

fn parts_of(values: &Value) -> impl Iterator<Item = &Value> {
    let (items, fields) = match values {
        Value::Array(items) => (Some(items.iter()), None),
        Value::Object(fields) => (None, Some(fields.values())),
        _ => (None, None),
    };
    items.into_iter().flatten().chain(fields.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(schema: &str, values: &str) -> Result<u64, TooMuch> {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let names = Names::of(&schema);
        names.check_depth()?;
        work(&names, &serde_json::from_str(values).unwrap())
    }

    fn chain(length: usize, step: impl Fn(usize) -> String) -> String {
        let parts: Vec<String> = (0..length).map(|at| format!("\"d{at}\": {}", step(at + 1))).collect();
        format!("{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{{}, \"d{length}\": {{}}}}}}", parts.join(","))
    }

    #[test]
    fn counts_what_a_validator_would_do() {
        let schema = r##"{"properties": {"a": {"$ref": "#/$defs/x"}, "b": {"items": {"type": "string"}}},
            "additionalProperties": false, "$defs": {"x": {"anyOf": [{}, {}]}}}"##;
        assert_eq!(counted(schema, "{}"), Ok(1));
        // The root, `false` for each key; `a`, its target and two more; `b` and its two items.
        assert_eq!(counted(schema, r#"{"a": 1, "b": ["x", "y"]}"#), Ok(1 + 2 + 4 + 3));
        assert_eq!(counted(r##"{"$ref": "#"}"##, "{}"), Ok(1));
    }

    #[test]
    fn gives_up_on_what_multiplies() {
        let twice = |at: usize| {
            format!(r##"{{"allOf": [{{"$ref": "#/$defs/d{at}"}}, {{"$ref": "#/$defs/d{at}"}}]}}"##)
        };
        assert!(counted(&chain(10, twice), "{}").is_ok());
        assert_eq!(counted(&chain(40, twice), "{}"), Err(TooMuch::Work));
        let anchored = |at: usize| {
            format!(
                r##"{{"$anchor": "n{}", "anyOf": [{{"$ref": "#n{at}"}}, {{"$ref": "#n{at}"}}]}}"##,
                at - 1
            )
        };
        assert_eq!(counted(&chain(40, anchored), "{}"), Err(TooMuch::Work));
        // The schema is small and refers to itself; it is the values that are deep.
        let itself =
            r##"{"allOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]}"##;
        let deep = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(counted(itself, &deep(5)).is_ok());
        assert_eq!(counted(itself, &deep(60)), Err(TooMuch::Work));
        let once = |at: usize| format!(r##"{{"$ref": "#/$defs/d{at}"}}"##);
        assert!(counted(&chain(100, once), "{}").is_ok());
        assert_eq!(counted(&chain(5000, once), "{}"), Err(TooMuch::Depth));
    }
}
