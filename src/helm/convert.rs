//! Between YAML trees and what templates compute with, both ways, places kept.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use smol_str::SmolStr;

use crate::golang::bytes;
use crate::gotemplate::{self, Elem, Failure, List, MapKind, Slot, Value};
use crate::origin::{Origin, OriginId, Origins, Place, Step};
use crate::source::Span;
use crate::yaml::{Data, Entry, Key, Map, Node, Style};

use super::int64::is_int64;

/// Nesting beyond this is not encoded: maps of templates can hold themselves.
const MAX_DEPTH: usize = 200;

/// More nodes are not encoded.
const MAX_NODES: usize = 2 << 20;

/// Which entries of values a render looked at: their paths, and a mark that the engine sets.
#[derive(Debug, Default)]
pub(super) struct Watch {
    entries: Vec<(Vec<SmolStr>, Rc<Cell<bool>>)>,
}

impl Watch {
    /// The paths that were looked at, outer before inner.
    pub(super) fn read(self) -> Vec<Vec<SmolStr>> {
        self.entries.into_iter().filter(|(_, read)| read.get()).map(|(path, _)| path).collect()
    }
}

/// A canonical tree as a value. Numbers are `float64`, those of parameters `int64`.
pub fn to_value(node: &Node, origins: &mut Origins) -> Value {
    Reader { origins, watch: None }.value(node, &mut Vec::new())
}

/// The same for values, whose entries are watched.
pub(super) fn to_watched(node: &Node, origins: &mut Origins, watch: &mut Watch) -> Value {
    Reader { origins, watch: Some(watch) }.value(node, &mut Vec::new())
}

struct Reader<'a> {
    origins: &'a mut Origins,
    watch: Option<&'a mut Watch>,
}

impl Reader<'_> {
    fn value(&mut self, node: &Node, path: &mut Vec<SmolStr>) -> Value {
        let origin = self.origins.entry(node.place());
        let data = match &node.data {
            Data::Scalar(text) => self.scalar(node, text),
            Data::Seq(items) => {
                let items = items.iter().map(|item| self.value(item, path)).collect();
                gotemplate::Data::List(gotemplate::List { items: Rc::new(items), elem: Elem::Any })
            }
            Data::Map(map) => {
                let mut entries = BTreeMap::new();
                for entry in map {
                    path.push(entry.key.text.clone());
                    let read = self.watch.as_mut().map(|watch| {
                        let read = Rc::new(Cell::new(false));
                        watch.entries.push((path.clone(), Rc::clone(&read)));
                        read
                    });
                    let value = self.value(&entry.value, path);
                    path.pop();
                    let key = self.origins.entry(entry.key.place());
                    entries.insert(entry.key.text.clone(), Slot { value, key, read });
                }
                gotemplate::Data::Map(gotemplate::Map::new(entries, MapKind::Any))
            }
        };
        Value { data, origin }
    }

    #[expect(clippy::unused_self, reason = "reads as the other arms do")]
    fn scalar(&self, node: &Node, text: &SmolStr) -> gotemplate::Data {
        if node.style != Style::Plain {
            return gotemplate::Data::Str(text.clone());
        }
        if node.is_null() {
            return gotemplate::Data::Nil;
        }
        if let Some(value) = node.as_bool() {
            return gotemplate::Data::Bool(value);
        }
        if is_int64(node)
            && let Some(value) = node.as_i64()
        {
            return gotemplate::Data::Int(value, gotemplate::IntKind::Int64);
        }
        match node.as_f64() {
            Some(value) => gotemplate::Data::Float(value),
            None => gotemplate::Data::Str(text.clone()),
        }
    }
}

/// Where a value stands that no file has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    /// A place to point at.
    pub(super) at: Span,
    /// The step that made it.
    pub(super) origin: OriginId,
}

/// A value as a canonical tree. `None` for what Go's encoders refuse: what holds itself, what is not finite.
///
/// # Errors
///
/// If the value is larger or nested deeper than anything that charts write.
pub(super) fn to_node(
    value: &Value,
    around: Around,
    order: Order,
    origins: &mut Origins,
) -> Result<Option<Node>, Failure> {
    let mut writer = Writer { around, order, origins, left: MAX_NODES, inside: Vec::new() };
    match writer.node(value, 0) {
        Ok(node) => Ok(Some(node)),
        Err(Refused::ByGo) => Ok(None),
        Err(Refused::TooDeep) => {
            Err(Failure::limit("gave up on a value that is nested too deep to be written"))
        }
        Err(Refused::TooLarge) => Err(Failure::limit("gave up on a value that is too large to be written")),
    }
}

