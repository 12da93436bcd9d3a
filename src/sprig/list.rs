//! Lists: sprig's `list.go`.

use std::rc::Rc;

use crate::gotemplate::{Data, Elem, Equality, Failure, Function, List, Param, Value};

use super::args::{Result, arg, fixed, rest, to_int64, variadic};
use super::defaults::is_empty;

use Param::{Any, Int};

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    variadic("list", &[], Any, |_, args| Ok(Value::list(args.to_vec()))),
    variadic("tuple", &[], Any, |_, args| Ok(Value::list(args.to_vec()))),
    fixed("first", &[Any], |_, args| Ok(items("first", arg(args, 0))?.first().cloned().unwrap_or_default())),
    fixed("mustFirst", &[Any], |_, args| {
        Ok(items("first", arg(args, 0))?.first().cloned().unwrap_or_default())
    }),
    fixed("last", &[Any], |_, args| Ok(items("last", arg(args, 0))?.last().cloned().unwrap_or_default())),
    fixed("mustLast", &[Any], |_, args| Ok(items("last", arg(args, 0))?.last().cloned().unwrap_or_default())),
    fixed("rest", &[Any], |_, args| tail(args)),
    fixed("mustRest", &[Any], |_, args| tail(args)),
    fixed("initial", &[Any], |_, args| initial(args)),
    fixed("mustInitial", &[Any], |_, args| initial(args)),
    fixed("append", &[Any, Any], |_, args| append(args)),
    fixed("push", &[Any, Any], |_, args| append(args)),
    fixed("mustAppend", &[Any, Any], |_, args| append(args)),
    fixed("mustPush", &[Any, Any], |_, args| append(args)),
    fixed("prepend", &[Any, Any], |_, args| prepend(args)),
    fixed("mustPrepend", &[Any, Any], |_, args| prepend(args)),
    variadic("concat", &[], Any, |_, args| {
        let mut all = Vec::new();
        for list in args {
            all.extend(items("concat", list)?);
        }
        Ok(if all.is_empty() { Value::nil_list(Elem::Any) } else { Value::list(all) })
    }),
    fixed("reverse", &[Any], |_, args| reverse(args)),
    fixed("mustReverse", &[Any], |_, args| reverse(args)),
    fixed("compact", &[Any], |_, args| compact(args)),
    fixed("mustCompact", &[Any], |_, args| compact(args)),
    fixed("uniq", &[Any], |_, args| uniq(args)),
    fixed("mustUniq", &[Any], |_, args| uniq(args)),
    variadic("without", &[Any], Any, |_, args| without(args)),
    variadic("mustWithout", &[Any], Any, |_, args| without(args)),
    fixed("has", &[Any, Any], |_, args| has(args)),
    fixed("mustHas", &[Any, Any], |_, args| has(args)),
    variadic("slice", &[Any], Any, |_, args| slice(args)),
    variadic("mustSlice", &[Any], Any, |_, args| slice(args)),
    fixed("chunk", &[Int, Any], |_, args| chunk(args)),
    fixed("mustChunk", &[Int, Any], |_, args| chunk(args)),
];

/// The items of a list argument, or what Go's reflection says of others.
fn items(what: &str, value: &Value) -> Result<Vec<Value>> {
    match &value.data {
        Data::List(list) => Ok(list.items.to_vec()),
        Data::Nil => Err(Failure::new("runtime error: invalid memory address or nil pointer dereference")),
        _ => Err(Failure::new(match what {
            "concat" => format!("Cannot concat type {} as list", value.kind_name()),
            "chunk" => format!("Cannot chunk type {}", value.kind_name()),
            "slice" => format!("list should be type of slice or array but {}", value.kind_name()),
            "push" | "prepend" | "compact" => format!("Cannot {what} on type {}", value.kind_name()),
            _ => format!("Cannot find {what} on type {}", value.kind_name()),
        })),
    }
}

fn tail(args: &[Value]) -> Result {
    let list = items("rest", arg(args, 0))?;
    Ok(match list.split_first() {
        Some((_, rest)) => Value::list(rest.to_vec()),
        None => Value::nil_list(Elem::Any),
    })
}

fn initial(args: &[Value]) -> Result {
    let list = items("initial", arg(args, 0))?;
    Ok(match list.split_last() {
        Some((_, before)) => Value::list(before.to_vec()),
        None => Value::nil_list(Elem::Any),
    })
}

fn append(args: &[Value]) -> Result {
    let mut list = items("push", arg(args, 0))?;
    list.push(arg(args, 1).clone());
    Ok(Value::list(list))
}

fn prepend(args: &[Value]) -> Result {
    let mut list = vec![arg(args, 1).clone()];
    list.extend(items("prepend", arg(args, 0))?);
    Ok(Value::list(list))
}

fn reverse(args: &[Value]) -> Result {
    let mut list = items("reverse", arg(args, 0))?;
    list.reverse();
    Ok(Value::list(list))
}

fn compact(args: &[Value]) -> Result {
    let mut list = items("compact", arg(args, 0))?;
    list.retain(|item| !is_empty(item));
    Ok(Value::list(list))
}

fn has_equal(list: &[Value], wanted: &Value, equality: &mut Equality) -> Result<bool> {
    for item in list {
        if equality.holds(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(args: &[Value]) -> Result {
    let mut unique: Vec<Value> = Vec::new();
    let mut equality = Equality::default();
    for item in items("uniq", arg(args, 0))? {
        if !has_equal(&unique, &item, &mut equality)? {
            unique.push(item);
        }
    }
    Ok(Value::list(unique))
}

fn without(args: &[Value]) -> Result {
    let mut kept = Vec::new();
    let mut equality = Equality::default();
    for item in items("without", arg(args, 0))? {
        if !has_equal(rest(args, 1), &item, &mut equality)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn has(args: &[Value]) -> Result {
    if arg(args, 1).is_nil() {
        return Ok(Value::of(false));
    }
    let list = items("has", arg(args, 1))?;
    Ok(Value::of(has_equal(&list, arg(args, 0), &mut Equality::default())?))
}

fn slice(args: &[Value]) -> Result {
    let list = items("slice", arg(args, 0))?;
    let elem = match &arg(args, 0).data {
        Data::List(list) => list.elem,
        _ => Elem::Any,
    };
    if list.is_empty() {
        return Ok(Value::NIL);
    }
    let start = args.get(1).map_or(0, to_int64);
    let end = args.get(2).map_or(list.len() as i64, to_int64);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match range.and_then(|(start, end)| list.get(start..end)) {
        Some(part) => Ok(Value::of(Data::List(List { items: Rc::new(part.to_vec().into()), elem }))),
        None => Err(Failure::new("reflect.Value.Slice: slice index out of bounds")),
    }
}

fn chunk(args: &[Value]) -> Result {
    let list = items("chunk", arg(args, 1))?;
    let size = to_int64(arg(args, 0));
    let Ok(size @ 1..) = usize::try_from(size) else {
        // A negative size makes a negative number of lists, or none where it rounds to that.
        if size < 0 && (2..=size.unsigned_abs().saturating_add(1)).contains(&(list.len() as u64)) {
            return Ok(Value::of(Data::List(List { items: Rc::default(), elem: Elem::Lists })));
        }
        return Err(Failure::new("runtime error: makeslice: len out of range"));
    };
    let chunks = list.chunks(size).map(|part| Value::list(part.to_vec())).collect();
    Ok(Value::of(Data::List(List { items: Rc::new(chunks), elem: Elem::Lists })))
}

#[cfg(test)]
mod tests {
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/list.jsonl"));
    }
}
