//! The resources of a build in order, found by id.
//!
//! Mirrors `api/resmap`. Lookups by id go through an index that is made when it is needed and thrown away when ids
//! may have changed: kustomize's own linear searches are what makes its large builds slow.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::context::Schemas;
use super::failure::{Failure, Result};
use super::kustomization::Selector;
use super::resid::{GoSyntax, ResId};
use super::resource::{Behavior, Resource, stringify};
use super::selector::SelectorRegex;
use crate::origin::Origins;
use crate::yaml::Node;

/// Resources in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct ResMap {
    list: Vec<Resource>,
    /// Indexes by current name.
    by_name: Option<FxHashMap<SmolStr, Vec<usize>>>,
    /// Indexes by any name, current or previous.
    by_any_name: Option<FxHashMap<SmolStr, Vec<usize>>>,
}

impl ResMap {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.list.iter()
    }

    /// All resources, to change them. What is changed may be ids.
    pub(super) fn all_mut(&mut self) -> &mut Vec<Resource> {
        self.forget();
        &mut self.list
    }

    /// One resource, to change anything but its ids.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Resource> {
        self.list.get_mut(index)
    }

    pub(super) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    /// Throws the indexes away: ids or positions may have changed.
    pub(super) fn forget(&mut self) {
        self.by_name = None;
        self.by_any_name = None;
    }

    fn by_name(&mut self) -> &FxHashMap<SmolStr, Vec<usize>> {
        self.by_name.get_or_insert_with(|| {
            let mut index: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
            for (at, resource) in self.list.iter().enumerate() {
                index.entry(resource.id.name.clone()).or_default().push(at);
            }
            index
        })
    }

    fn by_any_name(&mut self) -> &FxHashMap<SmolStr, Vec<usize>> {
        self.by_any_name.get_or_insert_with(|| {
            let mut index: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
            for (at, resource) in self.list.iter().enumerate() {
                let previous = resource.memory.previous.iter().map(|previous| &previous.name);
                for name in previous.chain([&resource.id.name]) {
                    let known = index.entry(name.clone()).or_default();
                    if known.last() != Some(&at) {
                        known.push(at);
                    }
                }
            }
            index
        })
    }

    /// Indexes of the resources that have this id now.
    fn with_current_id(&mut self, id: &ResId) -> Vec<usize> {
        let candidates = self.by_name().get(&id.name).cloned().unwrap_or_default();
        let matches = |at: &usize| self.list.get(*at).is_some_and(|resource| id.same_as(&resource.id));
        candidates.into_iter().filter(matches).collect()
    }

    /// Indexes of the resources that have or had an id with this name that `matches` accepts.
    pub(super) fn with_any_id(&mut self, name: &str, matches: impl Fn(&ResId) -> bool) -> Vec<usize> {
        let candidates = self.by_any_name().get(name).cloned().unwrap_or_default();
        let accepts = |at: &usize| {
            let Some(resource) = self.list.get(*at).filter(|resource| !resource.gone) else { return false };
            resource.previous_ids().any(|id| matches(&id)) || matches(&resource.id)
        };
        candidates.into_iter().filter(accepts).collect()
    }

    /// The one resource that has or had this id.
    pub(super) fn get_by_id(&mut self, id: &ResId) -> Result<usize> {
        let problem = match self.with_any_id(&id.name, |known| id.same_as(known)).as_slice() {
            [one] => return Ok(*one),
            [] => "no matches",
            _ => "multiple matches",
        };
        let message = format!("{problem} for Id {id}; failed to find unique target for patch {id}");
        Err(Failure::new(message).follows())
    }

    /// Adds a resource; one with the same id must not be there.
    pub(super) fn append(&mut self, resource: Resource) -> Result<()> {
        if let Some(at) = self.with_current_id(&resource.id).first().copied() {
            let message = format!("may not add resource with an already registered id: {}", resource.id);
            let failure = Failure::at(place_of(&resource), message);
            return Err(match self.list.get(at) {
                Some(first) => failure.related(place_of(first), "it is registered here"),
                None => failure,
            });
        }
        let at = self.list.len();
        if let Some(index) = &mut self.by_name {
            index.entry(resource.id.name.clone()).or_default().push(at);
        }
        self.by_any_name = None;
        self.list.push(resource);
        Ok(())
    }

    /// Adds resources up to the first that is there already, which is the failure; the rest is added too, but
    /// without what is there.
    pub(super) fn append_all(&mut self, other: impl IntoIterator<Item = Resource>) -> Result<()> {
        let mut failed = None;
        for resource in other {
            if let Err(failure) = self.append(resource) {
                failed.get_or_insert(failure);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Adds what a generator made, or merges it with what is there, as its behavior says.
    pub(super) fn absorb(
        &mut self,
        mut resource: Resource,
        origins: &mut Origins,
        schemas: &mut Schemas,
    ) -> Result<()> {
        let id = resource.id.clone();
        let behavior = resource.memory.behavior.unwrap_or_default();
        let place = resource.generated.unwrap_or_else(|| resource.node.place());
        let matches = self.with_any_id(&id.name, |known| id.same_as(known));
        let at = match (matches.as_slice(), behavior) {
            ([], Behavior::Merge | Behavior::Replace) => {
                let message = format!("id {} does not exist; cannot merge or replace", GoSyntax(&id));
                return Err(Failure::at(place, message).follows());
            }
            ([], _) => return self.append(resource),
            ([at], Behavior::Merge | Behavior::Replace) => *at,
            ([at], _) => {
                let message = format!("id {} exists; behavior must be merge or replace", GoSyntax(&id));
                let failure = Failure::at(place, message);
                return Err(match self.list.get(*at) {
                    Some(first) => failure.related(place_of(first), "it exists here"),
                    None => failure,
                });
            }
            _ => {
                let message = format!("found multiple objects that could accept merge of {id}");
                return Err(Failure::at(place, message));
            }
        };
        self.forget();
        let Some(old) = self.list.get_mut(at) else { return Ok(()) };
        merge_generated(&mut resource, old, behavior, origins);
        resource.refresh(schemas);
        *old = resource;
        Ok(())
    }

    /// Drops what was deleted.
    pub(super) fn drop_gone(&mut self) {
        if self.list.iter().any(|resource| resource.gone) {
            self.list.retain(|resource| !resource.gone);
            self.forget();
        }
    }

    /// Indexes of the resources that a selector selects.
    pub(super) fn select(&self, selector: &Selector) -> Result<Vec<usize>> {
        let selector = SelectorRegex::new(selector)?;
        let mut selected = Vec::new();
        for (at, resource) in self.list.iter().enumerate() {
            if selector.selects(resource)? {
                selected.push(at);
            }
        }
        Ok(selected)
    }
}

/// Where a resource is written: its name, else the whole.
pub(super) fn place_of(resource: &Resource) -> crate::origin::Place {
    let name = resource.node.at_path(&["metadata", "name"]);
    resource.generated.unwrap_or_else(|| name.map_or(resource.node.place(), Node::place))
}

/// Puts into a generated resource what it takes over from the one that it replaces.
fn merge_generated(new: &mut Resource, old: &Resource, behavior: Behavior, origins: &mut Origins) {
    for field in ["labels", "annotations"] {
        take_over(&mut new.node, &old.node, &["metadata", field], origins, true);
    }
    // What is remembered is the old one's; a hash is only added when both want one.
    let needs_hash = new.memory.needs_hash && old.memory.needs_hash;
    let origin = match behavior {
        Behavior::Merge => old.memory.origin.clone().or(new.memory.origin.take()),
        _ => new.memory.origin.take().or(old.memory.origin.clone()),
    };
    new.memory = super::resource::Memory { needs_hash, origin, ..old.memory.clone() };
    for field in ["name", "namespace"] {
        set_metadata(&mut new.node, &old.node, field);
    }
    new.var_names.clone_from(&old.var_names);
    if behavior == Behavior::Merge {
        for field in ["data", "binaryData"] {
            take_over(&mut new.node, &old.node, &[field], origins, false);
        }
    }
}

/// Adds the entries of a mapping of `old` that the one of `new` does not have; all values become strings.
fn take_over(new: &mut Node, old: &Node, path: &[&str], origins: &mut Origins, strings: bool) {
    use crate::origin::{Origin, Step};
    use crate::yaml::{Entry, Key, Map};
    let Some(theirs) = old.at_path(path).and_then(Node::as_map) else { return };
    if theirs.is_empty() {
        return;
    }
    let mut at = new;
    for name in path {
        let place = at.place();
        let Some(map) = at.as_map_mut() else { return };
        if map.get(name).is_none() {
            map.push(Entry { key: Key::new(*name, place), value: Node::map(Map::new(), place) });
        }
        let Some(next) = map.get_mut(name) else { return };
        at = next;
    }
    let Some(ours) = at.as_map_mut() else { return };
    let mut theirs = theirs.clone();
    if !strings {
        // Data is read with nulls as empty texts, labels and annotations are not.
        for entry in theirs.entries_mut().iter_mut().filter(|entry| entry.value.is_null()) {
            entry.value = Node::string("", entry.value.place());
        }
    }
    stringify(&mut theirs);
    for entry in theirs.into_entries() {
        match ours.get_mut(&entry.key.text) {
            None => ours.push(entry),
            Some(value) => {
                // The new value displaces the old one.
                let under = origins.entry(entry.value.place());
                let step = match origins.get(value.origin).copied() {
                    Some(step) => step.under(under),
                    None => Origin::new(value.at, Step::Generated).under(under),
                };
                value.origin = origins.add(step);
            }
        }
    }
    if strings {
        stringify(ours);
    }
}

fn set_metadata(new: &mut Node, old: &Node, field: &str) {
    use crate::yaml::{Entry, Key};
    let theirs = old.at_path(&["metadata", field]).cloned();
    let Some(metadata) = new.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut)
    else {
        return;
    };
    match theirs {
        None => {
            metadata.remove(field);
        }
        Some(value) => match metadata.get_mut(field) {
            Some(ours) => *ours = value,
            None => metadata.push(Entry { key: Key::new(field, value.place()), value }),
        },
    }
}
