//! What an expression comes to. Mirrors `interpreter.go`.

use std::cmp::Ordering;

use super::functions::{Argument, call};
use super::parse::Expr;
use super::scan::Comparison;
use super::value::Value;
use super::{Steps, Stop};

type Result = std::result::Result<Value, Stop>;

/// A key that is not there is null where another answer can be given.
fn soft(result: Result) -> Result {
    match result {
        Err(Stop::NotFound(_)) => Ok(Value::Null),
        other => other,
    }
}

/// All that fails is null, as for the list of a filter.
fn softest(result: Result) -> Result {
    match result {
        Err(Stop::NotFound(_) | Stop::Failed(_)) => Ok(Value::Null),
        other => other,
    }
}

pub(super) fn run(expr: &Expr, value: &Value, steps: &Steps) -> Result {
    steps.take(1)?;
    if let Value::Unknown(why) = value
        && !matches!(expr, Expr::Literal(_))
    {
        return Err(why.clone().into());
    }
    Ok(match expr {
        Expr::Current => value.clone(),
        Expr::Literal(literal) => literal.clone(),
        Expr::Field(name) => match value {
            Value::Map(map) => {
                let found = map.get(name).cloned().ok_or_else(|| Stop::NotFound(name.clone()))?;
                if let Value::Unknown(why) = found {
                    return Err(why.into());
                }
                found
            }
            _ => Value::Null,
        },
        Expr::Index(index) => match value {
            Value::List(items) => {
                let length = items.len() as i64;
                let index = if *index < 0 { index + length } else { *index };
                usize::try_from(index).ok().and_then(|index| items.get(index).cloned()).unwrap_or(Value::Null)
            }
            _ => Value::Null,
        },
        Expr::Slice(parts) => match value {
            Value::List(items) => slice(items, *parts)?,
            _ => Value::Null,
        },
        Expr::Sub(left, right) => run(right, &run(left, value, steps)?, steps)?,
        Expr::Compare(how, left, right) => {
            let (left, right) = (soft(run(left, value, steps))?, soft(run(right, value, steps))?);
            compare(*how, &left, &right)
        }
        Expr::Or(left, right) => {
            let left = soft(run(left, value, steps))?;
            if left.is_false() { soft(run(right, value, steps))? } else { left }
        }
        Expr::And(left, right) => {
            let left = soft(run(left, value, steps))?;
            if left.is_false() { left } else { run(right, value, steps)? }
        }
        Expr::Not(of) => Value::Bool(soft(run(of, value, steps))?.is_false()),
        Expr::Pipe(left, right) => soft(run(right, &soft(run(left, value, steps))?, steps))?,
        Expr::Reference(_) => return Err(Stop::Failed("a reference stands where none is asked for".into())),
        Expr::Call(name, arguments) => {
            let argument = |argument: &'_ Expr| -> std::result::Result<Value, Stop> {
                match argument {
                    Expr::Reference(_) => Ok(Value::Null),
                    other => soft(run(other, value, steps)),
                }
            };
            let mut values = Vec::with_capacity(arguments.len());
            for it in arguments {
                let value = argument(it)?;
                values.push(match it {
                    Expr::Reference(of) => Argument::Reference(of),
                    _ => Argument::Value(value),
                });
            }
            call(name, &values, steps)?
        }
        Expr::Flatten(of) => match softest(run(of, value, steps))? {
            Value::List(items) => {
                let mut flat = Vec::with_capacity(items.len());
                for item in items.iter() {
                    match item {
                        Value::List(inner) => flat.extend(inner.iter().cloned()),
                        other => flat.push(other.clone()),
                    }
                }
                steps.take(flat.len())?;
                Value::list(flat)
            }
            _ => Value::Null,
        },
        Expr::Projection(list, rest) => match soft(run(list, value, steps))? {
            Value::List(items) => project(items.iter(), rest, None, steps)?,
            _ => Value::Null,
        },
        Expr::Filter(list, rest, condition) => match softest(run(list, value, steps))? {
            Value::List(items) => project(items.iter(), rest, Some(condition), steps)?,
            _ => Value::Null,
        },
        Expr::Values(map, rest) => match softest(run(map, value, steps))? {
            Value::Map(map) => project(map.values(), rest, None, steps)?,
            _ => Value::Null,
        },
        Expr::List(_) | Expr::Map(_) if *value == Value::Null => Value::Null,
        Expr::List(items) => {
            let each = items.iter().map(|item| soft(run(item, value, steps)));
            Value::list(each.collect::<std::result::Result<_, _>>()?)
        }
        Expr::Map(entries) => {
            let each = entries.iter().map(|(name, of)| Ok((name.clone(), soft(run(of, value, steps))?)));
            Value::map(each.collect::<std::result::Result<Vec<_>, Stop>>()?)
        }
    })
}

fn project<'v>(
    items: impl Iterator<Item = &'v Value>,
    rest: &Expr,
    condition: Option<&Expr>,
    steps: &Steps,
) -> Result {
    let mut collected = Vec::new();
    for item in items {
        if let Some(condition) = condition
            && soft(run(condition, item, steps))?.is_false()
        {
            continue;
        }
        match soft(run(rest, item, steps))? {
            Value::Null => {}
            there => collected.push(there),
        }
    }
    Ok(Value::list(collected))
}

fn compare(how: Comparison, left: &Value, right: &Value) -> Value {
    match how {
        Comparison::Equal => return Value::Bool(left == right),
        Comparison::NotEqual => return Value::Bool(left != right),
        _ => {}
    }
    let (Value::Number(left), Value::Number(right)) = (left, right) else { return Value::Null };
    let order = left.partial_cmp(right);
    Value::Bool(match how {
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::More => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

fn slice(items: &[Value], parts: [Option<i64>; 3]) -> Result {
    let length = items.len() as i64;
    let [start, stop, step] = parts;
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Stop::Failed("the step of a slice is 0".to_owned()));
    }
    let cap = |at: i64| {
        if at < 0 {
            let at = at.saturating_add(length);
            if at < 0 { if step < 0 { -1 } else { 0 } } else { at }
        } else if at >= length {
            if step < 0 { length - 1 } else { length }
        } else {
            at
        }
    };
    let mut at = start.map_or(if step < 0 { length - 1 } else { 0 }, cap);
    let stop = stop.map_or(if step < 0 { -1 } else { length }, cap);
    let mut picked = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        picked.extend(usize::try_from(at).ok().and_then(|at| items.get(at).cloned()));
        at = at.saturating_add(step);
    }
    Ok(Value::list(picked))
}
