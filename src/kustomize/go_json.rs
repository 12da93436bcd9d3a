//! Checks a tree against the Go types that kustomize decodes it into, with the messages of `encoding/json`.
//!
//! kustomize turns its files into JSON and decodes that strictly: keys in any case, unknown ones refused, no value
//! converted. The first thing that does not fit is reported; keys are looked at in sorted order.

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::{Data, Entry, Node};

/// A Go type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ty {
    /// A string type, by its name.
    Str(&'static str),
    /// `bool`
    Bool,
    /// An integer type, by its name.
    Int(&'static str),
    /// A map of strings to this, with its own name.
    Map(&'static Ty, &'static str),
    /// A slice of this, with its own name.
    List(&'static Ty, &'static str),
    /// A struct.
    Struct(&'static Struct),
    /// Anything at all.
    Any,
}

/// A Go struct.
#[derive(Debug)]
pub(super) struct Struct {
    /// Its name without the package.
    pub(super) name: &'static str,
    /// Its name with the package.
    pub(super) qualified: &'static str,
    /// Its fields, those of embedded structs among them.
    pub(super) fields: &'static [Field],
}

/// A field of a Go struct.
#[derive(Debug)]
pub(super) struct Field {
    /// The path that messages show, with the names of embedded structs: `ResId.Gvk.kind`. Its last part is the key.
    pub(super) path: &'static str,
    /// The type.
    pub(super) ty: Ty,
}

impl Field {
    pub(super) fn key(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }
}

/// A field: `field("ResId.name", STR)`.
pub(super) const fn field(path: &'static str, ty: Ty) -> Field {
    Field { path, ty }
}

/// The plain types.
pub(super) const STR: Ty = Ty::Str("string");
/// `[]string`
pub(super) const STRS: Ty = Ty::List(&STR, "[]string");
/// `map[string]string`
pub(super) const STR_MAP: Ty = Ty::Map(&STR, "map[string]string");

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// In the words of `encoding/json`.
    pub(super) message: String,
    /// The key or value.
    pub(super) place: Place,
}

/// Where in a document the check is.
struct Context<'p> {
    /// The struct being filled.
    of: &'static Struct,
    path: Option<&'p Path<'p>>,
    strict: bool,
}

struct Path<'p> {
    part: &'static str,
    before: Option<&'p Path<'p>>,
}

impl Path<'_> {
    fn text(&self) -> String {
        match self.before {
            Some(before) => format!("{}.{}", before.text(), self.part),
            None => self.part.to_owned(),
        }
    }
}

/// Checks a canonical tree, unknown fields included.
pub(super) fn check(node: &Node, ty: &'static Struct) -> Result<(), Misfit> {
    check_root(node, ty, true)
}

/// Checks a canonical tree, but lets unknown fields be.
pub(super) fn check_lenient(node: &Node, ty: &'static Struct) -> Result<(), Misfit> {
    check_root(node, ty, false)
}

fn check_root(node: &Node, ty: &'static Struct, strict: bool) -> Result<(), Misfit> {
    match &node.data {
        Data::Map(_) => check_struct(node, ty, None, strict),
        _ if node.is_null() => Ok(()),
        _ => Err(Misfit {
            message: format!("json: cannot unmarshal {} into Go value of type {}", kind(node), ty.qualified),
            place: node.place(),
        }),
    }
}

/// The entries as Go would meet them: sorted by key.
fn sorted(node: &Node) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = node.entries().iter().collect();
    entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    entries
}

/// The field that a key stands for: the exact one, else one in another case.
fn field_of(ty: &'static Struct, key: &str) -> Option<&'static Field> {
    let exact = ty.fields.iter().find(|field| field.key() == key);
    exact.or_else(|| ty.fields.iter().find(|field| field.key().eq_ignore_ascii_case(key)))
}

fn check_struct(
    node: &Node,
    ty: &'static Struct,
    path: Option<&Path<'_>>,
    strict: bool,
) -> Result<(), Misfit> {
    for entry in sorted(node) {
        let Some(field) = field_of(ty, &entry.key.text) else {
            if !strict {
                continue;
            }
            let message = format!("json: unknown field {:?}", entry.key.text.as_str());
            return Err(Misfit { message, place: entry.key.place() });
        };
        let path = Path { part: field.path, before: path };
        check_value(&entry.value, &field.ty, &Context { of: ty, path: Some(&path), strict })?;
    }
    Ok(())
}

/// Removes fields that no struct has, as decoding into the struct and writing it again does.
pub(super) fn drop_unknown(node: &mut Node, ty: &'static Struct, dropped: &mut Vec<DroppedField>) {
    let Data::Map(map) = &mut node.data else { return };
    map.retain(|entry| {
        let known = field_of(ty, &entry.key.text).is_some();
        if !known {
            let (name, place) = (entry.key.text.clone(), entry.key.place());
            let known = ty.fields.iter().map(Field::key).collect();
            dropped.push(DroppedField { name, place, known });
        }
        known
    });
    for entry in map.iter_mut() {
        if let Some(field) = field_of(ty, &entry.key.text) {
            drop_unknown_in(&mut entry.value, &field.ty, dropped);
        }
    }
}

/// A field that its struct does not have, and that was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedField {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub place: Place,
    /// The fields that the struct has.
    pub known: Vec<&'static str>,
}

