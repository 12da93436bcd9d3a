//! Lists and sets: `ext.Lists`, `ext.Sets` and Kubernetes' own.

use std::cmp::Ordering;

use super::super::budget::Budget;
use super::super::fault::Fault;
use super::super::tree::Op;
use super::super::value::{List, Value};
use super::{Answer, arithmetic};
use crate::golang::time::Duration;

/// Whether the elements can be put into an order.
pub(in super::super) fn check_order(items: &[Value<'_>]) -> Result<(), Fault> {
    let first = items.first();
    let alike = items.iter().all(|item| first.is_none_or(|first| first.compare(item).is_some()));
    if alike { Ok(()) } else { Err(Fault::unsupported("these elements have no order")) }
}

pub(super) fn call<'a>(
    name: &str,
    target: Option<&Value<'a>>,
    arguments: &[Value<'a>],
    budget: &Budget,
) -> Answer<'a> {
    if let (None, Some(name), [Value::List(a), Value::List(b)]) =
        (target, name.strip_prefix("sets."), arguments)
    {
        return sets(name, a, b, budget);
    }
    if let (None, "lists.range", [Value::Int(count)]) = (target, name, arguments) {
        if *count > 10_000 {
            return Some(Err(Fault::TooCostly));
        }
        return Some(Ok(Value::list((0..*count).map(Value::Int).collect())));
    }
    let Some(Value::List(list)) = target else { return None };
    let items = || list.iter().collect::<Vec<_>>();
    let wrong = || Some(Err(Fault::failed("the list is empty")));
    let index = |at: &Value<'a>| match at {
        Value::Int(at) => usize::try_from(*at).ok(),
        _ => None,
    };
    let value = match (name, arguments) {
        ("isSorted", []) => {
            let items = items();
            if let Err(fault) = check_order(&items) {
                return Some(Err(fault));
            }
            Value::Bool(items.is_sorted_by(|a, b| a.compare(b).is_some_and(Ordering::is_le)))
        }
        ("sum", []) => {
            let mut items = list.iter();
            let Some(mut sum) = items.next() else { return Some(Ok(Value::Int(0))) };
            if matches!(sum, Value::Duration(Duration(_)) | Value::Int(_) | Value::Uint(_) | Value::Double(_))
            {
                for item in items {
                    match arithmetic(Op::Add, &sum, &item)? {
                        Ok(next) => sum = next,
                        Err(fault) => return Some(Err(fault)),
                    }
                }
            } else {
                return None;
            }
            sum
        }
        ("min" | "max", []) => {
            let mut items = list.iter();
            let Some(mut best) = items.next() else { return wrong() };
            for item in items {
                let order = item.compare(&best)?;
                if if name == "min" { order.is_lt() } else { order.is_gt() } {
                    best = item;
                }
            }
            best
        }
        ("indexOf" | "lastIndexOf" | "includes", _)
            if budget.spend_searching(list, times(arguments)).is_err() =>
        {
            return Some(Err(Fault::TooCostly));
        }
        ("indexOf", [of]) => {
            Value::Int(list.iter().position(|item| item.equals(of)).map_or(-1, |at| at as i64))
        }
        ("lastIndexOf", [of]) => {
            Value::Int(items().iter().rposition(|item| item.equals(of)).map_or(-1, |at| at as i64))
        }
        ("first" | "last", []) => {
            let at = if name == "first" { 0 } else { list.len().wrapping_sub(1) };
            Value::Optional(list.get(at).map(std::sync::Arc::new))
        }
        ("reverse", []) => Value::list(items().into_iter().rev().collect()),
        ("slice", [from, to]) => match (index(from), index(to)) {
            (Some(from), Some(to)) if from <= to && to <= list.len() => {
                Value::list(items().into_iter().skip(from).take(to - from).collect())
            }
            _ => return Some(Err(Fault::failed("cannot slice: index out of range"))),
        },
        ("flatten", depth) => {
            let depth = match depth {
                [] => 1,
                [depth] => index(depth)?,
                _ => return None,
            };
            let mut flat = Vec::new();
            flatten(list, depth.min(32), &mut flat);
            Value::list(flat)
        }
        ("distinct", []) => {
            if let Err(fault) = budget.spend_searching(list, list.len()) {
                return Some(Err(fault));
            }
            let mut kept: Vec<Value<'a>> = Vec::new();
            for item in list.iter() {
                if !kept.iter().any(|known| known.equals(&item)) {
                    kept.push(item);
                }
            }
            Value::list(kept)
        }
        ("sort", []) => {
            let mut items = items();
            if let Err(fault) = check_order(&items) {
                return Some(Err(fault));
            }
            items.sort_by(|a, b| a.compare(b).unwrap_or(Ordering::Equal));
            Value::list(items)
        }
        ("includes", [Value::List(of)]) => Value::Bool(of.iter().all(|item| has(list, &item))),
        ("includes", [of]) => Value::Bool(has(list, of)),
        _ => return None,
    };
    Some(Ok(value))
}

/// How many elements are looked for.
fn times(arguments: &[Value<'_>]) -> usize {
    match arguments {
        [Value::List(of)] => of.len(),
        _ => 1,
    }
}

fn has<'a>(list: &List<'a>, value: &Value<'a>) -> bool {
    list.iter().any(|item| item.equals(value))
}

fn flatten<'a>(list: &List<'a>, depth: usize, flat: &mut Vec<Value<'a>>) {
    for item in list.iter() {
        match item {
            Value::List(inner) if depth > 0 => flatten(&inner, depth - 1, flat),
            other => flat.push(other),
        }
    }
}

fn sets<'a>(name: &str, a: &List<'a>, b: &List<'a>, budget: &Budget) -> Answer<'a> {
    let searching = budget.spend_searching(a, b.len()).and_then(|()| budget.spend_searching(b, a.len()));
    if let Err(fault) = searching {
        return Some(Err(fault));
    }
    let within = |a: &List<'a>, b: &List<'a>| b.iter().all(|item| has(a, &item));
    let answer = match name {
        "contains" => within(a, b),
        "equivalent" => within(a, b) && within(b, a),
        "intersects" => a.iter().any(|item| has(b, &item)),
        _ => return None,
    };
    Some(Ok(Value::Bool(answer)))
}
