//! Merging lists whose elements are told apart by keys.
//!
//! Mirrors `walkAssociativeSequence` of `kyaml/yaml/walk` with the list functions of `kyaml/yaml`.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::k8s::Schema;
use crate::yaml::{Entry, Key, Map, Node};

use super::super::failure::Result;
use super::super::rnode::{self, Kind};
use super::super::setter::Tag;
use super::{DIRECTIVE, Merged, Origin, Walker, is_null, leaf};

/// Nodes with handles: kyaml works on pointers, and whether two are the same matters.
pub(super) struct List {
    nodes: Vec<Option<Node>>,
    /// Handles, in order.
    order: Vec<usize>,
}

impl List {
    pub(super) fn of(items: Vec<Node>) -> Self {
        Self { order: (0..items.len()).collect(), nodes: items.into_iter().map(Some).collect() }
    }

    pub(super) fn into_items(mut self) -> Vec<Node> {
        let order = std::mem::take(&mut self.order);
        order.into_iter().filter_map(|handle| self.nodes.get_mut(handle)?.take()).collect()
    }

    fn node(&self, handle: usize) -> Option<&Node> {
        self.nodes.get(handle)?.as_ref()
    }

    pub(super) fn set(&mut self, element: Option<usize>, keys: &[SmolStr], values: &[SmolStr]) -> Result<()> {
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
        let empty = is_null(node) || node.as_map().is_some_and(Map::is_empty);
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
pub(super) struct ListMerge<'a> {
    list: List,
    /// Handles of the patch's elements; `None` when the list is merged with itself.
    theirs: Option<Vec<usize>>,
    keys: &'a [SmolStr],
}

impl<'a> ListMerge<'a> {
    pub(super) fn new(own: Vec<Node>, theirs: Option<Vec<Node>>, keys: &'a [SmolStr]) -> Self {
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

    pub(super) fn run(
        &mut self,
        walker: &mut Walker<'a, '_>,
        elements: Option<Schema<'a>>,
    ) -> Result<Vec<Node>> {
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
        let node = node.filter(|node| !is_null(node) && !node.as_map().is_some_and(Map::is_empty));
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
        let blank = values.iter().all(SmolStr::is_empty);
        order.iter().copied().find(|handle| {
            let Some(node) = self.list.node(*handle) else { return false };
            if keys.first().is_some_and(SmolStr::is_empty) {
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
            if keys.first().is_none_or(SmolStr::is_empty) {
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
