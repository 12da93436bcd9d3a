//! Strategic merge patches.
//!
//! Mirrors `kyaml/yaml/merge2` and `kyaml/yaml/walk`, oddities included: what a patch does not mention is walked too,
//! so that empty nulls vanish and merged lists lose duplicates; an element that says `$patch: replace` replaces
//! nothing; where the target has nothing, the patch is merged with itself.

mod list;

use smol_str::SmolStr;

use crate::k8s::Schema;
use crate::yaml::{Data, Entry, Node};

use super::context::Schemas;
use super::failure::{Failure, Result};
use super::rnode::{self, Kind};
use super::setter::Setter;
use list::{List, ListMerge};

pub(super) const DIRECTIVE: &str = "$patch";

/// Merges `patch` into `target`; `None` when the patch deletes it.
pub(super) fn merge(
    patch: Node,
    target: Node,
    schemas: &Schemas,
    setter: &mut Setter<'_>,
) -> Result<Option<Node>> {
    let mut walker = Walker { schemas, setter };
    Ok(walker.walk(Some(target), Origin::Patch(patch), None)?.node())
}

/// The second source of a walk.
enum Origin {
    /// The patch has nothing here.
    None,
    /// Both sources are the same node.
    Same,
    /// What the patch has here.
    Patch(Node),
}

impl Origin {
    fn node(&self) -> Option<&Node> {
        match self {
            Self::Patch(node) => Some(node),
            _ => None,
        }
    }
}

/// What a walk makes of two sources.
enum Merged {
    /// Nothing: the field goes.
    Gone,
    /// The target's own node, changed in place.
    Target(Node),
    /// Another node than the target's, which is displaced.
    Other(Node),
    /// A null that is spelled out in the target and stays.
    KeptNull(Node),
}

impl Merged {
    fn node(self) -> Option<Node> {
        match self {
            Self::Gone => None,
            Self::Target(node) | Self::Other(node) | Self::KeptNull(node) => Some(node),
        }
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node.data, Data::Scalar(_)) && node.is_null()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

fn directive(text: &Node) -> Result<Directive> {
    match rnode::raw(text).as_str() {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => Err(Failure::at(text.place(), format!("unknown patch strategy '{other}'"))),
    }
}

/// Takes the directive out of a mapping.
fn take_map_directive(node: &mut Node) -> Result<Directive> {
    let Some(map) = node.as_map_mut() else { return Ok(Directive::Merge) };
    let Some(value) = map.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let directive = directive(value)?;
    map.remove(DIRECTIVE);
    Ok(directive)
}

/// Takes the directive out of a list: an element with nothing else in it.
fn take_list_directive(node: &mut Node) -> Result<Directive> {
    let Some(items) = node.as_seq_mut() else { return Ok(Directive::Merge) };
    let Some(found) = items.iter().find(|item| item.get(DIRECTIVE).is_some()) else {
        return Ok(Directive::Merge);
    };
    if found.entries().len() > 1 {
        return Ok(Directive::Merge);
    }
    let Some(value) = found.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let directive = directive(value)?;
    let text = rnode::raw(value);
    let mut list = List::of(std::mem::take(items));
    list.set(None, &[SmolStr::new_static(DIRECTIVE)], &[text])?;
    *items = list.into_items();
    Ok(directive)
}

struct Walker<'a, 'o> {
    schemas: &'a Schemas,
    setter: &'a mut Setter<'o>,
}

impl<'a> Walker<'a, '_> {
    fn walk(&mut self, target: Option<Node>, origin: Origin, schema: Option<Schema<'a>>) -> Result<Merged> {
        let schema = schema.or_else(|| self.schema_of(target.as_ref(), &origin));
        let kind = target.iter().chain(origin.node()).find(|node| !is_null(node)).map(Kind::of);
        if let Some(kind) = kind {
            for node in target.iter().chain(origin.node()) {
                rnode::expect(node, kind)?;
            }
        }
        match kind {
            Some(Kind::Map) | None => self.walk_map(target, origin, schema),
            Some(Kind::Seq) => match schema.and_then(Schema::merge_keys) {
                Some(keys) => self.walk_associative(target, origin, keys, schema.and_then(Schema::elements)),
                None => Ok(Self::replaced(target, origin)),
            },
            Some(Kind::Scalar) => Ok(Self::replaced(target, origin)),
        }
    }

