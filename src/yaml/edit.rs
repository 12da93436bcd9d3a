//! Surgical edits: a file without one entry, a file with another scalar.
//!
//! An edit touches the lines that have to change and no others, so it can be shown to people, and the result can
//! be rendered to see what the lines were good for. Every edit is checked before it is handed out: the changed
//! text must read back as exactly the tree that was asked for. Where that cannot be had, because an anchor inside
//! is used elsewhere, say, there is no edit.

use std::ops::Range;

use crate::origin::Verbatim;
use crate::source::Span;

use super::{Data, Dialect, Document, Node, Stream, Style, parse_text};

pub use super::add::{insert, push, rename};

/// A step from a collection to one of its children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The value of a key.
    Key(String),
    /// An item of a sequence, from zero.
    Index(usize),
}

/// A change of a text: the bytes `range` are replaced by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub range: Range<u32>,
    /// What comes in its place.
    pub text: String,
}

impl Edit {
    /// The text after the change. A range outside of the text changes nothing.
    pub fn apply(&self, text: &str) -> String {
        let (start, end) = (self.range.start as usize, self.range.end as usize);
        match (text.get(..start), text.get(end..)) {
            (Some(before), Some(after)) => [before, &self.text, after].concat(),
            _ => text.to_owned(),
        }
    }
}

/// Where a node of a file is: the index of its document and the way from the root.
pub type Location = (usize, Vec<Segment>);

/// Finds the innermost entry or item that the byte `offset` of the file belongs to, keys included. Places behind
/// an alias are found where they are written.
pub fn locate(stream: &Stream, offset: u32) -> Option<Location> {
    let covers = |document: &&Document| document.range.contains(&offset) || document.range.end == offset;
    let index = stream.documents.iter().position(|document| covers(&document))?;
    let mut node = stream.documents.get(index)?.root.as_ref()?;
    let mut path = Vec::new();
    loop {
        let next = match &node.data {
            Data::Scalar(_) => None,
            Data::Seq(items) => items
                .iter()
                .position(|item| touches(item.at.start..item.at.end, offset))
                .and_then(|index| Some((Segment::Index(index), items.get(index)?))),
            Data::Map(map) => map
                .iter()
                .find(|entry| touches(entry.key.at.start..entry.value.at.end.max(entry.key.at.end), offset))
                .map(|entry| (Segment::Key(entry.key.text.to_string()), &entry.value)),
        };
        let Some((segment, child)) = next else { break };
        path.push(segment);
        node = child;
    }
    (!path.is_empty()).then_some((index, path))
}

/// Finds the outermost value whose bytes are exactly `span`, and the way to it.
pub fn locate_value(stream: &Stream, span: Span) -> Option<(Location, &Node)> {
    fn find<'n>(node: &'n Node, span: Span, path: &mut Vec<Segment>) -> Option<&'n Node> {
        if node.at == span && !path.is_empty() {
            return Some(node);
        }
        let children: Vec<(Segment, &Node)> = match &node.data {
            Data::Scalar(_) => return None,
            Data::Seq(items) => {
                items.iter().enumerate().map(|(index, item)| (Segment::Index(index), item)).collect()
            }
            Data::Map(map) => {
                map.iter().map(|entry| (Segment::Key(entry.key.text.to_string()), &entry.value)).collect()
            }
        };
        children
            .into_iter()
            .filter(|(_, child)| child.at.start <= span.start && span.end <= child.at.end)
            .find_map(|(segment, child)| {
                path.push(segment);
                let found = find(child, span, path);
                if found.is_none() {
                    path.pop();
                }
                found
            })
    }
    if span.file != stream.file.id() {
        return None;
    }
    stream.documents.iter().enumerate().find_map(|(index, document)| {
        let mut path = Vec::new();
        let node = find(document.root.as_ref()?, span, &mut path)?;
        Some(((index, path), node))
    })
}

/// The innermost entry or item whose bytes are `span`: those of its key, of its value, or of both together.
pub fn locate_exact(stream: &Stream, span: Span) -> Option<Location> {
    if span.file != stream.file.id() {
        return None;
    }
    if let Some((location, _)) = locate_value(stream, span) {
        return Some(location);
    }
    let (document, mut path) = locate(stream, span.start)?;
    let root = stream.documents.get(document)?.root.as_ref()?;
    // The outermost of those that begin there may be meant as well.
    loop {
        let value = descend(root, &path)?;
        let key = key_span(stream, &(document, path.clone()));
        let whole = key.map(|key| key.cover(value.at));
        if value.at == span || key == Some(span) || whole == Some(span) {
            return Some((document, path));
        }
        path.pop();
        if path.is_empty() {
            return None;
        }
    }
}

