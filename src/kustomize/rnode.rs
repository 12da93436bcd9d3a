//! Looking things up in trees, with the rules and messages of kyaml.
//!
//! Mirrors `kyaml/yaml` (`PathGetter`, `FieldMatcher`, `ElementMatcher`) and `kyaml/utils/pathsplitter.go`.

use smol_str::SmolStr;

use crate::yaml::{Data, Dialect, EmitStyle, Node, Scalar, Style, emit};

use super::failure::{Failure, Result};

/// What kind of node something is, in kyaml's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Map,
    Seq,
    Scalar,
}

impl Kind {
    /// The kind of a node.
    pub(super) fn of(node: &Node) -> Self {
        match node.data {
            Data::Map(_) => Self::Map,
            Data::Seq(_) => Self::Seq,
            Data::Scalar(_) => Self::Scalar,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Map => "MappingNode",
            Self::Seq => "SequenceNode",
            Self::Scalar => "ScalarNode",
        }
    }
}

/// What a scalar resolves to: kyaml keeps it as a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Str,
    /// A tag of one's own, or binary.
    Other,
}

/// The tag of a scalar; [`Tag::Other`] for a collection.
pub(super) fn tag(node: &Node) -> Tag {
    if let Some(tag) = node.tag.as_deref() {
        return match tag {
            "tag:yaml.org,2002:null" => Tag::Null,
            "tag:yaml.org,2002:bool" => Tag::Bool,
            "tag:yaml.org,2002:int" => Tag::Int,
            "tag:yaml.org,2002:float" => Tag::Float,
            "tag:yaml.org,2002:timestamp" => Tag::Timestamp,
            "tag:yaml.org,2002:str" | "!" => Tag::Str,
            _ => Tag::Other,
        };
    }
    match node.resolve(Dialect::V3) {
        None => Tag::Other,
        Some(Scalar::Null) => Tag::Null,
        Some(Scalar::Bool(_)) => Tag::Bool,
        Some(Scalar::Int(_) | Scalar::Uint(_)) => Tag::Int,
        Some(Scalar::Float(_)) => Tag::Float,
        Some(Scalar::Str(std::borrow::Cow::Owned(_))) => Tag::Timestamp,
        Some(Scalar::Str(std::borrow::Cow::Borrowed(_))) => Tag::Str,
    }
}

/// Whether a node is null, an empty mapping or an empty list.
pub(super) fn is_nil_or_empty(node: &Node) -> bool {
    match &node.data {
        Data::Map(map) => map.is_empty(),
        Data::Seq(items) => items.is_empty(),
        Data::Scalar(_) => node.is_null(),
    }
}

/// The raw text of a scalar; empty for a collection.
pub(super) fn raw(node: &Node) -> SmolStr {
    node.scalar().cloned().unwrap_or_default()
}

/// kyaml's `GetValue`: the raw text, empty for null.
pub(super) fn value(node: &Node) -> SmolStr {
    if node.is_null() { SmolStr::default() } else { raw(node) }
}

/// Refuses a node that is neither null nor of the wanted kind.
pub(super) fn expect(node: &Node, kind: Kind) -> Result<()> {
    if Kind::of(node) == kind || node.is_null() { Ok(()) } else { Err(wrong_kind(node, kind)) }
}

fn wrong_kind(node: &Node, kind: Kind) -> Box<Failure> {
    let contents = to_yaml(node);
    let message = format!(
        "wrong node kind: expected {} but got {}: node contents:\n{contents}",
        kind.as_str(),
        Kind::of(node).as_str()
    );
    Failure::at(node.place(), message)
}

/// The node as kyaml prints it in messages.
pub(super) fn to_yaml(node: &Node) -> String {
    let mut canonical = node.clone();
    // What cannot be made canonical is shown as far as it could.
    let _ = canonical.canonicalize(Dialect::V3);
    emit(&canonical, EmitStyle::KYAML).unwrap_or_default()
}

/// A scalar as it stands in YAML, with the quotes it was written with.
pub(super) fn scalar_yaml(node: &Node) -> String {
    let Some(text) = node.scalar() else { return to_yaml(node).trim().to_owned() };
    match node.style {
        Style::SingleQuoted => format!("'{}'", text.replace('\'', "''")),
        Style::DoubleQuoted => crate::yaml::go_quote(text),
        _ => text.trim().to_owned(),
    }
}

/// Splits a path at a delimiter; a backslash before it keeps it. A leading delimiter is left out.
pub(super) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(delimiter).collect();
    if parts.len() > 1 && parts.first() == Some(&"") {
        parts.remove(0);
    }
    let mut result: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match result.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => result.push(part.to_owned()),
        }
    }
    result
}

/// Splits a path of a replacement or var: brackets keep what stands in them together, and stay where they hold a `=`.
pub(super) fn split_field_path(path: &str) -> Vec<String> {
    let mut parts = split_path(path, '.').into_iter();
    let mut result = Vec::new();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut bracketed = part;
        for part in parts.by_ref() {
            bracketed.push('.');
            bracketed.push_str(&part);
            if part.ends_with(']') {
                break;
            }
        }
        result.push(if bracketed.contains('=') {
            bracketed
        } else {
            bracketed.trim_matches(['[', ']']).to_owned()
        });
    }
    result
}

