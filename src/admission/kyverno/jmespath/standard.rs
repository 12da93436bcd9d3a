//! The functions of JMESPath itself. Mirrors `functions.go`.

use super::functions::{Arguments, Result, failed};
use super::value::Value;
use super::{Steps, Stop, eval};
use crate::golang::strconv::parse_float;

/// A list of numbers alone.
fn numbers(items: &[Value]) -> Option<Vec<f64>> {
    let number = |item: &Value| match item {
        Value::Number(number) => Some(*number),
        _ => None,
    };
    items.iter().map(number).collect()
}

/// A list of texts alone.
fn texts(items: &[Value]) -> Option<Vec<&str>> {
    items.iter().map(|item| item.as_text().map(smol_str::SmolStr::as_str)).collect()
}

pub(super) fn call(name: &str, it: &Arguments<'_, '_>, steps: &Steps) -> Result {
    Ok(match name {
        "length" => Value::Number(match it.value(0)? {
            Value::Text(text) => text.chars().count(),
            Value::List(items) => items.len(),
            Value::Map(map) => map.len(),
            _ => return failed("`length` takes a string, an array or an object"),
        } as f64),
        "abs" => Value::Number(it.number(0)?.abs()),
        "ceil" => Value::Number(it.number(0)?.ceil()),
        "floor" => Value::Number(it.number(0)?.floor()),
        "avg" => match numbers(it.list(0)?) {
            Some(all) => Value::Number(all.iter().sum::<f64>() / all.len() as f64),
            None => return failed("`avg` takes numbers"),
        },
        "starts_with" => Value::Bool(it.text(0)?.starts_with(it.text(1)?)),
        "ends_with" => Value::Bool(it.text(0)?.ends_with(it.text(1)?)),
        "contains" => match (it.value(0)?, it.value(1)?) {
            (Value::Text(text), Value::Text(part)) => Value::Bool(text.contains(part.as_str())),
            (Value::Text(_), _) => Value::Bool(false),
            // Go panics when it compares these with `==`.
            (Value::List(_), Value::List(_) | Value::Map(_)) => {
                return Err(Stop::Unsupported("`contains` looks for a list or map".to_owned()));
            }
            (Value::List(items), item) => Value::Bool(items.contains(item)),
            _ => return failed("`contains` takes an array or a string"),
        },
        "join" => match texts(it.list(1)?) {
            Some(all) => Value::text(all.join(it.text(0)?)),
            None => return failed("`join` takes strings"),
        },
        "keys" => Value::list(it.map(0)?.keys().cloned().map(Value::Text).collect()),
        "values" => Value::list(it.map(0)?.values().cloned().collect()),
        "merge" => {
            let mut merged = it.map(0)?.clone();
            for index in 1..it.len() {
                merged.extend(it.map(index)?.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            Value::map(merged)
        }
        "not_null" => {
            for index in 0..it.len() {
                let value = it.value(index)?;
                if *value != Value::Null {
                    return Ok(value.clone());
                }
            }
            Value::Null
        }
        "reverse" => match it.value(0)? {
            Value::Text(text) => Value::text(text.chars().rev().collect::<String>()),
            Value::List(items) => Value::list(items.iter().rev().cloned().collect()),
            _ => return failed("`reverse` takes an array or a string"),
        },
        "to_array" => match it.value(0)? {
            list @ Value::List(_) => list.clone(),
            other => Value::list(vec![other.clone()]),
        },
        "to_string" => match it.value(0)? {
            text @ Value::Text(_) => text.clone(),
            other => Value::text(other.to_json()?),
        },
        "to_number" => match it.value(0)? {
            number @ Value::Number(_) => number.clone(),
            Value::Text(text) => parse_float(text, 64).map_or(Value::Null, Value::Number),
            _ => Value::Null,
        },
        "type" => Value::text(match it.value(0)? {
            Value::Null | Value::Unknown(_) => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::Text(_) => "string",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        }),
        "max" | "min" | "sort" => ordered(name, it.list(0)?)?,
        "map" => {
            let of = it.reference(0)?;
            let each = it.list(1)?.iter().map(|item| match eval::run(of, item, steps) {
                Err(Stop::NotFound(_)) => Ok(Value::Null),
                other => other,
            });
            Value::list(each.collect::<std::result::Result<_, _>>()?)
        }
        "max_by" | "min_by" | "sort_by" => by(name, it, steps)?,
        other => return failed(format!("there is no function `{other}`")),
    })
}

fn ordered(name: &str, items: &[Value]) -> Result {
    let mut sorted = items.to_vec();
    if numbers(items).is_none() && texts(items).is_none() {
        return failed(format!("`{name}` takes numbers or strings"));
    }
    sorted.sort_by(order);
    Ok(match name {
        "sort" => Value::list(sorted),
        "min" => sorted.first().cloned().unwrap_or(Value::Null),
        _ => sorted.last().cloned().unwrap_or(Value::Null),
    })
}

fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    }
}

fn by(name: &str, it: &Arguments<'_, '_>, steps: &Steps) -> Result {
    let (items, of) = (it.list(0)?, it.reference(1)?);
    if items.len() < 2 {
        return Ok(match name {
            "sort_by" => Value::list(items.to_vec()),
            _ => items.first().cloned().unwrap_or(Value::Null),
        });
    }
    let key = |item: &Value| match eval::run(of, item, steps) {
        Err(Stop::NotFound(_)) => Ok(Value::Null),
        other => other,
    };
    let keyed = items.iter().map(|item| Ok((key(item)?, item.clone())));
    let mut keyed: Vec<(Value, Value)> = keyed.collect::<std::result::Result<_, Stop>>()?;
    let keys: Vec<Value> = keyed.iter().map(|(key, _)| key.clone()).collect();
    if numbers(&keys).is_none() && texts(&keys).is_none() {
        return failed(format!("`{name}` takes numbers or strings"));
    }
    if name == "sort_by" {
        keyed.sort_by(|(a, _), (b, _)| order(a, b));
        return Ok(Value::list(keyed.into_iter().map(|(_, item)| item).collect()));
    }
    // The first of several that are the same.
    let wanted = if name == "max_by" { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less };
    let best = keyed.iter().reduce(|best, next| if order(&next.0, &best.0) == wanted { next } else { best });
    Ok(best.map_or(Value::Null, |(_, item)| item.clone()))
}
