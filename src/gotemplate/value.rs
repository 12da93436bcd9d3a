//! The values that templates compute with, and where each comes from.
//!
//! They are Go's: typed integers, floats that are not integers, maps that several names share and `set` changes.
//! This is not a YAML tree; who renders converts.

use std::fmt;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::origin::{OriginId, Text};

use super::Failure;
use super::exec::Call;
use super::function::Param;
use super::items::Items;
use super::map::{Map, MapKind};

/// Nesting beyond this is not looked into where nobody would miss it.
const MAX_DEPTH: usize = 1000;

/// So many values are marked as read at once.
const MAX_TOUCHED: u32 = 1 << 20;

/// A value and its origin.
#[derive(Clone, Default)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where it comes from; the pieces of a [`Data::Text`] know it themselves.
    pub origin: OriginId,
}

/// What a value is.
#[derive(Clone, Default)]
pub enum Data {
    /// `nil`.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// An integer of some width. Unsigned values beyond `i64` wrap, as their bits do.
    Int(i64, IntKind),
    /// `float64`
    Float(f64),
    /// A string from one place.
    Str(SmolStr),
    /// A string whose pieces know where they come from.
    Text(Rc<Text>),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// Anything else: files, capabilities, times, versions.
    Object(Rc<dyn Object>),
}

/// Go's integer types, as far as templates can meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntKind {
    /// `int`
    Int,
    /// `int32`, a rune
    Int32,
    /// `int64`
    Int64,
    /// `uint8`, a byte
    Uint8,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `time.Duration`, nanoseconds
    Duration,
    /// `time.Month`
    Month,
}

impl IntKind {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Duration => "time.Duration",
            Self::Month => "time.Month",
        }
    }

    /// Go's name of the kind, which named types share.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Duration => "int64",
            Self::Month => "int",
            plain => plain.name(),
        }
    }

    fn is_unsigned(self) -> bool {
        matches!(self, Self::Uint8 | Self::Uint32 | Self::Uint64)
    }
}

/// The element type of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elem {
    /// `[]interface {}`
    Any,
    /// `[]string`
    String,
    /// `[]int`
    Int,
    /// `[]uint8`
    Byte,
    /// `[][]interface {}`
    Lists,
    /// A named type over `[]string`.
    Named(&'static SliceType),
}

/// A named type over `[]string`, with methods.
#[derive(Debug)]
pub struct SliceType {
    /// Go's name of it.
    pub name: &'static str,
    /// Its methods.
    pub methods: &'static [SliceMethod],
}

/// A method of a [`SliceType`].
#[derive(Debug)]
pub struct SliceMethod {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub params: &'static [Param],
    /// Computes the result. Arguments have been checked.
    pub run: fn(&[Value], &[Value]) -> Value,
}

impl PartialEq for SliceType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for SliceType {}

/// A slice. Functions make new ones; none is changed in place.
#[derive(Clone)]
pub struct List {
    /// The items.
    pub items: Rc<Items>,
    /// Their type.
    pub elem: Elem,
}

