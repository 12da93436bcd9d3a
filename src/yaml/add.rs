//! Surgical edits that add: an entry to a mapping, an item to a sequence, another name for a key. Like those of
//! [`edit`](super::edit), each is handed out only if the changed text reads back as the tree that was asked for.

use crate::origin::{Place, Verbatim};

use super::edit::{Edit, Segment, checked, descend, descend_mut};
use super::{Data, Dialect, Entry, Key, Map, Node, Stream, Style, parse_text};

/// Adds `key: source` to the mapping at the end of `path`, behind the entry `after` where it has one, else at its end. `source`
/// is the value as it would be written at the margin; of several lines, it is put below the key. Nothing at all and `{}` count
/// as mappings.
pub fn insert(
    stream: &Stream,
    document: usize,
    path: &[Segment],
    (key, source): (&str, &str),
    after: Option<&str>,
) -> Option<Edit> {
    let root = stream.documents.get(document)?.root.as_ref()?;
    let value = piece(stream, source)?;
    let mut want = root.clone();
    let target = descend_mut(&mut want, path)?;
    if target.is_null() {
        target.data = Data::Map(Map::new());
    }
    let map = target.as_map_mut()?;
    if map.get(key).is_some() {
        return None;
    }
    let place = Place::written(stream.file.span());
    map.push(Entry { key: Key::new(key, place), value });
    let layout = Layout::new(stream);
    let node = descend(root, path)?;
    let written = |indent: usize| written(key, source, indent, layout.newline);
    let edit = match node.as_map() {
        Some(map) if !map.is_empty() && node.style != Style::Flow => {
            let first = map.iter().next()?;
            let known = after.and_then(|after| map.entry(after));
            let last = match known {
                Some(known) => known,
                None => map.iter().max_by_key(|entry| entry.value.at.end.max(entry.key.at.end))?,
            };
            let indent = layout.column(first.key.at.start);
            layout.below(last.value.at.end.max(last.key.at.end), &written(indent))
        }
        Some(map) if !map.is_empty() => {
            if source.contains('\n') {
                return None;
            }
            let last = map.iter().max_by_key(|entry| entry.value.at.end)?.value.at.end;
            Edit { range: last..last, text: format!(", {key}: {source}") }
        }
        // Nothing, or `{}`: below the key that has nothing.
        _ => {
            let indent = match path.last()? {
                Segment::Key(name) => {
                    let (_, parents) = path.split_last()?;
                    let owner = descend(root, parents)?;
                    if owner.style == Style::Flow {
                        return None;
                    }
                    layout.column(owner.as_map()?.entry(name)?.key.at.start) + 2
                }
                Segment::Index(_) => return None,
            };
            let start = node.at.start as usize;
            // A comment behind a key that has nothing is about that key.
            let behind = layout.text.get(node.at.end as usize..)?.lines().next().unwrap_or_default();
            if behind.trim_start().starts_with('#') {
                return None;
            }
            let before = layout.text.get(..start)?.trim_end_matches([' ', '\t']).len() as u32;
            let text = format!("{}{}", layout.newline, written(indent));
            Edit { range: before..node.at.end, text }
        }
    };
    checked(stream, document, edit, &want)
}

