//! Rendered objects as text: YAML whose lines tell where their values are written, and JSON with the same beside
//! each value.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::origin::{Origin, OriginId, Origins, Place, Step, Text};
use crate::source::Span;
use crate::yaml::{Data, EmitStyle, Node, emit, emit_text};

use super::to_json;

/// What of a place is shown: which of the spans behind it, and how that is called.
pub trait Origination {
    /// The line to show for a value, of all that had a say in it.
    fn span(&self, place: Place) -> Span;
    /// File and line of a span; `None` when it is of no file.
    fn name(&self, span: Span) -> Option<(String, u32)>;
}

/// The objects as kubectl prints them, separated by `---`. With `origins`, every line that holds a value ends in a
/// comment that says where the value is written.
pub fn yaml(objects: &[&Node], origins: Option<&dyn Origination>) -> String {
    let documents = objects.iter().map(|node| match origins {
        Some(origins) => annotated(node, origins),
        None => emit(node, EmitStyle::Sigs).unwrap_or_default(),
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// The objects as a `List`. With `origins`, every scalar becomes `{"value", "file", "line"}`.
pub fn json(objects: &[&Node], origins: Option<&dyn Origination>) -> String {
    match origins {
        None => {
            let items: Vec<Value> = objects.iter().map(|node| node.to_value()).collect();
            to_json(&json!({ "apiVersion": "v1", "kind": "List", "items": items }))
        }
        Some(origins) => {
            let items: Vec<Value> = objects.iter().map(|node| beside(node, origins)).collect();
            to_json(&json!({ "version": 1, "objects": items }))
        }
    }
}

fn beside(node: &Node, origins: &dyn Origination) -> Value {
    match &node.data {
        Data::Seq(items) if !items.is_empty() => items.iter().map(|item| beside(item, origins)).collect(),
        Data::Map(map) if !map.is_empty() => {
            let entry =
                |entry: &crate::yaml::Entry| (entry.key.text.to_string(), beside(&entry.value, origins));
            Value::Object(map.iter().map(entry).collect())
        }
        _ => {
            let value = node.to_value();
            match origins.name(origins.span(node.place())) {
                Some((file, line)) => json!({ "value": value, "file": file, "line": line }),
                None => json!({ "value": value }),
            }
        }
    }
}

/// Where keys and values are written, as steps of an arena of its own: the emitter carries them along.
struct Marks<'a> {
    origins: &'a dyn Origination,
    arena: Origins,
    keys: Vec<OriginId>,
}

impl Marks<'_> {
    fn mark(&mut self, node: &mut Node) {
        node.origin = self.add(node.place());
        match &mut node.data {
            Data::Scalar(_) => {}
            Data::Seq(items) => items.iter_mut().for_each(|item| self.mark(item)),
            Data::Map(map) => {
                for entry in map.entries_mut() {
                    entry.key.origin = self.add(entry.key.place());
                    self.keys.push(entry.key.origin);
                    self.mark(&mut entry.value);
                }
            }
        }
    }

    fn add(&mut self, place: Place) -> OriginId {
        self.arena.add(Origin::new(self.origins.span(place), Step::Written))
    }
}

fn annotated(node: &Node, origins: &dyn Origination) -> String {
    let mut node = node.clone();
    let mut marks = Marks { origins, arena: Origins::new(), keys: Vec::new() };
    marks.mark(&mut node);
    let keys = marks.keys;
    let Ok(text) = emit_text(&node, EmitStyle::Sigs, &mut marks.arena, OriginId::WRITTEN) else {
        return String::new();
    };
    let comments = comments(&text, &keys);
    let mut out = String::with_capacity(text.len() * 2);
    for (index, line) in text.as_str().lines().enumerate() {
        out.push_str(line);
        let span = comments.get(&index).and_then(|id| marks.arena.get(*id)).and_then(|mark| mark.at);
        if let Some((file, line)) = span.and_then(|span| origins.name(span)) {
            let _ = write!(out, "  # {file}:{line}");
        }
        out.push('\n');
    }
    out
}

/// The mark that each line (from 0) of a document shows: its value's, else its key's. Scalars of several lines are
/// told at the only line where a comment is no part of them: the first of a block scalar, the last of others.
fn comments(text: &Text, keys: &[OriginId]) -> BTreeMap<usize, OriginId> {
    let mut chosen: BTreeMap<usize, OriginId> = BTreeMap::new();
    let mut line = 0;
    let mut scalar: Option<(OriginId, usize, bool)> = None;
    for (range, run) in text.pieces() {
        let piece = text.as_str().get(range).unwrap_or_default();
        let breaks = piece.matches('\n').count();
        if !run.origin.is_written() {
            let is_new = scalar.is_none_or(|(id, ..)| id != run.origin);
            let (before, block) = match scalar {
                Some((_, before, block)) if !is_new => (before, block),
                _ => (line, piece.starts_with(['|', '>'])),
            };
            let told = if block { before } else { line + breaks };
            scalar = Some((run.origin, told, block));
            // Neither the key nor the value is told where the value goes on.
            (before..told).for_each(|line| {
                chosen.remove(&line);
            });
            // Marks of keys are sorted: they were added in order.
            let is_key = keys.binary_search(&run.origin).is_ok();
            if !is_key || !chosen.contains_key(&told) {
                chosen.insert(told, run.origin);
            }
        }
        line += breaks;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse};

    struct Lines(std::sync::Arc<Sources>);

    impl Origination for Lines {
        fn span(&self, place: Place) -> Span {
            place.at
        }

        fn name(&self, span: Span) -> Option<(String, u32)> {
            self.0.locate(span).map(|(file, at, _)| (file.to_string(), at.line))
        }
    }

    #[test]
    fn tells_lines() {
        let sources = Sources::new();
        let long = "word ".repeat(30);
        let text = format!(
            "b: 1\na:\n- x: 'yes'\n  w: {{}}\n- |\n  one\n  two\n- end\nlong: {}\nquoted: \"a\\tb {}\"\n",
            long.trim(),
            long.trim()
        );
        let file = sources.add("f", text.into_bytes());
        let mut root = parse(&file).documents.swap_remove(0).root.unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        let lines = Lines(sources);
        let shown = yaml(&[&root], Some(&lines));
        let again = Sources::new().add("again", shown.clone().into_bytes());
        let mut back = parse(&again).documents.swap_remove(0).root.unwrap_or_else(|| panic!("{shown}"));
        back.canonicalize(Dialect::Sigs).unwrap();
        assert_eq!(back.to_value(), root.to_value(), "comments change nothing:\n{shown}");
        let told: Vec<&str> =
            shown.lines().map(|line| line.split_once("  # ").map_or("", |(_, at)| at)).collect();
        assert_eq!(told[..5], ["f:2", "f:4", "f:3", "f:5", ""], "{shown}");
        let json: Value = serde_json::from_str(&json(&[&root], Some(&lines))).unwrap();
        assert_eq!(json["objects"][0]["a"][0]["x"], json!({ "value": "yes", "file": "f", "line": 3 }));
    }
}
