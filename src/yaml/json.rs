//! Trees as JSON, written as Go's `encoding/json` writes it, and the way to and from `serde_json`.
//!
//! All of this wants canonical trees; see [`Node::canonicalize`](super::Node::canonicalize).

use std::fmt::Write as _;

use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr as _};

use crate::origin::Place;

use super::resolve::is_json_number;
use super::{Data, Entry, Key, Map, Node, Style};

/// What a canonical scalar is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Canonical<'a> {
    Null,
    Bool(bool),
    /// A number in JSON's spelling.
    Number(&'a str),
    Str(&'a str),
}

/// Reads a scalar of a canonical tree; a plain scalar that is none of JSON's literals is a string.
pub(super) fn canonical(text: &str, style: Style) -> Canonical<'_> {
    if style != Style::Plain {
        return Canonical::Str(text);
    }
    match text {
        "null" | "" => Canonical::Null,
        "true" => Canonical::Bool(true),
        "false" => Canonical::Bool(false),
        text if is_json_number(text) => Canonical::Number(text),
        text => Canonical::Str(text),
    }
}

/// How JSON is laid out and escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JsonStyle {
    /// `<`, `>` and `&` become `\u003c` and so on, as `json.Marshal` does unless told otherwise.
    pub escape_html: bool,
    /// Two blanks of indentation per level, as `toPrettyJson`.
    pub pretty: bool,
    /// Keys stay as they stand: who asks has sorted them, as far as they are to be.
    pub keep_order: bool,
}

impl Node {
    /// The tree as JSON, keys sorted unless the style says otherwise.
    pub fn to_json(&self, style: JsonStyle) -> String {
        let mut out = String::new();
        write_json(&mut out, self, style, 0);
        out
    }

    /// The tree as a `serde_json` value, keys in written order. A number that needs more than 64 bits becomes a
    /// float.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Scalar(text) => match canonical(text, self.style) {
                Canonical::Null => Value::Null,
                Canonical::Bool(value) => Value::Bool(value),
                Canonical::Number(text) => json_spelling(text).parse().map_or(Value::Null, Value::Number),
                Canonical::Str(text) => Value::String(text.to_owned()),
            },
            Data::Seq(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Data::Map(map) => Value::Object(
                map.iter().map(|entry| (entry.key.text.to_string(), entry.value.to_value())).collect(),
            ),
        }
    }

    /// Null, canonical.
    pub fn null(place: Place) -> Self {
        Self::plain(SmolStr::new_static("null"), place)
    }

    /// A boolean, canonical.
    pub fn bool(value: bool, place: Place) -> Self {
        Self::plain(SmolStr::new_static(if value { "true" } else { "false" }), place)
    }

    /// An integer, canonical.
    pub fn int(value: i64, place: Place) -> Self {
        Self::plain(value.to_smolstr(), place)
    }

    /// A floating point number, canonical. It keeps its kind: `1e+06` is an integer for JSON and for
    /// `EmitStyle::Sigs`, but not for `EmitStyle::PRETTY`. What is not finite, which JSON cannot hold, is null.
    pub fn float(value: f64, place: Place) -> Self {
        if value.is_finite() { Self::plain(super::format_g(value), place) } else { Self::null(place) }
    }

    /// A canonical tree of a JSON value, all of it from one place.
    pub fn from_value(value: &Value, place: Place) -> Self {
        match value {
            Value::Null => Self::null(place),
            Value::Bool(value) => Self::bool(*value, place),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Self::int(value, place),
                (None, Some(value)) => Self::plain(value.to_smolstr(), place),
                // JSON has no other floats than finite ones.
                (None, None) => Self::float(number.as_f64().unwrap_or_default(), place),
            },
            Value::String(text) => Self::string(text.as_str(), place),
            Value::Array(items) => {
                Self::seq(items.iter().map(|item| Self::from_value(item, place)).collect(), place)
            }
            Value::Object(object) => {
                let entry = |(key, value): (&String, &Value)| Entry {
                    key: Key { style: Style::DoubleQuoted, ..Key::new(key.as_str(), place) },
                    value: Self::from_value(value, place),
                };
                Self::map(Map::from_entries(object.iter().map(entry).collect()), place)
            }
        }
    }
}

/// A number as `encoding/json` spells it.
fn json_spelling(text: &str) -> SmolStr {
    let float = if text.contains(['.', 'e', 'E']) { text.parse().ok() } else { None };
    float.and_then(super::format_json).unwrap_or_else(|| SmolStr::new(text))
}

fn write_json(out: &mut String, node: &Node, style: JsonStyle, depth: usize) {
    match &node.data {
        Data::Scalar(text) => match canonical(text, node.style) {
            Canonical::Null => out.push_str("null"),
            Canonical::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Canonical::Number(text) => out.push_str(&json_spelling(text)),
            Canonical::Str(text) => write_json_string(out, text, style.escape_html),
        },
        Data::Seq(items) => write_items(out, ['[', ']'], items.len(), style, depth, |out, index| {
            if let Some(item) = items.get(index) {
                write_json(out, item, style, depth + 1);
            }
        }),
        Data::Map(map) => {
            let mut entries: Vec<&Entry> = map.iter().collect();
            if !style.keep_order {
                entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
            }
            write_items(out, ['{', '}'], entries.len(), style, depth, |out, index| {
                if let Some(entry) = entries.get(index) {
                    write_json_string(out, &entry.key.text, style.escape_html);
                    out.push_str(if style.pretty { ": " } else { ":" });
                    write_json(out, &entry.value, style, depth + 1);
                }
            });
        }
    }
}

fn write_items(
    out: &mut String,
    [open, close]: [char; 2],
    len: usize,
    style: JsonStyle,
    depth: usize,
    mut write: impl FnMut(&mut String, usize),
) {
    let line = |out: &mut String, depth: usize| {
        if style.pretty {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    out.push(open);
    for index in 0..len {
        if index > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        write(out, index);
    }
    if len > 0 {
        line(out, depth);
    }
    out.push(close);
}

/// A string in quotes, escaped as Go's `encoding/json` does.
pub fn write_json_string(out: &mut String, text: &str, escape_html: bool) {
    out.push('"');
    let mut from = 0;
    for (at, char) in text.char_indices() {
        let escape = match char {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\x08' => "\\b",
            '\x0c' => "\\f",
            '<' | '>' | '&' if escape_html => "",
            '\0'..='\x1f' | '\u{2028}' | '\u{2029}' => "",
            _ => continue,
        };
        out.push_str(text.get(from..at).unwrap_or(""));
        if escape.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", char as u32);
        } else {
            out.push_str(escape);
        }
        from = at + char.len_utf8();
    }
    out.push_str(text.get(from..).unwrap_or(""));
    out.push('"');
}
