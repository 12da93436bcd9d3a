//! Values while they are put together: tables that may share tables.
//!
//! Helm's coalescing works on Go maps, some of which end up below several parents (a table inside of a global). What
//! is merged into one of them shows in all, and charts depend on it without knowing. So tables are numbered here, not
//! nested.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::origin::{Origin, OriginId, Origins, Place, Step};
use crate::yaml::{Data, Entry, Key, Map, Node};

/// Names a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableId(usize);

/// What a key of a table has.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Table(TableId),
    /// A scalar or a list; lists are never merged.
    Leaf(Node),
}

impl Value {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Leaf(node) if node.is_null())
    }
}

/// A key as written, and its value.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
}

#[derive(Debug)]
struct Table {
    place: Place,
    slots: IndexMap<SmolStr, Slot, FxBuildHasher>,
}

/// The tables of one render. Ids are only good for the `Tables` that gave them; an unknown one is an empty table.
#[derive(Debug, Default)]
pub(super) struct Tables {
    list: Vec<Table>,
}

impl Tables {
    /// A new empty table.
    pub(super) fn add(&mut self, place: Place) -> TableId {
        self.list.push(Table { place, slots: IndexMap::default() });
        TableId(self.list.len() - 1)
    }

    /// A mapping as tables. Anything else is an empty table.
    pub(super) fn add_node(&mut self, node: &Node) -> TableId {
        self.add_with(node, &mut |node| node.origin)
    }

    /// The same, and every value knows the step that brought it.
    pub(super) fn add_stamped(&mut self, node: &Node, by: Step, origins: &mut Origins) -> TableId {
        self.add_with(node, &mut |node| origins.add(Origin::new(node.at, by).from(node.origin)))
    }

    fn add_with(&mut self, node: &Node, origin: &mut dyn FnMut(&Node) -> OriginId) -> TableId {
        let id = self.add(Place { at: node.at, origin: origin(node) });
        if let Some(table) = self.list.get_mut(id.0) {
            table.slots.reserve_exact(node.entries().len());
        }
        for entry in node.entries() {
            let value = if entry.value.as_map().is_some() {
                Value::Table(self.add_with(&entry.value, origin))
            } else {
                let mut leaf = entry.value.clone();
                set_origins(&mut leaf, origin);
                Value::Leaf(leaf)
            };
            self.set(id, Slot { key: entry.key.clone(), value });
        }
        id
    }

    /// What is in a table, which is empty afterwards.
    pub(super) fn take(&mut self, id: TableId) -> impl Iterator<Item = Slot> + use<> {
        let slots = self.list.get_mut(id.0).map(|table| std::mem::take(&mut table.slots));
        slots.unwrap_or_default().into_values()
    }

    /// A copy that shares nothing.
    pub(super) fn copy(&mut self, id: TableId) -> TableId {
        let copy = self.shallow_copy(id);
        for index in 0.. {
            let Some(slot) = self.list.get(copy.0).and_then(|table| table.slots.get_index(index)) else {
                break;
            };
            if let Value::Table(inner) = slot.1.value {
                let inner = self.copy(inner);
                let slot = self.list.get_mut(copy.0).and_then(|table| table.slots.get_index_mut(index));
                if let Some((_, slot)) = slot {
                    slot.value = Value::Table(inner);
                }
            }
        }
        copy
    }

    /// A copy that shares the tables inside.
    pub(super) fn shallow_copy(&mut self, id: TableId) -> TableId {
        let Some(table) = self.list.get(id.0) else { return id };
        let copy = Table { place: table.place, slots: table.slots.clone() };
        self.list.push(copy);
        TableId(self.list.len() - 1)
    }

    /// The value of a key.
    pub(super) fn get(&self, id: TableId, key: &str) -> Option<&Value> {
        self.list.get(id.0)?.slots.get(key).map(|slot| &slot.value)
    }

    /// Sets a key; a new one goes to the end.
    pub(super) fn set(&mut self, id: TableId, slot: Slot) {
        if let Some(table) = self.list.get_mut(id.0) {
            table.slots.insert(slot.key.text.clone(), slot);
        }
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, id: TableId, key: &str) {
        if let Some(table) = self.list.get_mut(id.0) {
            table.slots.shift_remove(key);
        }
    }

    /// The slot at a position.
    pub(super) fn slot(&self, id: TableId, index: usize) -> Option<&Slot> {
        self.list.get(id.0)?.slots.get_index(index).map(|(_, slot)| slot)
    }

    /// The slots of a table that are null.
    pub(super) fn nulls(&self, id: TableId) -> Vec<Slot> {
        let slots = self.list.get(id.0).into_iter().flat_map(|table| table.slots.values());
        slots.filter(|slot| slot.value.is_null()).cloned().collect()
    }

    /// The value of a key, to change it.
    pub(super) fn get_mut(&mut self, id: TableId, key: &str) -> Option<&mut Value> {
        self.list.get_mut(id.0)?.slots.get_mut(key).map(|slot| &mut slot.value)
    }

    /// Where a value is written.
    pub(super) fn place(&self, value: &Value) -> Option<Place> {
        match value {
            Value::Leaf(node) => Some(node.place()),
            Value::Table(id) => self.list.get(id.0).map(|table| table.place),
        }
    }

    /// The table at a path of keys (`Values.Table`), written with dots.
    pub(super) fn table(&self, id: TableId, path: &str) -> Option<TableId> {
        path.split('.').try_fold(id, |id, key| match self.get(id, key)? {
            Value::Table(inner) => Some(*inner),
            Value::Leaf(_) => None,
        })
    }

    /// The scalar or list at a path of keys (`Values.PathValue`).
    pub(super) fn leaf(&self, id: TableId, path: &str) -> Option<&Node> {
        let (id, key) = match path.rsplit_once('.') {
            Some((tables, key)) => (self.table(id, tables)?, key),
            None => (id, path),
        };
        match self.get(id, key)? {
            Value::Leaf(node) => Some(node),
            Value::Table(_) => None,
        }
    }

    /// A table and what is inside as a tree. Shared tables come out several times.
    pub(super) fn to_node(&self, id: TableId) -> Option<Node> {
        let table = self.list.get(id.0)?;
        let entries = table.slots.values().filter_map(|slot| {
            let value = match &slot.value {
                Value::Leaf(node) => node.clone(),
                Value::Table(inner) => self.to_node(*inner)?,
            };
            Some(Entry { key: slot.key.clone(), value })
        });
        Some(Node::map(Map::from_entries(entries.collect()), table.place))
    }
}

/// Makes every value of a tree know the step that brought it.
pub(super) fn stamp(node: &mut Node, by: Step, origins: &mut Origins) {
    set_origins(node, &mut |node| origins.add(Origin::new(node.at, by).from(node.origin)));
}

fn set_origins(node: &mut Node, origin: &mut dyn FnMut(&Node) -> OriginId) {
    node.origin = origin(node);
    match &mut node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter_mut().for_each(|item| set_origins(item, origin)),
        Data::Map(map) => map.iter_mut().for_each(|entry| set_origins(&mut entry.value, origin)),
    }
}