/// Adds `source` as an item to the sequence at the end of `path`, at its end. Nothing at all and `[]` count as sequences.
pub fn push(stream: &Stream, document: usize, path: &[Segment], source: &str) -> Option<Edit> {
    let root = stream.documents.get(document)?.root.as_ref()?;
    let value = piece(stream, source)?;
    let mut want = root.clone();
    let target = descend_mut(&mut want, path)?;
    if target.is_null() {
        target.data = Data::Seq(Vec::new());
    }
    target.as_seq_mut()?.push(value);
    let layout = Layout::new(stream);
    let node = descend(root, path)?;
    let item = |indent: usize| {
        let blanks = " ".repeat(indent);
        let text = indented(source, indent + 2, layout.newline);
        format!("{blanks}- {}", text.trim_start())
    };
    let edit = match node.as_seq() {
        Some(items) if !items.is_empty() && node.style != Style::Flow => {
            let first = items.first()?;
            let line = layout.line_start(first.at.start);
            let before = layout.text.get(line as usize..first.at.start as usize)?;
            // The dash is alone in front of the item, so its column is that of all dashes.
            if before.trim() != "-" {
                return None;
            }
            let indent = before.find('-')?;
            layout.below(items.last()?.at.end, &item(indent))
        }
        Some(items) if !items.is_empty() => {
            if source.contains('\n') {
                return None;
            }
            let last = items.last()?.at.end;
            Edit { range: last..last, text: format!(", {source}") }
        }
        _ => {
            let (Segment::Key(name), parents) = path.split_last()? else { return None };
            let owner = descend(root, parents)?;
            if owner.style == Style::Flow {
                return None;
            }
            let indent = layout.column(owner.as_map()?.entry(name)?.key.at.start) + 2;
            let before =
                layout.text.get(..node.at.start as usize)?.trim_end_matches([' ', '\t']).len() as u32;
            Edit { range: before..node.at.end, text: format!("{}{}", layout.newline, item(indent)) }
        }
    };
    checked(stream, document, edit, &want)
}

/// Calls the entry at the end of `path` otherwise.
pub fn rename(stream: &Stream, document: usize, path: &[Segment], name: &str) -> Option<Edit> {
    let root = stream.documents.get(document)?.root.as_ref()?;
    let (Segment::Key(old), parents) = path.split_last()? else { return None };
    let at = descend(root, parents)?.as_map()?.entry(old)?.key.at;
    let mut want = root.clone();
    let map = descend_mut(&mut want, parents)?.as_map_mut()?;
    if map.get(name).is_some() {
        return None;
    }
    let entry = map.entries_mut().iter_mut().find(|entry| entry.key.text == old.as_str())?;
    entry.key.text = name.into();
    let quote = match stream.file.slice(at).as_bytes().first() {
        Some(b'"') => "\"",
        Some(b'\'') => "'",
        _ => "",
    };
    let edit = Edit { range: at.start..at.end, text: format!("{quote}{name}{quote}") };
    checked(stream, document, edit, &want)
}

/// A piece of YAML as a tree.
fn piece(stream: &Stream, source: &str) -> Option<Node> {
    let read = parse_text(source, Dialect::Sigs, &mut Verbatim(stream.file.id()));
    read.documents.into_iter().next()?.root
}

/// `key: source` at an indent.
fn written(key: &str, source: &str, indent: usize, newline: &str) -> String {
    let blanks = " ".repeat(indent);
    if source.contains('\n') {
        format!("{blanks}{key}:{newline}{}", indented(source, indent + 2, newline))
    } else {
        format!("{blanks}{key}: {source}")
    }
}

fn indented(source: &str, indent: usize, newline: &str) -> String {
    let blanks = " ".repeat(indent);
    let lines = source.trim_end().lines();
    let lines: Vec<String> =
        lines.map(|line| if line.is_empty() { String::new() } else { format!("{blanks}{line}") }).collect();
    lines.join(newline)
}

/// The text of a file as lines.
struct Layout<'a> {
    text: &'a str,
    newline: &'static str,
}

impl<'a> Layout<'a> {
    fn new(stream: &'a Stream) -> Self {
        let text = stream.file.text_or_empty();
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { text, newline }
    }

    fn line_start(&self, at: u32) -> u32 {
        let before = self.text.get(..at as usize).unwrap_or("");
        before.rfind('\n').map_or(0, |newline| newline as u32 + 1)
    }

    fn column(&self, at: u32) -> usize {
        let start = self.line_start(at) as usize;
        self.text.get(start..at as usize).map_or(0, |before| before.chars().count())
    }

