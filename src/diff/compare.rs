//! What differs between two versions of an object, field by field.
//!
//! Items of lists belong together by the keys by which Kubernetes merges the list, or where no schema says, by the name
//! that all of them have; else by their content, then in order. Where Kubernetes ignores the order of a list, so does
//! this; the order of `initContainers` counts.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::k8s::{OpenApi, Schema};
use crate::repo::Object;
use crate::yaml::{Data, Key, Node, digest};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Key(SmolStr),
    Index(usize),
    /// An item by the keys that tell it from the others.
    Item(SmolStr),
}

/// The path of a field, as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(pub(super) Vec<Part>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            match part {
                Part::Index(at) => write!(f, "[{at}]")?,
                Part::Item(name) => write!(f, "[{name}]")?,
                Part::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '/']) => {
                    write!(f, "[{}]", crate::yaml::go_quote(key))?;
                }
                Part::Key(key) if index == 0 => f.write_str(key)?,
                Part::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl Path {
    /// The last key on the way.
    pub(super) fn last_key(&self) -> &str {
        let keys = self.0.iter().rev().filter_map(|part| match part {
            Part::Key(key) => Some(key.as_str()),
            _ => None,
        });
        keys.into_iter().next().unwrap_or_default()
    }
}

/// A value of one side, with all that is around it.
#[derive(Debug, Clone)]
pub(super) struct Value<'n> {
    /// The value.
    pub(super) node: &'n Node,
    /// Its key, where it has one.
    pub(super) key: Option<&'n Key>,
    /// What it lies in, the innermost last.
    pub(super) around: Vec<&'n Node>,
}

/// A field that differs.
#[derive(Debug, Clone)]
pub(super) struct Difference<'n> {
    pub(super) path: Path,
    pub(super) base: Option<Value<'n>>,
    pub(super) head: Option<Value<'n>>,
    /// The values are the same, in another order.
    pub(super) reordered: bool,
}

/// What differs between two versions of an object.
pub(super) fn compare<'n>(base: &'n Object, head: &'n Object) -> Vec<Difference<'n>> {
    let api_version = head.node.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
    let schema = OpenApi::builtin().schema_for(api_version, &head.kind);
    let mut walk = Walk { path: Path::default(), base: Vec::new(), head: Vec::new(), found: Vec::new() };
    walk.nodes((&base.node, None), (&head.node, None), schema);
    walk.found
}

/// Keys that tell items apart where no schema says so.
const NAMES: [&str; 4] = ["name", "key", "id", "type"];

/// A node and its key.
type Keyed<'n> = (&'n Node, Option<&'n Key>);

struct Walk<'n> {
    path: Path,
    base: Vec<&'n Node>,
    head: Vec<&'n Node>,
    found: Vec<Difference<'n>>,
}

impl<'n> Walk<'n> {
    fn tell(&mut self, base: Option<Keyed<'n>>, head: Option<Keyed<'n>>, reordered: bool) {
        let value = |it: Option<Keyed<'n>>, around: &Vec<&'n Node>| {
            it.map(|(node, key)| Value { node, key, around: around.clone() })
        };
        let difference = Difference {
            path: self.path.clone(),
            base: value(base, &self.base),
            head: value(head, &self.head),
            reordered,
        };
        self.found.push(difference);
    }

    fn nodes(&mut self, base: Keyed<'n>, head: Keyed<'n>, schema: Option<Schema<'_>>) {
        match (&base.0.data, &head.0.data) {
            (Data::Map(a), Data::Map(b)) if !a.is_empty() && !b.is_empty() => {
                self.base.push(base.0);
                self.head.push(head.0);
                for entry in a {
                    let key = &entry.key.text;
                    self.path.0.push(Part::Key(key.clone()));
                    let inner = schema.and_then(|schema| schema.field(key));
                    let own = (&entry.value, Some(&entry.key));
                    match b.entry(key) {
                        Some(other) => self.nodes(own, (&other.value, Some(&other.key)), inner),
                        None => self.tell(Some(own), None, false),
                    }
                    self.path.0.pop();
                }
                let known: FxHashSet<&str> = a.iter().map(|entry| entry.key.text.as_str()).collect();
                for entry in b.iter().filter(|entry| !known.contains(entry.key.text.as_str())) {
                    self.path.0.push(Part::Key(entry.key.text.clone()));
                    self.tell(None, Some((&entry.value, Some(&entry.key))), false);
                    self.path.0.pop();
                }
                self.base.pop();
                self.head.pop();
            }
            (Data::Seq(a), Data::Seq(b)) if !a.is_empty() && !b.is_empty() => {
                self.lists((base, a), (head, b), schema);
            }
            _ if digest(base.0) == digest(head.0) => {}
            _ => self.tell(Some(base), Some(head), false),
        }
    }

