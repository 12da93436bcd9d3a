//! Objects that operators act on, by what they are called: which of them are called like something that is missing is a
//! look-up. Made for a namespace when it is first asked for, since most repositories never ask.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::relations::{self, NameIndex, NameWords};

use super::Inventory;

/// The objects of one namespace, or all.
#[derive(Debug, Default)]
pub(crate) struct Called {
    /// Positions among all objects, as the names are numbered.
    positions: Vec<u32>,
    names: NameIndex,
    /// Those whose operators nothing is known about, by kind.
    unknown_kinds: FxHashMap<SmolStr, Vec<u32>>,
}

impl Called {
    fn of(inventory: &Inventory, positions: &[u32]) -> Self {
        let mut called = Self { positions: positions.to_vec(), ..Self::default() };
        for at in positions {
            let Some(object) = inventory.objects.get(*at as usize) else { continue };
            called.names.push(&NameWords::of(&object.name));
            if !object.namespace.is_empty() && !relations::is_known_operator(&object.group, &object.kind) {
                called.unknown_kinds.entry(object.kind.clone()).or_default().push(*at);
            }
        }
        called
    }

    /// At least those whose names are part of a name, or share a word with it, ascending.
    pub(crate) fn like(&self, name: &str) -> impl Iterator<Item = u32> {
        self.names
            .near(&NameWords::of(name))
            .into_iter()
            .filter_map(|id| self.positions.get(id as usize).copied())
    }

    /// The kinds whose operators nothing is known about, in no order, with the objects of each.
    pub(crate) fn unknown_kinds(&self) -> impl Iterator<Item = (&str, &[u32])> {
        self.unknown_kinds.iter().map(|(kind, positions)| (kind.as_str(), positions.as_slice()))
    }
}

/// By namespace; all under the name that no namespace has.
#[derive(Debug, Default)]
pub(super) struct Operated(Mutex<FxHashMap<Option<SmolStr>, Arc<Called>>>);

impl Inventory {
    /// What operators act on in a namespace, or everywhere: the empty name is that of unknown namespaces.
    pub(crate) fn operated(&self, namespace: Option<&str>) -> Arc<Called> {
        let key = namespace.map(SmolStr::new);
        let mut known = self.operated.0.lock().unwrap_or_else(PoisonError::into_inner);
        let made = known.entry(key).or_insert_with(|| {
            let index = self.index();
            let list = match namespace {
                Some(namespace) => index.operated_in.get(namespace),
                None => Some(&index.operated),
            };
            Arc::new(Called::of(self, list.map(|list| &**list).unwrap_or_default()))
        });
        Arc::clone(made)
    }
}