/// The same for a value. The depth is that of the types, none of which holds itself.
fn drop_unknown_in(node: &mut Node, ty: &'static Ty, dropped: &mut Vec<DroppedField>) {
    match (ty, &mut node.data) {
        (Ty::Struct(ty), Data::Map(_)) => drop_unknown(node, ty, dropped),
        (Ty::List(ty, _), Data::Seq(items)) => {
            for item in items {
                drop_unknown_in(item, ty, dropped);
            }
        }
        (Ty::Map(ty, _), Data::Map(map)) => {
            for entry in map.iter_mut() {
                drop_unknown_in(&mut entry.value, ty, dropped);
            }
        }
        _ => {}
    }
}

fn check_value(node: &Node, ty: &'static Ty, context: &Context<'_>) -> Result<(), Misfit> {
    if node.is_null() {
        return Ok(());
    }
    match (ty, &node.data) {
        (Ty::Any, _) => Ok(()),
        (Ty::Struct(ty), Data::Map(_)) => check_struct(node, ty, context.path, context.strict),
        (Ty::List(ty, _), Data::Seq(items)) => {
            items.iter().try_for_each(|item| check_value(item, ty, context))
        }
        (Ty::Map(ty, _), Data::Map(_)) => {
            sorted(node).into_iter().try_for_each(|entry| check_value(&entry.value, ty, context))
        }
        (Ty::Str(_), Data::Scalar(_)) if node.as_str().is_some() => Ok(()),
        (Ty::Bool, Data::Scalar(_)) if node.as_bool().is_some() => Ok(()),
        (Ty::Int(name), Data::Scalar(text)) if kind(node) == "number" => match node.as_i64() {
            Some(_) => Ok(()),
            None => Err(misfit(node, &format!("number {text}"), name, context)),
        },
        _ => Err(misfit(node, kind(node), type_name(ty), context)),
    }
}

fn type_name(ty: &Ty) -> &'static str {
    match ty {
        Ty::Str(name) | Ty::Int(name) | Ty::Map(_, name) | Ty::List(_, name) => name,
        Ty::Bool => "bool",
        Ty::Struct(ty) => ty.qualified,
        Ty::Any => "interface {}",
    }
}

fn kind(node: &Node) -> &'static str {
    match node.data {
        Data::Map(_) => "object",
        Data::Seq(_) => "array",
        Data::Scalar(_) if node.as_str().is_some() => "string",
        Data::Scalar(_) if node.as_bool().is_some() => "bool",
        Data::Scalar(_) => "number",
    }
}

fn misfit(node: &Node, what: &str, wanted: &str, context: &Context<'_>) -> Misfit {
    let path = context.path.map(Path::text).unwrap_or_default();
    let name = context.of.name;
    Misfit {
        message: format!("json: cannot unmarshal {what} into Go struct field {name}.{path} of type {wanted}"),
        place: node.place(),
    }
}

/// The value of a field, whatever the case of its key; of several the one that Go decodes last.
pub(super) fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let entries = node.entries();
    let exact = entries.iter().find(|entry| entry.key.text == key);
    let last = || {
        entries
            .iter()
            .filter(|entry| entry.key.text.eq_ignore_ascii_case(key))
            .max_by(|a, b| a.key.text.cmp(&b.key.text))
    };
    // Lower case sorts behind upper case, so nothing comes after a key in lower case.
    let found = match exact {
        Some(entry) if key.bytes().all(|byte| !byte.is_ascii_uppercase()) => Some(entry),
        _ => last(),
    };
    found.map(|entry| &entry.value).filter(|value| !value.is_null())
}
