//! The functions that every template has.
//!
//! Mirrors `text/template/funcs.go`.

use std::cmp::Ordering;

use crate::golang::bytes;
use crate::origin::Text;

use super::bounds::weigh;
use super::compare::{eq, less};
use super::escape::{html_escape, js_escape, query_escape};
use super::exec::Call;
use super::failure::Failure;
use super::fmt::{sprint_all, sprintf, sprintln};
use super::function::{Function, Param};
use super::map::{Map, MapKind};
use super::value::{Data, IntKind, Value};

type Result = std::result::Result<Value, Failure>;

const ANY: Option<Param> = Some(Param::Any);

const fn builtin(
    name: &'static str,
    params: &'static [Param],
    variadic: Option<Param>,
    run: fn(&mut Call<'_, '_>, &[Value]) -> Result,
) -> Function {
    Function { name, params, variadic, run }
}

/// The table.
pub static BUILTINS: &[Function] = &[
    // These two are executed by the engine, which does not evaluate what it need not.
    builtin("and", &[Param::Any], ANY, |_, _| Ok(Value::NIL)),
    builtin("or", &[Param::Any], ANY, |_, _| Ok(Value::NIL)),
    builtin("not", &[Param::Any], None, |_, args| Ok(Value::of(!arg(args, 0).truth()))),
    builtin("len", &[Param::Any], None, |_, args| len(arg(args, 0))),
    builtin("index", &[Param::Any], ANY, |_, args| index(args)),
    builtin("slice", &[Param::Any], ANY, |_, args| slice(args)),
    builtin("call", &[Param::Any], ANY, |_, args| {
        Err(Failure::new(match arg(args, 0).data {
            Data::Nil => "call of nil".to_owned(),
            _ => format!("non-function {} of type {}", arg(args, 0), arg(args, 0).type_name()),
        }))
    }),
    builtin("print", &[], ANY, |_, args| Ok(Value::text(sprint_all(args)))),
    builtin("println", &[], ANY, |_, args| Ok(Value::text(sprintln(args)))),
    builtin("printf", &[Param::String], ANY, |_, args| {
        args.iter().try_for_each(weigh)?;
        Ok(Value::text(sprintf(&arg(args, 0).to_text(), args.get(1..).unwrap_or_default())))
    }),
    builtin("html", &[], ANY, |_, args| Ok(Value::text(html_escape(&sprint_all(args))))),
    builtin("js", &[], ANY, |_, args| Ok(Value::text(js_escape(&sprint_all(args))))),
    builtin("urlquery", &[], ANY, |_, args| Ok(Value::text(query_escape(&sprint_all(args))))),
    builtin("eq", &[Param::Any], ANY, |_, args| {
        Ok(Value::of(eq(arg(args, 0), args.get(1..).unwrap_or_default())?))
    }),
    builtin("ne", &[Param::Any, Param::Any], None, |_, args| {
        Ok(Value::of(!eq(arg(args, 0), args.get(1..).unwrap_or_default())?))
    }),
    builtin("lt", &[Param::Any, Param::Any], None, |_, args| order(args, Ordering::is_lt)),
    builtin("le", &[Param::Any, Param::Any], None, |_, args| order(args, Ordering::is_le)),
    builtin("gt", &[Param::Any, Param::Any], None, |_, args| order(args, Ordering::is_gt)),
    builtin("ge", &[Param::Any, Param::Any], None, |_, args| order(args, Ordering::is_ge)),
];

/// An argument. They have been counted, so none is missing.
fn arg(args: &[Value], index: usize) -> &Value {
    const NIL: &Value = &Value::NIL;
    args.get(index).unwrap_or(NIL)
}

fn order(args: &[Value], accepts: fn(Ordering) -> bool) -> Result {
    Ok(Value::of(accepts(less(arg(args, 0), arg(args, 1))?)))
}

fn len(value: &Value) -> Result {
    let len = match &value.data {
        Data::Nil => return Err(Failure::new("len of nil pointer")),
        Data::Str(text) => bytes::len(text),
        Data::Text(text) => bytes::len(text.as_str()),
        Data::List(list) => list.items.len(),
        Data::Map(map) => map.len(),
        Data::Object(object) => match object.items() {
            Some(items) => items.len(),
            None => return Err(Failure::new(format!("len of type {}", object.type_name()))),
        },
        _ => return Err(Failure::new(format!("len of type {}", value.type_name()))),
    };
    Ok(Value::int(len as i64))
}

/// Mirrors `indexArg`, whose callers let the index behind the last item pass, to be caught by reflection.
fn integer_index(value: &Value, len: usize) -> std::result::Result<usize, Failure> {
    let index = match value.data {
        Data::Int(index, _) => index,
        Data::Nil => return Err(Failure::new("cannot index slice/array with nil")),
        _ => return Err(Failure::new(format!("cannot index slice/array with type {}", value.type_name()))),
    };
    usize::try_from(index)
        .ok()
        .filter(|index| *index < len)
        .ok_or_else(|| Failure::new(format!("index out of range: {index}")))
}

