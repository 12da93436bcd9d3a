//! Maps: shared by all who hold them, ordered by key as `range` sees them, watched for what templates read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::origin::OriginId;

use super::value::Value;

/// The type of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapKind {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    String,
    /// A named type over `map[string]interface {}`, by its name.
    Named(&'static str),
}

/// An entry of a map.
#[derive(Clone, Default)]
pub struct Slot {
    /// The value.
    pub value: Value,
    /// Where the key is written.
    pub key: OriginId,
    /// Set when a template looks at the entry. Copies of the entry share it.
    pub read: Option<Rc<Cell<bool>>>,
}

impl Slot {
    /// An entry that nobody watches.
    pub fn new(value: Value) -> Self {
        Self { value, key: OriginId::WRITTEN, read: None }
    }

    fn touch(&self) {
        if let Some(read) = &self.read {
            read.set(true);
        }
    }
}

/// A map that is shared by all who hold it, as Go's maps are.
#[derive(Clone)]
pub struct Map {
    entries: Rc<RefCell<BTreeMap<SmolStr, Slot>>>,
    kind: MapKind,
    is_nil: bool,
}

impl Drop for Map {
    fn drop(&mut self) {
        if Rc::strong_count(&self.entries) == 1 {
            super::value::drop_flat(self.take_own());
        }
    }
}

impl Map {
    /// The values, when nobody else holds the map.
    pub(super) fn take_own(&mut self) -> Vec<Value> {
        let own = Rc::get_mut(&mut self.entries).map(|entries| entries.take()).unwrap_or_default();
        own.into_values().map(|slot| slot.value).collect()
    }

    /// Removes all entries, which may hold the map itself.
    pub fn clear(&self) {
        let entries = self.entries.take();
        super::value::drop_flat(entries.into_values().map(|slot| slot.value).collect());
    }

    /// A map of some type.
    pub fn new(entries: BTreeMap<SmolStr, Slot>, kind: MapKind) -> Self {
        Self { entries: Rc::new(RefCell::new(entries)), kind, is_nil: false }
    }

    /// No map at all: Go's `nil` of that type, which encoders write as `null`.
    pub fn nil(kind: MapKind) -> Self {
        let mut map = Self::new(BTreeMap::new(), kind);
        map.is_nil = true;
        map
    }

    /// Whether the map is `nil`.
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }

    /// A `map[string]interface {}` of entries.
    pub fn from_entries(entries: impl IntoIterator<Item = (SmolStr, Value)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key, Slot::new(value))).collect();
        Self::new(entries, MapKind::Any)
    }

    /// The type.
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// The same map under another type.
    #[must_use]
    pub fn with_kind(&self, kind: MapKind) -> Self {
        Self { entries: Rc::clone(&self.entries), kind, is_nil: self.is_nil }
    }

    /// Whether both are the same map.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }

    /// The value of a key; counts as read.
    pub fn get(&self, key: &str) -> Option<Value> {
        let entries = self.entries.borrow();
        let slot = entries.get(key)?;
        slot.touch();
        Some(slot.value.clone())
    }

    /// The entry of a key; does not count as read.
    pub fn slot(&self, key: &str) -> Option<Slot> {
        self.entries.borrow().get(key).cloned()
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        let entries = self.entries.borrow();
        entries.get(key).inspect(|slot| slot.touch()).is_some()
    }

    /// Sets a value. A key that is there keeps its origin.
    pub fn set(&self, key: impl Into<SmolStr>, value: Value) {
        let mut entries = self.entries.borrow_mut();
        let slot = entries.entry(key.into()).or_default();
        slot.value = value;
        slot.read = None;
    }

    /// Sets an entry.
    pub fn set_slot(&self, key: impl Into<SmolStr>, slot: Slot) {
        self.entries.borrow_mut().insert(key.into(), slot);
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.entries.borrow_mut().remove(key);
    }

    /// All entries by key. They count as read, those inside of their values do not.
    pub fn entries(&self) -> Vec<(SmolStr, Slot)> {
        let entries = self.entries.borrow();
        entries
            .iter()
            .map(|(key, slot)| (key.clone(), slot.clone()))
            .inspect(|(_, slot)| slot.touch())
            .collect()
    }

    /// All entries by key, without reading them.
    pub fn peek(&self) -> Vec<(SmolStr, Slot)> {
        self.entries.borrow().iter().map(|(key, slot)| (key.clone(), slot.clone())).collect()
    }

    /// The keys in order.
    pub fn keys(&self) -> Vec<SmolStr> {
        self.entries.borrow().keys().cloned().collect()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// A new map with the same entries.
    #[must_use]
    pub fn shallow_copy(&self) -> Self {
        Self::new(self.entries.borrow().clone(), self.kind)
    }
}