    /// Puts lines below the one that `at` is on.
    fn below(&self, at: u32, lines: &str) -> Edit {
        // A block scalar ends behind its last line break.
        let before = self.text.get(..at as usize).unwrap_or("");
        if before.ends_with('\n') {
            return Edit { range: at..at, text: format!("{lines}{}", self.newline) };
        }
        let after = self.text.get(at as usize..).unwrap_or("");
        match after.find('\n') {
            Some(newline) => {
                let at = at + newline as u32 + 1;
                Edit { range: at..at, text: format!("{lines}{}", self.newline) }
            }
            None => {
                let at = self.text.len() as u32;
                Edit { range: at..at, text: format!("{}{lines}{}", self.newline, self.newline) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse;

    fn stream(text: &str) -> Stream {
        parse(&Sources::new().add("a.yaml", text.into()))
    }

    fn path(text: &str) -> Vec<Segment> {
        let segment =
            |part: &str| part.parse().map_or_else(|_| Segment::Key(part.to_owned()), Segment::Index);
        text.split('.').filter(|part| !part.is_empty()).map(segment).collect()
    }

    #[test]
    fn adds_entries() {
        for (text, at, source, after, want) in [
            ("a: 1\n", "", "2", None, Some("a: 1\nn: 2\n")),
            ("a: 1", "", "2", None, Some("a: 1\nn: 2\n")),
            ("a: 1 # c\nb: 2\n", "", "2", Some("a"), Some("a: 1 # c\nn: 2\nb: 2\n")),
            (
                "a:\n  b: 1\nc: 2\n",
                "a",
                "x: y\nz: 1\n",
                None,
                Some("a:\n  b: 1\n  n:\n    x: y\n    z: 1\nc: 2\n"),
            ),
            ("a:\n  b: |\n    t\n\nc: 2\n", "a", "2", None, Some("a:\n  b: |\n    t\n  n: 2\n\nc: 2\n")),
            // Blank lines are a part of this one: it is left alone.
            ("a:\n  b: |+\n    t\n\nc: 2\n", "a", "2", None, None),
            ("a: {b: 1}\n", "a", "2", None, Some("a: {b: 1, n: 2}\n")),
            ("a: {}\nb: 1\n", "a", "2", None, Some("a:\n  n: 2\nb: 1\n")),
            ("a: # c\nb: 1\n", "a", "2", None, None),
            ("a:\nb: 1\n", "a", "2", None, Some("a:\n  n: 2\nb: 1\n")),
            ("- a: 1\n  b: 2\n- c\n", "0", "2", None, Some("- a: 1\n  b: 2\n  n: 2\n- c\n")),
            ("a: 1\r\nb: 2\r\n", "", "2", Some("a"), Some("a: 1\r\nn: 2\r\nb: 2\r\n")),
            ("n: 1\n", "", "2", None, None),
            ("a: [1]\n", "a", "2", None, None),
        ] {
            let edit = insert(&stream(text), 0, &path(at), ("n", source), after);
            assert_eq!(edit.map(|edit| edit.apply(text)).as_deref(), want, "{at} of {text:?}");
        }
    }

    #[test]
    fn adds_items() {
        for (text, at, source, want) in [
            ("a:\n- x\nb: 1\n", "a", "n", Some("a:\n- x\n- n\nb: 1\n")),
            ("a:\n  - x # c\n", "a", "n: 1\nm: 2", Some("a:\n  - x # c\n  - n: 1\n    m: 2\n")),
            ("a: [x]\n", "a", "n", Some("a: [x, n]\n")),
            ("a: []\n", "a", "n", Some("a:\n  - n\n")),
            ("a: x\n", "a", "n", None),
        ] {
            let edit = push(&stream(text), 0, &path(at), source);
            assert_eq!(edit.map(|edit| edit.apply(text)).as_deref(), want, "{at} of {text:?}");
        }
    }

    #[test]
    fn renames_keys() {
        for (text, at, want) in [
            ("a: 1 # c\n", "a", Some("n: 1 # c\n")),
            ("x:\n- \"a\": {b: 1}\n", "x.0.a", Some("x:\n- \"n\": {b: 1}\n")),
            ("a: 1\nn: 2\n", "a", None),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "c.b", None),
        ] {
            let edit = rename(&stream(text), 0, &path(at), "n");
            assert_eq!(edit.map(|edit| edit.apply(text)).as_deref(), want, "{at} of {text:?}");
        }
    }
}
