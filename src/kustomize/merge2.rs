//! Strategic merge patches.
//!
//! Mirrors `kyaml/yaml/merge2` and `kyaml/yaml/walk`, oddities included: what a patch does not mention is walked too,
//! so that empty nulls vanish and merged lists lose duplicates; an element that says `$patch: replace` replaces
//! nothing; where the target has nothing, the patch is merged with itself.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::k8s::Schema;
use crate::yaml::{Data, Entry, Key, Node};

use super::context::Schemas;
use super::failure::{Failure, Result};
use super::rnode::{self, Kind};
use super::setter::{Setter, Tag};

const DIRECTIVE: &str = "$patch";

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

    /// The patch, when it has a value that is not null.
    fn value(&self) -> Option<&Node> {
        self.node().filter(|node| !is_null(node))
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
                None => Ok(self.replaced(target, origin)),
            },
            Some(Kind::Scalar) => Ok(self.replaced(target, origin)),
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
    fn replaced(&mut self, target: Option<Node>, origin: Origin) -> Merged {
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
        let mut names: Vec<SmolStr> = map.iter().map(|entry| entry.key.text.clone()).collect();
        for entry in theirs.iter().flatten() {
            if map.get(&entry.key.text).is_none() {
                names.push(entry.key.text.clone());
            }
        }
        names.sort();
        let mut ours: Vec<Option<Entry>> = std::mem::take(map).into_entries().into_iter().map(Some).collect();
        let mut kept: Vec<(usize, Entry)> = Vec::with_capacity(names.len());
        let mut added: Vec<Entry> = Vec::new();
        for name in names {
            let take = |entries: &mut Vec<Option<Entry>>| {
                let at =
                    entries.iter().position(|entry| entry.as_ref().is_some_and(|it| it.key.text == name))?;
                Some((at, entries.get_mut(at)?.take()?))
            };
            let own = take(&mut ours);
            let their = take(&mut theirs).map(|(_, entry)| entry);
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

/// Nodes with handles: kyaml works on pointers, and whether two are the same matters.
struct List {
    nodes: Vec<Option<Node>>,
    /// Handles, in order.
    order: Vec<usize>,
}

impl List {
    fn of(items: Vec<Node>) -> Self {
        Self { order: (0..items.len()).collect(), nodes: items.into_iter().map(Some).collect() }
    }

    fn into_items(mut self) -> Vec<Node> {
        let order = std::mem::take(&mut self.order);
        order.into_iter().filter_map(|handle| self.nodes.get_mut(handle)?.take()).collect()
    }

    fn node(&self, handle: usize) -> Option<&Node> {
        self.nodes.get(handle)?.as_ref()
    }

    fn set(&mut self, element: Option<usize>, keys: &[SmolStr], values: &[SmolStr]) -> Result<()> {
        let mut order = std::mem::take(&mut self.order);
        let done = set_element(&self.nodes, &mut order, element, keys, values);
        self.order = order;
        done
    }
}

/// kyaml's `ElementSetter`: replaces the elements whose keys have the values, or appends; without an element it
/// removes them.
fn set_element(
    nodes: &[Option<Node>],
    order: &mut Vec<usize>,
    element: Option<usize>,
    keys: &[SmolStr],
    values: &[SmolStr],
) -> Result<()> {
    let is_mapping_setter = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let mut found_any = false;
    let mut kept = Vec::with_capacity(order.len() + 1);
    for handle in order.drain(..) {
        let Some(node) = nodes.get(handle).and_then(Option::as_ref) else { continue };
        let empty = is_null(node) || node.as_map().is_some_and(|map| map.is_empty());
        if empty {
            continue;
        }
        let is_map = Kind::of(node) == Kind::Map;
        if !is_map && is_mapping_setter {
            kept.push(handle);
            continue;
        }
        let mut found = false;
        for (index, key) in keys.iter().enumerate() {
            if let Some(value) = values.get(index) {
                found = field_matches(node, key, value)?;
            }
            if !found {
                break;
            }
        }
        if !found {
            if !values.is_empty() {
                kept.push(handle);
            }
            continue;
        }
        found_any = true;
        if let Some(element) = element {
            kept.push(element);
        }
    }
    if let Some(element) = element
        && !found_any
    {
        kept.push(element);
    }
    *order = kept;
    Ok(())
}

/// kyaml's `FieldMatcher` with a string: an empty one matches any value of a field that is there.
fn field_matches(node: &Node, key: &str, value: &str) -> Result<bool> {
    if key.is_empty() {
        rnode::expect(node, Kind::Scalar)?;
        return Ok(rnode::value(node) == value);
    }
    rnode::expect(node, Kind::Map)?;
    Ok(node.get(key).is_some_and(|field| value.is_empty() || rnode::raw(field) == value))
}

/// The merge of two lists, element by element.
struct ListMerge<'a> {
    list: List,
    /// Handles of the patch's elements; `None` when the list is merged with itself.
    theirs: Option<Vec<usize>>,
    keys: &'a [SmolStr],
}

impl<'a> ListMerge<'a> {
    fn new(own: Vec<Node>, theirs: Option<Vec<Node>>, keys: &'a [SmolStr]) -> Self {
        let mut list = List::of(own);
        let theirs = theirs.map(|items| {
            let start = list.nodes.len();
            list.nodes.extend(items.into_iter().map(Some));
            (start..list.nodes.len()).collect()
        });
        Self { list, theirs, keys }
    }

    /// The raw values of an element's keys; empty where a key is missing, null or empty.
    fn key_values(&self, handle: usize) -> Vec<SmolStr> {
        let Some(node) = self.list.node(handle) else { return Vec::new() };
        self.keys
            .iter()
            .map(|key| {
                let field = node.get(key).filter(|field| !rnode::is_nil_or_empty(field));
                field.map(rnode::raw).unwrap_or_default()
            })
            .collect()
    }

    /// All values in use, those of the patch first.
    fn values(&self) -> Vec<Vec<SmolStr>> {
        let mut seen: BTreeSet<Vec<SmolStr>> = BTreeSet::new();
        let mut values = Vec::new();
        let theirs = self.theirs.iter().flatten().copied();
        for handle in theirs.chain(self.list.order.iter().copied()) {
            let value = if self.keys.is_empty() {
                vec![self.list.node(handle).map(rnode::raw).unwrap_or_default()]
            } else {
                self.key_values(handle)
            };
            if !value.is_empty() && seen.insert(value.clone()) {
                values.push(value);
            }
        }
        values
    }

    fn run(&mut self, walker: &mut Walker<'a, '_>, elements: Option<Schema<'a>>) -> Result<Vec<Node>> {
        let mut values = self.values();
        let scalar_keys = [SmolStr::default()];
        let keys: &[SmolStr] = if self.keys.is_empty() { &scalar_keys } else { self.keys };
        if keys.len() > 1 {
            complete_values(&mut values);
        }
        // Which keys are used at all is the same for all elements.
        let used: Vec<bool> = (0..keys.len())
            .map(|at| values.iter().any(|value| value.get(at).is_some_and(|text| !text.is_empty())))
            .collect();
        let mut added: Vec<usize> = Vec::new();
        let mut valid_keys: Vec<SmolStr> = Vec::new();
        for value in &values {
            let valid_values;
            (valid_keys, valid_values) = valid(keys, value, &used);
            let merged = self.merge_element(&valid_keys, &valid_values, walker, elements)?;
            let Some(handle) = merged else {
                self.list.set(None, &valid_keys, &valid_values)?;
                continue;
            };
            self.restore_keys(handle, &valid_keys, &valid_values, walker);
            set_element(&self.list.nodes, &mut added, Some(handle), &valid_keys, &valid_values)?;
        }
        if values.is_empty() {
            return Ok(std::mem::replace(&mut self.list, List::of(Vec::new())).into_items());
        }
        self.append_rest(&mut added, &valid_keys)?;
        self.list.order = added;
        Ok(std::mem::replace(&mut self.list, List::of(Vec::new())).into_items())
    }

    /// Merges the elements of both lists that have these values; `None` when nothing comes of it.
    fn merge_element(
        &mut self,
        keys: &[SmolStr],
        values: &[SmolStr],
        walker: &mut Walker<'a, '_>,
        elements: Option<Schema<'a>>,
    ) -> Result<Option<usize>> {
        let own = self.find(&self.list.order, keys, values);
        let their = match &self.theirs {
            Some(theirs) => self.find(theirs, keys, values),
            None => None,
        };
        let same = self.theirs.is_none();
        let patch = their.and_then(|handle| self.list.nodes.get_mut(handle)?.take());
        let patch_place = patch.as_ref().map(leaf);
        let origin = match patch {
            Some(node) => Origin::Patch(node),
            None if same && own.is_some() => Origin::Same,
            None => Origin::None,
        };
        // What an element of the patch replaces or deletes stays in its list; kyaml forgets to take it out.
        let consumed = match &origin {
            Origin::Patch(node) if is_null(node) => false,
            Origin::Patch(node) => {
                let directive = node.get(DIRECTIVE).map(rnode::raw).unwrap_or_default();
                !matches!(directive.as_str(), "replace" | "delete")
            }
            _ => true,
        };
        let target = own.and_then(|handle| {
            let slot = self.list.nodes.get_mut(handle)?;
            if consumed { slot.take() } else { slot.clone() }
        });
        let old = target.as_ref().map(leaf);
        let merged = walker.walk(target, origin, elements)?;
        let (node, is_own) = match merged {
            Merged::Gone => (None, false),
            Merged::Target(node) | Merged::KeptNull(node) => (Some(node), true),
            Merged::Other(node) => (Some(node), false),
        };
        let node = node.filter(|node| !is_null(node) && !node.as_map().is_some_and(|map| map.is_empty()));
        let Some(mut node) = node else {
            // The element is gone, but whoever looks for it by its keys must still find it.
            if let (Some(handle), Some(old)) = (own, old)
                && let Some(slot) = self.list.nodes.get_mut(handle)
                && slot.is_none()
            {
                *slot = Some(old);
            }
            if let (Some(handle), Some(place)) = (their, patch_place)
                && let Some(slot) = self.list.nodes.get_mut(handle)
            {
                *slot = Some(place);
            }
            return Ok(None);
        };
        if is_own && let Some(handle) = own {
            if let Some(slot) = self.list.nodes.get_mut(handle) {
                *slot = Some(node);
            }
            return Ok(Some(handle));
        }
        if !same {
            match (&old, consumed) {
                (Some(old), true) => {
                    let mut slot = old.clone();
                    walker.setter.displace(&mut slot, node);
                    node = slot;
                }
                _ => walker.setter.adopt(&mut node),
            }
        }
        // A scalar that was replaced by an equal one: the old one is found again when the rest is appended.
        if let (Some(handle), Some(old)) = (own, old)
            && let Some(slot) = self.list.nodes.get_mut(handle)
            && slot.is_none()
        {
            *slot = Some(old);
        }
        self.list.nodes.push(Some(node));
        Ok(Some(self.list.nodes.len() - 1))
    }

    /// The first element whose keys have these values.
    fn find(&self, order: &[usize], keys: &[SmolStr], values: &[SmolStr]) -> Option<usize> {
        // Keys without any value are compared all the same, those of a value that has some are not.
        let blank = values.iter().all(|value| value.is_empty());
        order.iter().copied().find(|handle| {
            let Some(node) = self.list.node(*handle) else { return false };
            if keys.first().is_some_and(|key| key.is_empty()) {
                return values.first().is_some_and(|value| rnode::raw(node) == *value);
            }
            Kind::of(node) == Kind::Map
                && keys
                    .iter()
                    .zip(values)
                    .filter(|(_, value)| blank || !value.is_empty())
                    .all(|(key, value)| node.get(key).is_some_and(|field| rnode::raw(field) == *value))
        })
    }

    /// Gives a merged element the keys that it lacks.
    fn restore_keys(
        &mut self,
        handle: usize,
        keys: &[SmolStr],
        values: &[SmolStr],
        walker: &mut Walker<'_, '_>,
    ) {
        let Some(node) = self.list.nodes.get_mut(handle).and_then(Option::as_mut) else { return };
        let Some(map) = node.as_map_mut() else { return };
        for (key, value) in keys.iter().zip(values) {
            if map.get(key).is_none() && !value.is_empty() {
                let entry_key: Key = walker.setter.key(key.clone());
                let value = walker.setter.scalar(value.clone(), Tag::Open);
                map.push(Entry { key: entry_key, value });
            }
        }
    }

    /// Puts the target's own elements behind the merged ones, which stand for themselves where they were merged.
    fn append_rest(&mut self, added: &mut Vec<usize>, keys: &[SmolStr]) -> Result<()> {
        let order = std::mem::take(&mut self.list.order);
        for handle in order {
            let Some(node) = self.list.node(handle) else { continue };
            if keys.first().is_none_or(|key| key.is_empty()) {
                let value = rnode::raw(node);
                // Equal scalars: the one of the patch stands for both.
                let known = added
                    .iter()
                    .any(|other| self.list.node(*other).is_some_and(|it| rnode::raw(it) == value));
                if !known {
                    set_element(&self.list.nodes, added, Some(handle), &[SmolStr::default()], &[value])?;
                }
                continue;
            }
            let mut values: Vec<SmolStr> = Vec::with_capacity(keys.len());
            for key in keys {
                rnode::expect(node, Kind::Map)?;
                match node.get(key) {
                    Some(field) => values.push(rnode::raw(field)),
                    None => added.push(handle),
                }
            }
            if keys.len() > 1 {
                set_element(&self.list.nodes, added, None, keys, &values)?;
            }
            set_element(&self.list.nodes, added, Some(handle), keys, &values)?;
        }
        Ok(())
    }
}

/// Keys that are used by some element, and the values for them; all of them where none is used.
fn valid(keys: &[SmolStr], values: &[SmolStr], used: &[bool]) -> (Vec<SmolStr>, Vec<SmolStr>) {
    if !used.iter().any(|used| *used) {
        return (keys.to_vec(), values.to_vec());
    }
    let pick = |texts: &[SmolStr]| {
        texts.iter().zip(used).filter(|(_, used)| **used).map(|(text, _)| text.clone()).collect()
    };
    (pick(keys), pick(values))
}

/// Fills in what one element leaves out of its keys from another that agrees with it in the rest.
fn complete_values(values: &mut [Vec<SmolStr>]) {
    for i in 0..values.len() {
        for j in 0..values.len() {
            let merged = match (values.get(i), values.get(j)) {
                (Some(a), Some(b)) => agree(a, b),
                _ => None,
            };
            if let Some(merged) = merged {
                if let Some(slot) = values.get_mut(i) {
                    slot.clone_from(&merged);
                }
                if let Some(slot) = values.get_mut(j) {
                    *slot = merged;
                }
            }
        }
    }
}

fn agree(a: &[SmolStr], b: &[SmolStr]) -> Option<Vec<SmolStr>> {
    if a.len() != b.len() {
        return None;
    }
    let mut common = false;
    let mut merged = Vec::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        if a == b {
            common = true;
        } else if !a.is_empty() && !b.is_empty() {
            return None;
        }
        merged.push(if a.is_empty() { b.clone() } else { a.clone() });
    }
    common.then_some(merged)
}
