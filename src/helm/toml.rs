//! `toToml`: trees as TOML; `fromToml`: the way back.
//!
//! Mirrors `BurntSushi/toml`'s encoder: keys sorted, plain values before tables, tables indented by two blanks. What is
//! read are integers as `int64`, as there; words about what cannot be read are those of the `toml` crate.

use std::fmt::Write as _;

use smol_str::SmolStr;

use crate::gotemplate::{self, Failure, MapKind, Slot, Value};
use crate::origin::OriginId;
use crate::yaml::{Data, Entry, Node};

/// The tree as TOML. What TOML cannot hold is left out.
pub(super) fn encode(node: &Node) -> String {
    let mut out = String::new();
    if node.as_map().is_some() {
        table(node, &mut Vec::new(), &mut out);
    } else if node.as_seq().is_some() {
        value(node, &mut out);
    }
    out
}

fn is_table(node: &Node) -> bool {
    node.as_map().is_some()
}

fn is_table_array(node: &Node) -> bool {
    node.as_seq().is_some_and(|items| !items.is_empty() && items.iter().all(is_table))
}

fn sorted(node: &Node) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = node.entries().iter().filter(|entry| !entry.value.is_null()).collect();
    entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    entries
}

fn table(node: &Node, path: &mut Vec<String>, out: &mut String) {
    let entries = sorted(node);
    let indent = "  ".repeat(path.len());
    for entry in entries.iter().filter(|entry| !is_table(&entry.value) && !is_table_array(&entry.value)) {
        out.push_str(&indent);
        out.push_str(&key(&entry.key.text));
        out.push_str(" = ");
        value(&entry.value, out);
        out.push('\n');
    }
    for entry in entries {
        path.push(key(&entry.key.text));
        let header = path.join(".");
        let indent = "  ".repeat(path.len() - 1);
        if is_table(&entry.value) {
            if path.len() == 1 && !out.is_empty() {
                out.push('\n');
            }
            let _ = writeln!(out, "{indent}[{header}]");
            table(&entry.value, path, out);
        } else if is_table_array(&entry.value) {
            for item in entry.value.seq_or_empty() {
                if path.len() == 1 && !out.is_empty() {
                    out.push('\n');
                }
                let _ = writeln!(out, "{indent}[[{header}]]");
                table(item, path, out);
            }
        }
        path.pop();
    }
}

fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.chars().all(bare) { text.to_owned() } else { string(text) }
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn value(node: &Node, out: &mut String) {
    match &node.data {
        Data::Seq(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                value(item, out);
            }
            out.push(']');
        }
        Data::Map(_) => {
            out.push('{');
            for (index, entry) in sorted(node).into_iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(&key(&entry.key.text));
                out.push_str(" = ");
                value(&entry.value, out);
            }
            out.push('}');
        }
        Data::Scalar(text) => match (node.as_str(), node.as_f64()) {
            (Some(text), _) => out.push_str(&string(text)),
            (None, Some(number)) if node.as_bool().is_none() => {
                let plain = format!("{number}");
                out.push_str(&plain);
                if !plain.contains('.') {
                    out.push_str(".0");
                }
            }
            _ => out.push_str(text),
        },
    }
}
/// What `fromToml` makes of a text: a map, or a map with `Error` and words of our own about what is wrong.
///
/// # Errors
///
/// If there is a date in it, which would be Go's `time.Time`.
pub(super) fn decode(text: &str, origin: OriginId) -> Result<Value, Failure> {
    match text.parse::<::toml::Table>() {
        Ok(table) => decoded(::toml::Value::Table(table), origin),
        Err(error) => {
            let words = Value::str(format!("toml: {}", error.message())).at(origin);
            Ok(Value::map(gotemplate::Map::from_entries([("Error".into(), words)])))
        }
    }
}

fn decoded(value: ::toml::Value, origin: OriginId) -> Result<Value, Failure> {
    use ::toml::Value as Toml;
    let value = match value {
        Toml::String(text) => Value::str(text),
        Toml::Integer(number) => Value::int64(number),
        Toml::Float(number) => Value::of(number),
        Toml::Boolean(truth) => Value::of(truth),
        Toml::Datetime(_) => return Err(Failure::limit("`fromToml` cannot read dates")),
        Toml::Array(items) => {
            let items: Result<Vec<Value>, Failure> =
                items.into_iter().map(|item| decoded(item, origin)).collect();
            Value::list(items?)
        }
        Toml::Table(table) => {
            let entries = table.into_iter().map(|(key, value)| {
                let slot = Slot { key: origin, ..Slot::new(decoded(value, origin)?) };
                Ok((SmolStr::from(key), slot))
            });
            let entries: Result<_, Failure> = entries.collect();
            Value::map(gotemplate::Map::new(entries?, MapKind::Any))
        }
    };
    Ok(value.at(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_helm_reads() {
        let deep = format!("{}a = 1", "a.".repeat(20_000));
        for (text, want) in [
            (
                "a = 1\nb = [1.5, \"x\", {y = 2}]\nf = 1e3\n[c]\nd = true\n[[e]]\ng = 1\n",
                "map[a:1 b:[1.5 x map[y:2]] c:map[d:true] e:[map[g:1]] f:1000]",
            ),
            ("", "map[]"),
            ("a =", "map[Error:toml: "),
            ("a = 1\na = 2", "map[Error:toml: "),
            (deep.as_str(), "map[Error:toml: recursion limit"),
        ] {
            let got = decode(text, OriginId::WRITTEN).unwrap().to_string();
            assert!(got.starts_with(want), "{text:.40}\n{got}");
        }
        assert!(decode("a = 2024-02-29", OriginId::WRITTEN).unwrap_err().is_limit);
    }
}