/// The value at a location.
pub fn value_at<'s>(stream: &'s Stream, location: &Location) -> Option<&'s Node> {
    descend(stream.documents.get(location.0)?.root.as_ref()?, &location.1)
}

/// The bytes of the key of an entry.
pub fn key_span(stream: &Stream, location: &Location) -> Option<Span> {
    let (last, parents) = location.1.split_last()?;
    let parent = descend(stream.documents.get(location.0)?.root.as_ref()?, parents)?;
    let Segment::Key(key) = last else { return None };
    parent.entries().iter().find(|entry| entry.key.text == key.as_str()).map(|entry| entry.key.at)
}

/// How many other entries or items the collection has that holds a value.
pub fn siblings(stream: &Stream, location: &Location) -> usize {
    let holder = location
        .1
        .split_last()
        .and_then(|(_, parents)| descend(stream.documents.get(location.0)?.root.as_ref()?, parents));
    holder.map_or(0, |node| node.entries().len() + node.seq_or_empty().len()).saturating_sub(1)
}

fn touches(range: Range<u32>, offset: u32) -> bool {
    range.contains(&offset) || range.end == offset
}

/// Takes the entry or item at the end of `path` out of its collection. A collection that loses its last child
/// becomes `{}` or `[]`.
pub fn delete(stream: &Stream, document: usize, path: &[Segment]) -> Option<Edit> {
    let (last, parents) = path.split_last()?;
    let root = stream.documents.get(document)?.root.as_ref()?;
    let mut want = root.clone();
    match (&mut descend_mut(&mut want, parents)?.data, last) {
        (Data::Map(map), Segment::Key(key)) => drop(map.remove(key)?),
        (Data::Seq(items), Segment::Index(index)) if *index < items.len() => drop(items.remove(*index)),
        _ => return None,
    }
    let text = stream.file.text_or_empty();
    let parent = descend(root, parents)?;
    let edit = Deletion { text, parent, from: search_start(root, parents, stream.documents.get(document)?) };
    let edit = edit.of(last)?;
    checked(stream, document, edit, &want)
}

/// Puts `source`, a piece of YAML on one line, in the place of the value at the end of `path`.
pub fn replace(stream: &Stream, document: usize, path: &[Segment], source: &str) -> Option<Edit> {
    let root = stream.documents.get(document)?.root.as_ref()?;
    let mut want = root.clone();
    let replacement = parse_text(source, Dialect::Sigs, &mut Verbatim(stream.file.id()));
    let value = replacement.documents.into_iter().next()?.root?;
    *descend_mut(&mut want, path)? = value;
    let at = descend(root, path)?.at;
    // Nothing at all stands right behind the `:` or `-`.
    let space = if at.is_empty() { " " } else { "" };
    let edit = Edit { range: at.start..at.end, text: format!("{space}{source}") };
    checked(stream, document, edit, &want)
}

/// Hands the edit out when the changed file reads as it should: this document as wanted, the others as before.
pub(super) fn checked(stream: &Stream, document: usize, edit: Edit, want: &Node) -> Option<Edit> {
    // One document among many is read by itself: a file of a thousand, each of which is mended, would be read a thousand times.
    if let Some(alone) = alone(stream, document, &edit, want) {
        return alone.then_some(edit);
    }
    let text = edit.apply(stream.file.text_or_empty());
    let after = parse_text(&text, Dialect::Sigs, &mut Verbatim(stream.file.id()));
    let same = after.documents.len() == stream.documents.len()
        && after.documents.iter().zip(&stream.documents).enumerate().all(|(index, (after, before))| {
            let before = if index == document { Some(want) } else { before.root.as_ref() };
            match (&after.root, before) {
                (None, None) => true,
                (Some(after), Some(before)) => same_data(after, before),
                _ => false,
            }
        });
    same.then_some(edit)
}