/// The order of a struct's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As the type has them: JSON.
    Declared,
    /// By name: YAML, which is made of JSON by way of maps.
    Sorted,
}

/// Why a value cannot be written.
enum Refused {
    ByGo,
    TooDeep,
    TooLarge,
}

struct Writer<'a> {
    around: Around,
    order: Order,
    origins: &'a mut Origins,
    /// So many nodes may follow.
    left: usize,
    /// The maps around.
    inside: Vec<gotemplate::Map>,
}

impl Writer<'_> {
    fn place(&self, origin: OriginId) -> Place {
        let origin = if origin.is_written() { self.around.origin } else { origin };
        let at = self.origins.get(origin).and_then(|step| step.at).unwrap_or(self.around.at);
        Place { at, origin }
    }

    fn node(&mut self, value: &Value, depth: usize) -> Result<Node, Refused> {
        if depth > MAX_DEPTH {
            let Some(innermost) = self.inside.pop() else { return Err(Refused::TooDeep) };
            let is_inside_itself = self.inside.iter().any(|map| map.is(&innermost));
            return Err(if is_inside_itself { Refused::ByGo } else { Refused::TooDeep });
        }
        self.left = self.left.checked_sub(1).ok_or(Refused::TooLarge)?;
        let place = self.place(value.origin);
        Ok(match &value.data {
            gotemplate::Data::Nil => Node::null(place),
            gotemplate::Data::Bool(value) => Node::bool(*value, place),
            gotemplate::Data::Int(number, kind) => {
                Node::plain(SmolStr::from(Value::int_text(*number, *kind)), place)
            }
            gotemplate::Data::Float(number) if !number.is_finite() => return Err(Refused::ByGo),
            gotemplate::Data::Float(number) => Node::float(*number, place),
            gotemplate::Data::Str(text) if bytes::has_bytes(text) => {
                Node::string(&*bytes::replaced(text), place)
            }
            gotemplate::Data::Str(text) => Node::string(text.clone(), place),
            gotemplate::Data::Text(text) => {
                let inputs = text.origins();
                let place = match inputs.as_slice() {
                    [] => place,
                    [one] => self.place(*one),
                    [first, ..] => {
                        let at = self.place(*first).at;
                        let origin = self.origins.add_joined(Origin::new(at, Step::Joined), &inputs);
                        Place { at, origin }
                    }
                };
                Node::string(&*bytes::replaced(text.as_str()), place)
            }
            gotemplate::Data::List(list) if list.items.is_nil() => Node::null(place),
            gotemplate::Data::Map(map) if map.is_nil() => Node::null(place),
            gotemplate::Data::List(list) if list.elem == Elem::Byte => Node::string(base64(list), place),
            gotemplate::Data::List(list) => {
                let items: Result<Vec<Node>, Refused> =
                    list.items.iter().map(|item| self.node(item, depth + 1)).collect();
                Node::seq(items?, place)
            }
            gotemplate::Data::Map(map) => {
                let mut entries = Vec::with_capacity(map.len());
                self.inside.push(map.clone());
                for (key, slot) in map.entries() {
                    let key_place = if slot.key.is_written() { place } else { self.place(slot.key) };
                    let key = Key { style: Style::DoubleQuoted, ..Key::new(key, key_place) };
                    entries.push(Entry { key, value: self.node(&slot.value, depth + 1)? });
                }
                self.inside.pop();
                Node::map(Map::from_entries(entries), place)
            }
            gotemplate::Data::Object(object) if object.encoded().is_some() => {
                let mut fields = object.encoded().unwrap_or_default();
                if self.order == Order::Sorted {
                    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                let mut entries = Vec::with_capacity(fields.len());
                for (name, field) in fields {
                    let key = Key { style: Style::DoubleQuoted, ..Key::new(name, place) };
                    entries.push(Entry { key, value: self.node(&field, depth + 1)? });
                }
                Node::map(Map::from_entries(entries), place)
            }
            gotemplate::Data::Object(object) => {
                let data = object.to_data().unwrap_or_else(|| Value::str(object.print()));
                return self.node(&data.at(value.origin), depth + 1);
            }
        })
    }
}

/// Standard base64.
pub(super) fn encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A byte slice as JSON has it.
fn base64(list: &List) -> String {
    let bytes: Vec<u8> = list.items.iter().map(|item| item.as_int().unwrap_or_default() as u8).collect();
    encode(&bytes)
}