    fn lists(
        &mut self,
        (base, a): (Keyed<'n>, &'n [Node]),
        (head, b): (Keyed<'n>, &'n [Node]),
        schema: Option<Schema<'_>>,
    ) {
        let merge = schema.and_then(Schema::merge_keys);
        let inner = schema.and_then(Schema::elements);
        let by = merge.filter(|keys| !keys.is_empty()).map(|keys| keys.iter().map(SmolStr::as_str).collect());
        let by: Option<Vec<&str>> = by
            .into_iter()
            .chain(NAMES.map(|name| vec![name]))
            .find(|keys| names_all(a, keys) && names_all(b, keys));
        let unordered = merge.is_some() && self.path.last_key() != "initContainers";
        let pairs = match &by {
            Some(keys) => by_name(a, b, keys),
            None => by_content(a, b, merge.is_some_and(<[SmolStr]>::is_empty)),
        };
        let before = self.found.len();
        self.base.push(base.0);
        self.head.push(head.0);
        for (old, new) in &pairs {
            let at = new.or(*old).unwrap_or_default();
            let (old, new) = (old.and_then(|at| a.get(at)), new.and_then(|at| b.get(at)));
            let Some(any) = new.or(old) else { continue };
            let named = by.as_ref().map(|keys| Part::Item(name_of(any, keys).unwrap_or_default()));
            self.path.0.push(named.unwrap_or(Part::Index(at)));
            match (old, new) {
                (Some(old), Some(new)) => self.nodes((old, None), (new, None), inner),
                (old, new) => self.tell(old.map(|it| (it, None)), new.map(|it| (it, None)), false),
            }
            self.path.0.pop();
        }
        self.base.pop();
        self.head.pop();
        let order: Vec<usize> = pairs.iter().filter_map(|(old, new)| old.and(*new)).collect();
        if !unordered && self.found.len() == before && !order.is_sorted() {
            self.tell(Some(base), Some(head), true);
        }
    }
}

/// What an item is called by its keys.
fn name_of(item: &Node, keys: &[&str]) -> Option<SmolStr> {
    let words: Vec<&str> =
        keys.iter().filter_map(|key| item.get(key)?.scalar().map(SmolStr::as_str)).collect();
    (!words.is_empty()).then(|| SmolStr::new(words.join("/")))
}

/// Whether every item is told from the others by its keys.
fn names_all(items: &[Node], keys: &[&str]) -> bool {
    let mut known = FxHashSet::default();
    items.iter().all(|item| name_of(item, keys).is_some_and(|name| known.insert(name)))
}

/// Indexes of items that belong together, in the order of the old list, then what is new.
type Pairs = Vec<(Option<usize>, Option<usize>)>;

fn by_name(a: &[Node], b: &[Node], keys: &[&str]) -> Pairs {
    let index = |(at, item): (usize, &Node)| Some((name_of(item, keys)?, at));
    let mut new: FxHashMap<SmolStr, usize> = b.iter().enumerate().filter_map(index).collect();
    let old = a.iter().enumerate();
    let mut pairs: Pairs =
        old.map(|(at, item)| (Some(at), name_of(item, keys).and_then(|name| new.remove(&name)))).collect();
    let mut rest: Vec<usize> = new.into_values().collect();
    rest.sort_unstable();
    pairs.extend(rest.into_iter().map(|at| (None, Some(at))));
    pairs
}

/// Equal items belong together: in order, or wherever they are in a set. Between them, what is left is paired in order.
fn by_content(a: &[Node], b: &[Node], set: bool) -> Pairs {
    let digests = |items: &[Node]| items.iter().map(digest).collect::<Vec<u64>>();
    let (a, b) = (digests(a), digests(b));
    if set {
        let mut new: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        b.iter().enumerate().rev().for_each(|(at, digest)| new.entry(*digest).or_default().push(at));
        let old = a.iter().enumerate();
        let mut pairs: Pairs =
            old.map(|(at, digest)| (Some(at), new.get_mut(digest).and_then(Vec::pop))).collect();
        let mut rest: Vec<usize> = new.into_values().flatten().collect();
        rest.sort_unstable();
        pairs.extend(rest.into_iter().map(|at| (None, Some(at))));
        return pairs;
    }
    let mut pairs = Vec::new();
    for op in similar::capture_diff_slices(similar::Algorithm::Myers, &a, &b) {
        let (old, new) = (op.old_range(), op.new_range());
        for step in 0..old.len().max(new.len()) {
            let at = |range: &std::ops::Range<usize>| Some(range.start + step).filter(|at| *at < range.end);
            pairs.push((at(&old), at(&new)));
        }
    }
    pairs
}