/// Whether the edited document reads as it should without those around it; `None` where it cannot be taken out of the file.
fn alone(stream: &Stream, document: usize, edit: &Edit, want: &Node) -> Option<bool> {
    if stream.documents.len() < 2 {
        return None;
    }
    let text = stream.file.text_or_empty();
    let of = |index: usize| stream.documents.get(index);
    let range = of(document)?.range.clone();
    let (start, end) = (range.start as usize, range.end as usize);
    // What follows begins with a marker of its own, on a line of its own.
    let follows = match of(document + 1) {
        None => end == text.len(),
        Some(_) => text.get(end..)?.starts_with("---"),
    };
    let begins = start == 0 || text.get(start..)?.starts_with("---");
    if !follows || !begins || edit.range.start < range.start || edit.range.end > range.end {
        return None;
    }
    let local =
        Edit { range: edit.range.start - range.start..edit.range.end - range.start, text: edit.text.clone() };
    let edited = local.apply(text.get(start..end)?);
    if end < text.len() && !edited.ends_with('\n') {
        return None;
    }
    let after = parse_text(&edited, Dialect::Sigs, &mut Verbatim(stream.file.id()));
    match after.documents.as_slice() {
        [one] => Some(one.root.as_ref().is_some_and(|root| same_data(root, want))),
        _ => None,
    }
}

/// Whether two trees mean the same: block or flow style does not matter, quotes do.
fn same_data(a: &Node, b: &Node) -> bool {
    if a.tag != b.tag {
        return false;
    }
    match (&a.data, &b.data) {
        (Data::Scalar(x), Data::Scalar(y)) => {
            x == y && (a.style == Style::Plain) == (b.style == Style::Plain)
        }
        (Data::Seq(x), Data::Seq(y)) => x.len() == y.len() && x.iter().zip(y).all(|(a, b)| same_data(a, b)),
        (Data::Map(x), Data::Map(y)) => {
            x.len() == y.len()
                && x.iter()
                    .all(|entry| y.get(&entry.key.text).is_some_and(|value| same_data(&entry.value, value)))
        }
        _ => false,
    }
}

pub(super) fn descend<'n>(root: &'n Node, path: &[Segment]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, segment| match segment {
        Segment::Key(key) => node.get(key),
        Segment::Index(index) => node.as_seq()?.get(*index),
    })
}

pub(super) fn descend_mut<'n>(root: &'n mut Node, path: &[Segment]) -> Option<&'n mut Node> {
    path.iter().try_fold(root, |node, segment| match segment {
        Segment::Key(key) => node.as_map_mut()?.get_mut(key),
        Segment::Index(index) => node.as_seq_mut()?.get_mut(*index),
    })
}

/// Where the text in front of a collection begins: behind its key, or behind what stands before its item.
fn search_start(root: &Node, path: &[Segment], document: &Document) -> u32 {
    let Some((last, parents)) = path.split_last() else { return document.range.start };
    let before = || match (descend(root, parents)?, last) {
        (parent, Segment::Key(key)) => Some(parent.as_map()?.entry(key)?.key.at.end),
        (_, Segment::Index(0)) => Some(search_start(root, parents, document)),
        (parent, Segment::Index(index)) => Some(parent.as_seq()?.get(index - 1)?.at.end),
    };
    before().unwrap_or(document.range.start)
}

struct Deletion<'a> {
    text: &'a str,
    parent: &'a Node,
    /// Where looking for the first dash of `parent` may begin.
    from: u32,
}

