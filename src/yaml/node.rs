//! The tree: values with places.

use std::fmt;

use smol_str::SmolStr;

use crate::origin::{OriginId, Place};
use crate::source::Span;

/// How a node is written. Decides whether a scalar is resolved (plain) or a string whatever it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// A plain scalar, or a block collection.
    #[default]
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// `[...]` or `{...}`
    Flow,
}

/// What a node holds. Aliases and merge keys are already expanded.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A scalar: its text after unquoting and folding. What it means depends on the dialect; see
    /// [`Node::resolve`](Node::resolve).
    Scalar(SmolStr),
    /// A sequence.
    Seq(Vec<Node>),
    /// A mapping.
    Map(Map),
}

/// A value with the place it was written at and the chain that led here.
#[derive(Clone)]
pub struct Node {
    /// The value.
    pub data: Data,
    /// The bytes of the value: of a scalar with its quotes, of a block scalar from its indicator to its last line,
    /// of a collection from its first to its last child or, where it has them, from bracket to bracket. Of
    /// rendered text the content alone counts. Nothing at all is an empty span behind the `:` or `-`.
    pub at: Span,
    /// The chain, in the arena of the render that owns the node.
    pub origin: OriginId,
    /// How it is written.
    pub style: Style,
    /// An explicit tag in its long form (`tag:yaml.org,2002:str`, `!custom`).
    pub tag: Option<Box<str>>,
}

/// A key of a mapping.
#[derive(Clone)]
pub struct Key {
    /// The text after unquoting.
    pub text: SmolStr,
    /// The bytes of the key.
    pub at: Span,
    /// The chain.
    pub origin: OriginId,
    /// How it is written: `yes: 1` and `"yes": 1` are different keys for Helm.
    pub style: Style,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A mapping in written order. When a file repeats a key, the tree keeps the last value, as go-yaml's lenient
/// readers do, and the parser reports both places.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    entries: Vec<Entry>,
}

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// A mapping of entries whose keys differ; of equal keys, lookups find the first.
    pub fn from_entries(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// The entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// The entries in order, to change keys and values; whoever changes keys keeps them different.
    pub fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }

    /// The entries in order, to change values.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Entry> {
        self.entries.iter_mut()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Index of a key.
    pub fn index_of(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key.text == key)
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key.text == key).map(|entry| &mut entry.value)
    }

    /// Sets a value; returns the one that was there. A new key goes to the end.
    pub fn insert(&mut self, key: Key, value: Node) -> Option<Node> {
        match self.entries.iter_mut().find(|entry| entry.key.text == key.text) {
            Some(entry) => {
                entry.key = key;
                Some(std::mem::replace(&mut entry.value, value))
            }
            None => {
                self.entries.push(Entry { key, value });
                None
            }
        }
    }

    /// Removes a key; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let index = self.index_of(key)?;
        Some(self.entries.remove(index))
    }

    /// Keeps the entries that `keep` accepts.
    pub fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        self.entries.retain(keep);
    }

    /// Puts an entry at the end without looking for its key.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Sorts by key text, bytewise.
    pub fn sort(&mut self) {
        self.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    }

    /// The entries themselves.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Key {
    /// A plain key at a place.
    pub fn new(text: impl Into<SmolStr>, place: Place) -> Self {
        Self { text: text.into(), at: place.at, origin: place.origin, style: Style::Plain }
    }

    /// Where the key comes from.
    pub fn place(&self) -> Place {
        Place { at: self.at, origin: self.origin }
    }
}

impl Node {
    /// A node at a place.
    pub fn new(data: Data, place: Place) -> Self {
        Self { data, at: place.at, origin: place.origin, style: Style::Plain, tag: None }
    }

    /// A string scalar: quoted, so that no dialect reads it as anything else.
    pub fn string(text: impl Into<SmolStr>, place: Place) -> Self {
        Self { style: Style::DoubleQuoted, ..Self::new(Data::Scalar(text.into()), place) }
    }

    /// A plain scalar: a number, a boolean, null.
    pub fn plain(text: impl Into<SmolStr>, place: Place) -> Self {
        Self::new(Data::Scalar(text.into()), place)
    }

    /// An empty or filled mapping.
    pub fn map(map: Map, place: Place) -> Self {
        Self::new(Data::Map(map), place)
    }

    /// An empty or filled sequence.
    pub fn seq(items: Vec<Node>, place: Place) -> Self {
        Self::new(Data::Seq(items), place)
    }

    /// Where the value comes from.
    pub fn place(&self) -> Place {
        Place { at: self.at, origin: self.origin }
    }

    /// The text of a scalar, whatever it would resolve to.
    pub fn scalar(&self) -> Option<&SmolStr> {
        match &self.data {
            Data::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a sequence.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.data {
            Data::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a sequence, to change it.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.data {
            Data::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The mapping.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The mapping, to change it.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The place of the first key or scalar with a property, from the top. Nodes deeper than a thousand levels are not asked.
    pub fn find_text(&self, has: &dyn Fn(&str) -> bool) -> Option<Place> {
        fn find(node: &Node, has: &dyn Fn(&str) -> bool, depth: u32) -> Option<Place> {
            match &node.data {
                _ if depth > 1000 => None,
                Data::Scalar(text) => has(text).then(|| node.place()),
                Data::Seq(items) => items.iter().find_map(|item| find(item, has, depth + 1)),
                Data::Map(map) => map.iter().find_map(|entry| {
                    let key = has(&entry.key.text).then(|| entry.key.place());
                    key.or_else(|| find(&entry.value, has, depth + 1))
                }),
            }
        }
        find(self, has, 0)
    }

    /// The value at the end of a path of keys.
    pub fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The items of the sequence at the end of a path; none when it is absent or no sequence.
    pub fn items(&self, path: &[&str]) -> &[Node] {
        self.at_path(path).and_then(Node::as_seq).unwrap_or_default()
    }

    /// The items of the sequence, or none.
    pub fn seq_or_empty(&self) -> &[Node] {
        self.as_seq().unwrap_or_default()
    }

    /// The entries of the mapping, or none.
    pub fn entries(&self) -> &[Entry] {
        self.as_map().map_or(&[], |map| &map.entries)
    }

    /// Number of nodes in this tree, itself included.
    pub fn count(&self) -> usize {
        1 + match &self.data {
            Data::Scalar(_) => 0,
            Data::Seq(items) => items.iter().map(Node::count).sum(),
            Data::Map(map) => map.iter().map(|entry| 1 + entry.value.count()).sum(),
        }
    }
}

/// Nodes are equal when their data, styles and tags are; places do not count.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data && self.tag == other.tag && self.style == other.style
    }
}

/// Keys are equal when their text is.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Data::Scalar(text) if self.style == Style::Plain => f.write_str(text),
            Data::Scalar(text) => fmt::Debug::fmt(text, f),
            Data::Seq(items) => f.debug_list().entries(items).finish(),
            Data::Map(map) => {
                f.debug_map().entries(map.iter().map(|entry| (&entry.key, &entry.value))).finish()
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