/// A part of a path in brackets.
pub(super) fn is_list_index(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// The number that a part of a path is.
pub(super) fn list_number(part: &str) -> Option<i64> {
    part.parse().ok()
}

/// Takes `[name=value]` apart.
pub(super) fn split_index(part: &str) -> Result<(&str, &str)> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    inner.split_once('=').ok_or_else(|| {
        Failure::new("list path element must contain fieldName=fieldValue for element to match")
    })
}

/// The node at the end of a path. An error is a node of the wrong kind on the way.
pub(super) fn lookup<'n, S: AsRef<str>>(node: &'n Node, path: &[S]) -> Result<Option<&'n Node>> {
    let mut at = node;
    for part in path {
        let part = part.as_ref().trim();
        if part.is_empty() {
            continue;
        }
        match step(at, part)? {
            Step::Found(next) => at = next,
            Step::Missing => return Ok(None),
        }
    }
    Ok(Some(at))
}

enum Step<'n> {
    Found(&'n Node),
    Missing,
}

fn step<'n>(node: &'n Node, part: &str) -> Result<Step<'n>> {
    let found = match index_of(node, part)? {
        None => None,
        Some(index) => match &node.data {
            Data::Map(map) => map.iter().nth(index).map(|entry| &entry.value),
            Data::Seq(items) => items.get(index),
            Data::Scalar(_) => None,
        },
    };
    Ok(found.map_or(Step::Missing, Step::Found))
}

/// Where a part of a path leads: the index of an entry or item.
pub(super) fn index_of(node: &Node, part: &str) -> Result<Option<usize>> {
    if let Some(number) = list_number(part) {
        if number < 0 {
            return Err(Failure::at(node.place(), format!("array index {number} cannot be negative")));
        }
        expect(node, Kind::Seq)?;
        return Ok(usize::try_from(number).ok().filter(|index| *index < node.seq_or_empty().len()));
    }
    if part == "-" {
        expect(node, Kind::Seq)?;
        return Ok(node.seq_or_empty().len().checked_sub(1));
    }
    if part == "*" {
        return Err(Failure::at(node.place(), "wildcard is not supported in PathGetter"));
    }
    if is_list_index(part) {
        let (name, text) = split_index(part)?;
        expect(node, Kind::Seq)?;
        return Ok(node.seq_or_empty().iter().position(|item| element_matches(item, name, text)));
    }
    if node.is_null() {
        return Ok(None);
    }
    expect(node, Kind::Map)?;
    Ok(node.as_map().and_then(|map| map.index_of(part)))
}

/// Whether an element of a list has a field with this raw text or, without a name, is this text.
pub(super) fn element_matches(item: &Node, name: &str, text: &str) -> bool {
    if name.is_empty() {
        return raw(item) == text;
    }
    item.get(name).is_some_and(|value| raw(value) == text)
}

/// The node at an index of a mapping or list.
pub(super) fn child_mut(node: &mut Node, index: usize) -> Option<&mut Node> {
    match &mut node.data {
        Data::Map(map) => map.entries_mut().get_mut(index).map(|entry| &mut entry.value),
        Data::Seq(items) => items.get_mut(index),
        Data::Scalar(_) => None,
    }
}

/// The node at the end of a path of indexes.
pub(super) fn at_indexes_mut<'n>(node: &'n mut Node, indexes: &[usize]) -> Option<&'n mut Node> {
    indexes.iter().try_fold(node, |node, index| child_mut(node, *index))
}

/// Gives strings of a canonical tree the style that they would have after being written and read again: plain where
/// that is unambiguous.
pub(super) fn restyle(node: &mut Node) {
    match &mut node.data {
        Data::Scalar(text) => {
            if node.style != Style::Plain && is_plain_word(text) {
                node.style = Style::Plain;
                if tag(node) != Tag::Str {
                    node.style = Style::DoubleQuoted;
                }
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(restyle),
        Data::Map(map) => map.iter_mut().for_each(|entry| restyle(&mut entry.value)),
    }
}

/// Whether a text may stand without quotes, as far as its characters go.
fn is_plain_word(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|first| first.is_ascii_alphanumeric() || matches!(first, '/' | '.' | '_' | '$'))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|char| char.is_ascii_graphic() || char == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_paths() {
        for (path, want) in [
            ("a.b", vec!["a", "b"]),
            ("a\\.b.c", vec!["a.b", "c"]),
            ("spec.[name=a.b].image", vec!["spec", "[name=a.b]", "image"]),
            ("annotations.[a.b/c].x", vec!["annotations", "a.b/c", "x"]),
            ("[a]", vec!["[a]"]),
            (".a", vec!["a"]),
            ("", vec![""]),
        ] {
            assert_eq!(split_field_path(path), want, "{path}");
        }
        assert_eq!(split_path("/metadata/annotations/a\\/b", '/'), ["metadata", "annotations", "a/b"]);
    }
}