/// A Go value with fields and methods.
pub trait Object: fmt::Debug {
    /// Go's name of the type.
    fn type_name(&self) -> String;
    /// Go's name of the kind.
    fn kind(&self) -> &'static str {
        "struct"
    }
    /// A field of a struct.
    fn field(&self, _name: &str) -> Option<Value> {
        None
    }
    /// What a method takes, where the type says so: arguments are counted and checked against it.
    fn params(&self, _name: &str) -> Option<&'static [Param]> {
        None
    }
    /// Calls a method; `None` when there is no such method.
    fn method(
        &self,
        _name: &str,
        _args: &[Value],
        _call: &mut Call<'_, '_>,
    ) -> Option<Result<Value, Failure>> {
        None
    }
    /// What `%v` prints.
    fn print(&self) -> String;
    /// What `{{ . }}` prints: a method `String` of the pointer counts where the value can be addressed, which it cannot be
    /// once a function has it.
    fn print_addressed(&self) -> String {
        self.print()
    }
    /// Whether `if` takes the branch.
    fn truth(&self) -> bool {
        true
    }
    /// What `range` sees; `None` when it cannot be iterated.
    fn items(&self) -> Option<Vec<(Value, Value)>> {
        None
    }
    /// What `index` answers where there is no such key.
    fn missing(&self) -> Value {
        Value::NIL
    }
    /// The value as maps, lists and scalars, for encoders.
    fn to_data(&self) -> Option<Value> {
        None
    }
    /// What encoders see of a struct: its fields in order, by the names that its tags give them.
    fn encoded(&self) -> Option<Vec<(SmolStr, Value)>> {
        None
    }
    /// For functions that know the type.
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Value {
    /// `nil`
    pub const NIL: Self = Self { data: Data::Nil, origin: OriginId::WRITTEN };

    /// A value from nowhere in particular.
    pub fn of(data: impl Into<Data>) -> Self {
        Self { data: data.into(), origin: OriginId::WRITTEN }
    }

    /// The same value from somewhere else.
    #[must_use]
    pub fn at(self, origin: OriginId) -> Self {
        Self { origin, ..self }
    }

    /// A string.
    pub fn str(text: impl Into<SmolStr>) -> Self {
        Self::of(Data::Str(text.into()))
    }

    /// A string with pieces.
    pub fn text(text: Text) -> Self {
        Self::of(Data::Text(Rc::new(text)))
    }

    /// An `int`.
    pub fn int(value: i64) -> Self {
        Self::of(Data::Int(value, IntKind::Int))
    }

    /// An `int64`.
    pub fn int64(value: i64) -> Self {
        Self::of(Data::Int(value, IntKind::Int64))
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Self {
        Self::of(Data::List(List { items: Rc::new(items.into()), elem: Elem::Any }))
    }

    /// A `[]string`.
    pub fn strings(items: impl IntoIterator<Item = Value>) -> Self {
        Self::of(Data::List(List { items: Rc::new(items.into_iter().collect()), elem: Elem::String }))
    }

    /// A slice that is `nil`, which encoders write as `null`.
    pub fn nil_list(elem: Elem) -> Self {
        Self::of(Data::List(List { items: Rc::new(Items::nil()), elem }))
    }

    /// A map.
    pub fn map(map: Map) -> Self {
        Self::of(Data::Map(map))
    }

    /// Whether this is `nil`.
    pub fn is_nil(&self) -> bool {
        matches!(self.data, Data::Nil)
    }

    /// The characters of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(text) => Some(text),
            Data::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// A string with its pieces; other values as they print.
    pub fn to_text(&self) -> Text {
        match &self.data {
            Data::Str(text) => Text::of(text.as_str(), self.origin),
            Data::Text(text) => Text::clone(text),
            _ => Text::of(self.to_string(), self.origin),
        }
    }

    /// The items of a slice.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.data {
            Data::List(list) => Some(&list.items),
            _ => None,
        }
    }

    /// The map.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The integer.
    pub fn as_int(&self) -> Option<i64> {
        match self.data {
            Data::Int(value, _) => Some(value),
            _ => None,
        }
    }

    /// The object, when it is of type `T`.
    pub fn as_object<T: 'static>(&self) -> Option<&T> {
        match &self.data {
            Data::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// All origins that had a part in a scalar or string.
    pub fn origins(&self) -> Vec<OriginId> {
        match &self.data {
            Data::Text(text) => text.origins(),
            _ => vec![self.origin],
        }
    }

    /// The first origin that is known.
    pub fn first_origin(&self) -> OriginId {
        match &self.data {
            Data::Text(text) if self.origin.is_written() => text.first_origin(),
            _ => self.origin,
        }
    }

    /// Go's name of the type, as `%T` prints it.
    pub fn type_name(&self) -> String {
        match &self.data {
            Data::Nil => "<nil>".into(),
            Data::Bool(_) => "bool".into(),
            Data::Int(_, kind) => kind.name().into(),
            Data::Float(_) => "float64".into(),
            Data::Str(_) | Data::Text(_) => "string".into(),
            Data::List(list) => match list.elem {
                Elem::Any => "[]interface {}".into(),
                Elem::String => "[]string".into(),
                Elem::Int => "[]int".into(),
                Elem::Lists => "[][]interface {}".into(),
                Elem::Named(named) => named.name.into(),
                Elem::Byte => "[]uint8".into(),
            },
            Data::Map(map) => match map.kind() {
                MapKind::Any => "map[string]interface {}".into(),
                MapKind::String => "map[string]string".into(),
                MapKind::Named(name) => name.into(),
            },
            Data::Object(object) => object.type_name(),
        }
    }

    /// Go's name of the kind.
    pub fn kind_name(&self) -> &'static str {
        match &self.data {
            Data::Nil => "invalid",
            Data::Bool(_) => "bool",
            Data::Int(_, kind) => kind.kind(),
            Data::Float(_) => "float64",
            Data::Str(_) | Data::Text(_) => "string",
            Data::List(_) => "slice",
            Data::Map(_) => "map",
            Data::Object(object) => object.kind(),
        }
    }

    /// Whether `if` takes the branch. Mirrors `template.IsTrue`.
    pub fn truth(&self) -> bool {
        match &self.data {
            Data::Nil => false,
            Data::Bool(value) => *value,
            Data::Int(value, _) => *value != 0,
            Data::Float(value) => *value != 0.0,
            Data::Str(text) => !text.is_empty(),
            Data::Text(text) => !text.is_empty(),
            Data::List(list) => !list.items.is_empty(),
            Data::Map(map) => !map.is_empty(),
            Data::Object(object) => object.truth(),
        }
    }

    /// The integer as Go's unsigned types see it.
    pub fn int_text(value: i64, kind: IntKind) -> String {
        if kind.is_unsigned() { (value as u64).to_string() } else { value.to_string() }
    }

    /// Marks everything inside as read.
    pub fn touch_all(&self) {
        // Values can hold themselves, and one list many times: what is beyond is marked when somebody looks.
        self.touch_within(&mut MAX_TOUCHED.clone(), 0);
    }

    fn touch_within(&self, left: &mut u32, depth: usize) {
        let Some(fewer) = left.checked_sub(1).filter(|_| depth < MAX_DEPTH) else { return };
        *left = fewer;
        match &self.data {
            Data::List(list) if list.elem == Elem::Byte => {}
            Data::List(list) => list.items.iter().for_each(|item| item.touch_within(left, depth + 1)),
            Data::Map(map) => {
                map.entries().iter().for_each(|(_, slot)| slot.value.touch_within(left, depth + 1));
            }
            _ => {}
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if let Some(items) = Rc::get_mut(&mut self.items) {
            drop_flat(items.take());
        }
    }
}

/// Drops values without a call inside of a call for each level of nesting, of which templates can make any number.
pub(super) fn drop_flat(mut values: Vec<Value>) {
    while let Some(mut value) = values.pop() {
        match &mut value.data {
            Data::List(list) => {
                values.extend(Rc::get_mut(&mut list.items).map(Items::take).unwrap_or_default());
            }
            Data::Map(map) => values.extend(map.take_own()),
            _ => {}
        }
    }
}

/// As `fmt.Sprint` prints it (`%v`).
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::fmt::sprint(self))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.type_name())
    }
}

impl From<bool> for Data {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Data {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Map> for Data {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Rc<dyn Object>> for Data {
    fn from(object: Rc<dyn Object>) -> Self {
        Self::Object(object)
    }
}