    /// The schema of a tree that says what it is, for where no schema leads.
    fn schema_of(&self, target: Option<&Node>, origin: &Origin) -> Option<Schema<'a>> {
        target.into_iter().chain(origin.node()).filter(|node| !is_null(node)).find_map(|node| {
            let text = |key| node.get(key).map(rnode::value).unwrap_or_default();
            let (api_version, kind) = (text("apiVersion"), text("kind"));
            if kind.is_empty() || api_version.is_empty() {
                return None;
            }
            self.schemas.schema_for(&api_version, &kind)
        })
    }

    /// Scalars, and lists that are replaced as a whole: what the patch has, else what is there.
    fn replaced(target: Option<Node>, origin: Origin) -> Merged {
        match (target, origin) {
            (_, Origin::Patch(node)) => Merged::Other(node),
            (Some(node), _) => Merged::Target(node),
            (None, _) => Merged::Gone,
        }
    }

    fn walk_map(
        &mut self,
        target: Option<Node>,
        mut origin: Origin,
        schema: Option<Schema<'a>>,
    ) -> Result<Merged> {
        let missing = target.as_ref().is_none_or(is_null);
        if missing {
            return match (target, origin) {
                // A null that is spelled out stays where no patch touches it.
                (Some(null), Origin::None) if null.scalar().is_some_and(|text| !text.is_empty()) => {
                    Ok(Merged::KeptNull(null))
                }
                (_, Origin::None) => Ok(Merged::Gone),
                (Some(null), Origin::Same) => Ok(Merged::Other(null)),
                (None, Origin::Same) => Ok(Merged::Gone),
                (_, Origin::Patch(mut node)) => {
                    if take_map_directive(&mut node).is_ok_and(|it| it == Directive::Delete) {
                        return Ok(Merged::Gone);
                    }
                    Ok(self.with_itself(node, schema)?.map_or(Merged::Gone, Merged::Other))
                }
            };
        }
        let Some(mut target) = target else { return Ok(Merged::Gone) };
        let directive = match &mut origin {
            Origin::Patch(node) if is_null(node) => return Ok(Merged::Gone),
            Origin::Patch(node) => take_map_directive(node)?,
            Origin::Same => take_map_directive(&mut target)?,
            Origin::None => Directive::Merge,
        };
        match (directive, origin) {
            (Directive::Delete, _) => Ok(Merged::Gone),
            (Directive::Replace, Origin::Patch(node)) => {
                Ok(self.with_itself(node, schema)?.map_or(Merged::Gone, Merged::Other))
            }
            (_, Origin::Patch(patch)) => {
                self.merge_fields(&mut target, patch, schema)?;
                Ok(Merged::Target(target))
            }
            (_, same) => {
                self.walk_fields(&mut target, matches!(same, Origin::Same), schema)?;
                Ok(Merged::Target(target))
            }
        }
    }

    /// What the patch brings where nothing is, or instead of what is: it is merged with itself.
    fn with_itself(&mut self, mut node: Node, schema: Option<Schema<'a>>) -> Result<Option<Node>> {
        if Kind::of(&node) == Kind::Map {
            self.walk_fields(&mut node, true, schema)?;
        }
        Ok(Some(node))
    }

    /// Walks the fields of a mapping that nothing is merged into.
    fn walk_fields(&mut self, target: &mut Node, same: bool, schema: Option<Schema<'a>>) -> Result<()> {
        let Some(map) = target.as_map_mut() else { return Ok(()) };
        let entries = std::mem::take(map).into_entries();
        for mut entry in entries {
            if !same && is_settled(&entry.value) {
                map.push(entry);
                continue;
            }
            let schema = schema.and_then(|schema| schema.field(&entry.key.text));
            let origin = if same { Origin::Same } else { Origin::None };
            match self.walk(Some(entry.value), origin, schema)? {
                Merged::Target(node) | Merged::Other(node) if !is_null(&node) => {
                    entry.value = node;
                    map.push(entry);
                }
                Merged::KeptNull(node) => {
                    entry.value = node;
                    map.push(entry);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn merge_fields(&mut self, target: &mut Node, patch: Node, schema: Option<Schema<'a>>) -> Result<()> {
        let mut theirs: Vec<Option<Entry>> = match patch.data {
            Data::Map(map) => map.into_entries().into_iter().map(Some).collect(),
            _ => Vec::new(),
        };
        let Some(map) = target.as_map_mut() else { return Ok(()) };
        let mut ours: Vec<Option<Entry>> = std::mem::take(map).into_entries().into_iter().map(Some).collect();
        let mut kept: Vec<(usize, Entry)> = Vec::with_capacity(ours.len());
        let mut added: Vec<Entry> = Vec::new();
        for (name, our_index, their_index) in by_name(&ours, &theirs) {
            let own = our_index.and_then(|at| Some((at, ours.get_mut(at)?.take()?)));
            let their = their_index.and_then(|at| theirs.get_mut(at)?.take());
            let schema = schema.and_then(|schema| schema.field(&name));
            let (at, own_key, own_value) = match own {
                Some((at, entry)) => (Some(at), Some(entry.key), Some(entry.value)),
                None => (None, None, None),
            };
            let (their_key, origin) = match their {
                Some(entry) => (Some(entry.key), Origin::Patch(entry.value)),
                None => (None, Origin::None),
            };
            if matches!(origin, Origin::None) && own_value.as_ref().is_some_and(is_settled) {
                if let (Some(at), Some(key), Some(value)) = (at, own_key, own_value) {
                    kept.push((at, Entry { key, value }));
                }
                continue;
            }
            // A value that the patch replaces is kept aside, so that what displaces it knows where it was.
            let aside = own_value.as_ref().filter(|_| origin.node().is_some()).map(leaf);
            match self.walk(own_value, origin, schema)? {
                Merged::Gone => {}
                Merged::Target(node) | Merged::Other(node) if is_null(&node) => {}
                Merged::Target(value) | Merged::KeptNull(value) => {
                    if let (Some(at), Some(key)) = (at, own_key) {
                        kept.push((at, Entry { key, value }));
                    }
                }
                Merged::Other(mut value) => match (at, own_key, aside) {
                    (Some(at), Some(key), Some(mut old)) => {
                        self.setter.displace(&mut old, value);
                        kept.push((at, Entry { key, value: old }));
                    }
                    _ => {
                        let Some(mut key) = their_key else { continue };
                        self.setter.adopt_key(&mut key);
                        self.setter.adopt(&mut value);
                        added.push(Entry { key, value });
                    }
                },
            }
        }
        kept.sort_by_key(|(at, _)| *at);
        for (_, entry) in kept {
            map.push(entry);
        }
        for entry in added {
            map.push(entry);
        }
        Ok(())
    }

    /// Lists whose elements are merged by keys, or by their values when there are no keys.
    fn walk_associative(
        &mut self,
        target: Option<Node>,
        origin: Origin,
        keys: &'a [SmolStr],
        elements: Option<Schema<'a>>,
    ) -> Result<Merged> {
        let missing = target.as_ref().is_none_or(is_null);
        let (mut list, mut theirs, is_target) = match (target, origin) {
            (Some(node), Origin::Same) => (node, None, true),
            (_, Origin::Patch(node)) if missing => {
                if is_null(&node) {
                    return Ok(Merged::Other(node));
                }
                (node, None, false)
            }
            (Some(node), Origin::None) if missing => return Ok(Merged::Other(node)),
            (None, _) => return Ok(Merged::Gone),
            (Some(node), Origin::None) => return self.tidy_list(node, keys, elements),
            (Some(mut node), Origin::Patch(mut patch)) => {
                if is_null(&patch) {
                    return Ok(Merged::Gone);
                }
                match take_list_directive(&mut patch)? {
                    Directive::Delete => return Ok(Merged::Gone),
                    Directive::Replace => (patch, None, false),
                    Directive::Merge => {
                        let patch = patch.as_seq_mut().map(std::mem::take).unwrap_or_default();
                        let items = node.as_seq_mut().map(std::mem::take).unwrap_or_default();
                        node.data = Data::Seq(items);
                        (node, Some(patch), true)
                    }
                }
            }
        };
        if is_target
            && theirs.is_none()
            && let Data::Seq(_) = list.data
        {
            // Merged with itself: a directive in it still counts.
            match take_list_directive(&mut list)? {
                Directive::Delete => return Ok(Merged::Gone),
                Directive::Replace | Directive::Merge => {}
            }
        }
        let own = list.as_seq_mut().map(std::mem::take).unwrap_or_default();
        let mut merge = ListMerge::new(own, theirs.take(), keys);
        let items = merge.run(self, elements)?;
        list.data = Data::Seq(items);
        Ok(if is_target { Merged::Target(list) } else { Merged::Other(list) })
    }

    /// A list that no patch touches: the same procedure, with nothing to merge.
    fn tidy_list(
        &mut self,
        mut list: Node,
        keys: &'a [SmolStr],
        elements: Option<Schema<'a>>,
    ) -> Result<Merged> {
        let own = list.as_seq_mut().map(std::mem::take).unwrap_or_default();
        let mut merge = ListMerge::new(own, Some(Vec::new()), keys);
        let items = merge.run(self, elements)?;
        list.data = Data::Seq(items);
        Ok(Merged::Target(list))
    }
}

/// The names of all fields of two mappings, sorted, with their indexes.
fn by_name(ours: &[Option<Entry>], theirs: &[Option<Entry>]) -> Vec<(SmolStr, Option<usize>, Option<usize>)> {
    let mut all: Vec<(&SmolStr, bool, usize)> = Vec::with_capacity(ours.len() + theirs.len());
    for (is_theirs, entries) in [(false, ours), (true, theirs)] {
        let names =
            entries.iter().enumerate().filter_map(|(at, entry)| Some((&entry.as_ref()?.key.text, at)));
        all.extend(names.map(|(name, at)| (name, is_theirs, at)));
    }
    all.sort_unstable();
    let mut merged: Vec<(SmolStr, Option<usize>, Option<usize>)> = Vec::with_capacity(all.len());
    for (name, is_theirs, at) in all {
        match merged.last_mut() {
            Some((last, _, theirs @ None)) if is_theirs && *last == *name => *theirs = Some(at),
            _ if is_theirs => merged.push((name.clone(), None, Some(at))),
            _ => merged.push((name.clone(), Some(at), None)),
        }
    }
    merged
}

/// Whether walking changes nothing in a node: scalars other than nulls.
fn is_settled(node: &Node) -> bool {
    matches!(node.data, Data::Scalar(_)) && !node.is_null()
}

/// A node without what is in it: enough to know where it was.
fn leaf(node: &Node) -> Node {
    let data = match &node.data {
        Data::Scalar(text) => Data::Scalar(text.clone()),
        Data::Seq(_) => Data::Seq(Vec::new()),
        Data::Map(_) => Data::Map(crate::yaml::Map::new()),
    };
    Node { data, at: node.at, origin: node.origin, style: node.style, tag: None }
}