fn index(args: &[Value]) -> Result {
    let Some((first, keys)) = args.split_first() else { return Ok(Value::NIL) };
    if first.is_nil() {
        return Err(Failure::new("index of untyped nil"));
    }
    let mut item = first.clone();
    for key in keys {
        let next = match &item.data {
            Data::Nil => return Err(Failure::new("index of nil pointer")),
            Data::List(list) => {
                let index = integer_index(key, list.items.len() + 1)?;
                let item = list.items.get(index).cloned();
                item.ok_or_else(|| Failure::new("reflect: slice index out of range"))?
            }
            Data::Str(_) | Data::Text(_) => {
                let text = bytes::of_text(item.as_str().unwrap_or_default());
                let index = integer_index(key, text.len() + 1)?;
                let byte = text.get(index).copied();
                let byte = byte.ok_or_else(|| Failure::new("reflect: string index out of range"))?;
                Value::of(Data::Int(byte.into(), IntKind::Uint8))
            }
            Data::Map(map) => match key.as_str() {
                Some(key) => map.get(key).unwrap_or_else(|| zero_of(map)),
                None if key.is_nil() => {
                    return Err(Failure::new("value is nil; should be of type string"));
                }
                None => {
                    let name = key.type_name();
                    return Err(Failure::new(format!("value has type {name}; should be string")));
                }
            },
            Data::Object(object) => match (object.items(), key.as_str()) {
                (Some(items), Some(key)) => items
                    .into_iter()
                    .find(|(known, _)| known.as_str() == Some(key))
                    .map_or_else(|| object.missing(), |(_, value)| value),
                (Some(items), None) => {
                    let index = integer_index(key, items.len())?;
                    items.into_iter().nth(index).map(|(_, value)| value).unwrap_or_default()
                }
                _ => return Err(Failure::new(format!("can't index item of type {}", object.type_name()))),
            },
            _ => return Err(Failure::new(format!("can't index item of type {}", item.type_name()))),
        };
        item = next;
    }
    Ok(item)
}

fn zero_of(map: &Map) -> Value {
    if map.kind() == MapKind::String { Value::str("") } else { Value::NIL }
}

fn slice(args: &[Value]) -> Result {
    let Some((item, bounds)) = args.split_first() else { return Ok(Value::NIL) };
    let len = match &item.data {
        Data::Nil => return Err(Failure::new("slice of untyped nil")),
        Data::List(list) => list.items.len(),
        Data::Str(_) | Data::Text(_) => item.as_str().map_or(0, bytes::len),
        _ => return Err(Failure::new(format!("can't slice item of type {}", item.type_name()))),
    };
    if bounds.len() > 3 || (bounds.len() == 3 && item.as_str().is_some()) {
        return Err(Failure::new("too many slice indexes"));
    }
    let mut ends = [0, len];
    for (slot, bound) in ends.iter_mut().zip(bounds) {
        *slot = integer_index(bound, len + 1)?;
    }
    let [start, end] = ends;
    if start > end {
        return Err(Failure::new(format!("invalid slice index: {start} > {end}")));
    }
    match &item.data {
        Data::List(list) => Ok(Value::of(Data::List(super::value::List {
            items: std::rc::Rc::new(list.items.get(start..end).unwrap_or_default().to_vec().into()),
            elem: list.elem,
        }))),
        _ => Ok(Value::text(byte_range(&item.to_text(), start..end))),
    }
}

/// A part of a text by Go's bytes.
pub fn byte_range(text: &Text, range: std::ops::Range<usize>) -> Text {
    let is_plain = !bytes::has_bytes(text.as_str());
    if is_plain && text.as_str().get(range.clone()).is_some() {
        return text.slice(range);
    }
    let whole = bytes::of_text(text.as_str());
    let part = bytes::to_text(whole.get(range).unwrap_or_default());
    Text::of(part, text.first_origin())
}

/// Methods of named map types: Helm's values can be asked for themselves.
pub(super) fn map_method(map: &Map, name: &str) -> Option<Value> {
    match (map.kind(), name) {
        (MapKind::Named(_), "AsMap") => Some(Value::map(map.with_kind(MapKind::Any))),
        _ => None,
    }
}

/// Methods of `time.Duration` and `time.Month`.
pub(super) fn duration_method(value: i64, kind: IntKind, name: &str) -> Option<Value> {
    let text = || Value::str(super::fmt::sprint(&Value::of(Data::Int(value, kind))));
    let per = |unit: i64| Value::of(value as f64 / unit as f64);
    Some(match (kind, name) {
        (_, "String") => text(),
        (IntKind::Duration, "Hours") => per(3_600_000_000_000),
        (IntKind::Duration, "Minutes") => per(60_000_000_000),
        (IntKind::Duration, "Seconds") => per(1_000_000_000),
        (IntKind::Duration, "Milliseconds") => Value::int64(value / 1_000_000),
        (IntKind::Duration, "Microseconds") => Value::int64(value / 1_000),
        (IntKind::Duration, "Nanoseconds") => Value::int64(value),
        _ => return None,
    })
}