impl Deletion<'_> {
    fn of(&self, child: &Segment) -> Option<Edit> {
        let (index, children) = self.children(child)?;
        let (start, end) = children.get(index).copied()?;
        if children.len() == 1 {
            let empty = if self.parent.as_map().is_some() { "{}" } else { "[]" };
            return Some(self.emptied(start, empty));
        }
        let next = children.get(index + 1).map(|(start, _)| *start);
        let previous = index.checked_sub(1).and_then(|before| children.get(before)).map(|(_, end)| *end);
        let range = if self.parent.style == Style::Flow {
            match (next, previous) {
                (Some(next), _) => start..next,
                (None, Some(previous)) => previous..end,
                (None, None) => return None,
            }
        } else if self.is_line_start(start) {
            self.line_start(start)..self.line_end(end)
        } else {
            // The first child stands behind a dash: the next one takes its place.
            start..next?
        };
        Some(Edit { range, text: String::new() })
    }

    /// The children's bytes, with the dash of block items, and the index of the one asked for.
    fn children(&self, child: &Segment) -> Option<(usize, Vec<(u32, u32)>)> {
        match (&self.parent.data, child) {
            (Data::Map(map), Segment::Key(key)) => {
                let bytes =
                    |entry: &super::Entry| (entry.key.at.start, entry.value.at.end.max(entry.key.at.end));
                // The tree keeps the first place of a key that is repeated, so places may be out of order.
                let children: Vec<_> = map.iter().map(bytes).collect();
                children.is_sorted().then_some((map.index_of(key)?, children))
            }
            (Data::Seq(items), Segment::Index(index)) => {
                let mut from = self.from;
                let mut children = Vec::with_capacity(items.len());
                for item in items {
                    let start =
                        if self.parent.style == Style::Flow { item.at.start } else { self.dash(from, item)? };
                    from = item.at.end;
                    children.push((start, item.at.end));
                }
                Some((*index, children))
            }
            _ => None,
        }
    }

    /// The dash of a block item, looking from `from` on. Dashes in comments do not count.
    fn dash(&self, from: u32, item: &Node) -> Option<u32> {
        // Items that are sequences themselves have their own dashes in between.
        let mut inner = 0;
        let mut node = item;
        while let (Data::Seq(items), Style::Plain) = (&node.data, node.style) {
            let Some(first) = items.first() else { break };
            inner += 1;
            node = first;
        }
        let to = item.at.start;
        let region = self.text.get(from.min(to) as usize..to as usize)?;
        let mut dashes = Vec::new();
        let mut offset = from.min(to) as usize;
        for line in region.split_inclusive('\n') {
            let code = line.find('#').map_or(line, |at| line.get(..at).unwrap_or(line));
            for (at, _) in code.match_indices('-') {
                let after = self.text.as_bytes().get(offset + at + 1);
                if matches!(after, None | Some(b' ' | b'\t' | b'\n' | b'\r')) {
                    dashes.push((offset + at) as u32);
                }
            }
            offset += line.len();
        }
        dashes.into_iter().rev().nth(inner)
    }

    /// The edit that leaves nothing of the parent but brackets.
    fn emptied(&self, first: u32, brackets: &str) -> Edit {
        let at = self.parent.at;
        if self.parent.style == Style::Flow || !self.is_line_start(first) {
            return Edit { range: first.min(at.start)..at.end, text: brackets.to_owned() };
        }
        // What stood on lines of its own moves up behind its key or dash.
        let lines = self.line_start(first)..self.line_end(at.end);
        let before = self.text.get(..lines.start as usize).unwrap_or("");
        let line = before.trim_end_matches(['\n', '\r']).rsplit(['\n', '\r']).next().unwrap_or("");
        let owner = before.trim_end().len() as u32;
        let code = line.split(" #").next().unwrap_or("").trim_end();
        let fits = code.ends_with([':', '-']) && line.len() == code.len();
        if fits {
            Edit { range: owner..lines.end, text: format!(" {brackets}\n") }
        } else {
            // A sequence may stand as far out as its key, brackets may not.
            let deeper = u32::from(self.parent.as_seq().is_some());
            let indent = " ".repeat((first - lines.start + deeper) as usize);
            Edit { range: lines, text: format!("{indent}{brackets}\n") }
        }
    }

    fn line_start(&self, at: u32) -> u32 {
        let before = self.text.get(..at as usize).unwrap_or("");
        before.rfind('\n').map_or(0, |newline| newline as u32 + 1)
    }

    fn line_end(&self, at: u32) -> u32 {
        let after = self.text.get(at as usize..).unwrap_or("");
        after.find('\n').map_or(self.text.len() as u32, |newline| at + newline as u32 + 1)
    }

    /// Whether nothing but blanks stands before `at` on its line.
    fn is_line_start(&self, at: u32) -> bool {
        let before = self.text.get(self.line_start(at) as usize..at as usize).unwrap_or("");
        before.trim().is_empty()
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

    /// `a.0.b` as segments.
    fn path(text: &str) -> Vec<Segment> {
        let segment =
            |part: &str| part.parse().map_or_else(|_| Segment::Key(part.to_owned()), Segment::Index);
        text.split('.').map(segment).collect()
    }

    fn deleted(text: &str, at: &str) -> Option<String> {
        delete(&stream(text), 0, &path(at)).map(|edit| edit.apply(text))
    }

    #[test]
    fn deletes_lines() {
        for (text, at, want) in [
            ("a: 1\nb: 2\n", "a", "b: 2\n"),
            ("a: 1\nb: 2", "b", "a: 1\n"),
            ("a: 1 # one\n# two\nb: 2\n", "a", "# two\nb: 2\n"),
            ("a:\n  b: 1\n  c: |\n    x\n\n    y\nd: 1\n", "a.c", "a:\n  b: 1\nd: 1\n"),
            ("a:\n  b: 1\nc: 2\n", "a.b", "a: {}\nc: 2\n"),
            ("a: # why\n  b: 1\nc: 2\n", "a.b", "a: # why\n  {}\nc: 2\n"),
            ("a:\n- b\nc: 2\n", "a.0", "a: []\nc: 2\n"),
            ("a: 1\n", "a", "{}\n"),
            ("- 1\n", "0", " []\n"),
            ("a:\n- b\n- c\n- d\n", "a.1", "a:\n- b\n- d\n"),
            ("a:\n  - b: 1\n    c: 2\n  - d\n", "a.0", "a:\n  - d\n"),
            ("- a: 1\n  b: 2\n", "0.a", "- b: 2\n"),
            ("- a: 1\n  b: 2\n", "0.b", "- a: 1\n"),
            ("- a: 1\n- b\n", "0.a", "- {}\n- b\n"),
            ("- - a\n  - b\n", "0.0", "- - b\n"),
            ("- - a\n", "0.0", "- []\n"),
            ("-\n  - a\n  # - x\n  - b\n", "0.1", "-\n  - a\n  # - x\n"),
            ("a: {b: 1, c: 2, d: 3}\n", "a.b", "a: {c: 2, d: 3}\n"),
            ("a: {b: 1, c: 2, d: 3}\n", "a.d", "a: {b: 1, c: 2}\n"),
            ("a: {b: 1}\n", "a.b", "a: {}\n"),
            ("a: [b, 'c', d]\n", "a.1", "a: [b, d]\n"),
            ("a: [b]\n", "a.0", "a: []\n"),
            ("a:\nb:\n", "a", "b:\n"),
            ("tolerations: []\nx: 1\n", "tolerations", "x: 1\n"),
            ("---\na:\n  - x\n  - y # z\n---\nb: 1\n", "a.1", "---\na:\n  - x\n---\nb: 1\n"),
            ("a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n", "c.d", "a: &x\n  b: 1\nc:\n  <<: *x\n"),
        ] {
            assert_eq!(deleted(text, at).as_deref(), Some(want), "{at} of {text:?}");
        }
    }

    #[test]
    fn refuses_what_would_change_more() {
        for (text, at) in [
            // Somebody else uses the anchor.
            ("a: &x {b: 1}\nc: *x\n", "a"),
            ("a: &x {b: 1, e: 2}\nc: *x\n", "a.b"),
            // The entry is not written here.
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "c.b"),
            ("a: 1\n", "b"),
            ("a: [1]\n", "a.3"),
        ] {
            assert_eq!(deleted(text, at), None, "{at} of {text:?}");
        }
    }

    #[test]
    fn replaces_scalars() {
        for (text, at, source, want) in [
            ("a: 1 # c\n", "a", "two", Some("a: two # c\n")),
            ("a: \"x\"\nb: |\n  y\n", "b", "'z'", Some("a: \"x\"\nb: 'z'\n")),
            ("a:\nb: 1\n", "a", "1", Some("a: 1\nb: 1\n")),
            ("a: [b, c]\n", "a.0", "d", Some("a: [d, c]\n")),
            ("a: [b, c]\n", "a.0", "d, e", None),
            ("a: &x 1\nb: *x\n", "a", "2", None),
        ] {
            let edit = replace(&stream(text), 0, &path(at), source);
            assert_eq!(edit.map(|edit| edit.apply(text)).as_deref(), want, "{at} of {text:?}");
        }
    }

    #[test]
    fn finds_the_entry_at_an_offset() {
        let text = "a: 1\nb:\n  - c: x\n    d: y\n---\ne: z\n";
        let stream = stream(text);
        let found = |needle: &str| locate(&stream, text.find(needle).unwrap() as u32);
        assert_eq!(found("a"), Some((0, path("a"))));
        assert_eq!(found("x"), Some((0, path("b.0.c"))));
        assert_eq!(found("d"), Some((0, path("b.0.d"))));
        assert_eq!(found("z"), Some((1, path("e"))));
        assert_eq!(locate(&super::tests::stream("# c\n"), 1), None);
    }
}
