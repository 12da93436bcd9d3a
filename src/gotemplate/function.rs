//! Functions that templates can call, and what Go's type checker knows of them.

use rustc_hash::FxHashMap;

use super::exec::Call;
use super::failure::Failure;
use super::map::MapKind;
use super::value::{Data, Elem, IntKind, Value};

/// A function with its signature.
pub struct Function {
    /// Its name in templates.
    pub name: &'static str,
    /// Types of the fixed parameters.
    pub params: &'static [Param],
    /// Type of the variadic parameter.
    pub variadic: Option<Param>,
    /// Computes the result. Arguments have been checked against the signature.
    pub run: fn(&mut Call<'_, '_>, &[Value]) -> Result<Value, Failure>,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// `interface {}`
    Any,
    /// `string`
    String,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `float64`
    Float64,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// `[]string`
    Strings,
    /// Some struct or named type, by Go's name of it.
    Object(&'static str),
}

impl Param {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Strings => "[]string",
            Self::Object(name) => name,
        }
    }

    pub(super) fn can_be_nil(self) -> bool {
        match self {
            Self::Any | Self::Map | Self::List | Self::Strings => true,
            Self::Object(name) => name.starts_with('*'),
            _ => false,
        }
    }

    /// Whether a value that is not nil can be passed.
    pub(super) fn accepts(self, value: &Value) -> bool {
        match (self, &value.data) {
            (Self::Any, _)
            | (Self::String, Data::Str(_) | Data::Text(_))
            | (Self::Bool, Data::Bool(_))
            | (Self::Int, Data::Int(_, IntKind::Int))
            | (Self::Int64, Data::Int(_, IntKind::Int64))
            | (Self::Float64, Data::Float(_)) => true,
            (Self::Map, Data::Map(map)) => map.kind() != MapKind::String,
            (Self::List, Data::List(list)) => list.elem == Elem::Any,
            (Self::Strings, Data::List(list)) => matches!(list.elem, Elem::String | Elem::Named(_)),
            (Self::Object(name), _) => value.type_name() == name,
            _ => false,
        }
    }
}

/// The functions of an execution, by name.
#[derive(Default)]
pub struct FuncMap {
    by_name: FxHashMap<&'static str, &'static Function>,
}

impl FuncMap {
    /// The functions of several tables; later tables replace what earlier ones have.
    pub fn of(tables: &[&'static [Function]]) -> Self {
        let count = tables.iter().map(|table| table.len()).sum();
        let mut by_name = FxHashMap::with_capacity_and_hasher(count, rustc_hash::FxBuildHasher);
        by_name
            .extend(tables.iter().flat_map(|table| table.iter()).map(|function| (function.name, function)));
        Self { by_name }
    }

    /// A function.
    pub fn get(&self, name: &str) -> Option<&'static Function> {
        self.by_name.get(name).copied()
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.by_name.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// Without some functions.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.by_name.retain(|name, _| !names.contains(name));
        self
    }
}
