//! Numbers: arithmetic, conversions, `math`.

use crate::golang::strconv;

use super::super::budget::Budget;
use super::super::fault::Fault;
use super::super::tree::Op;
use super::super::value::{List, Map, Value};
use super::{Answer, times};

fn overflow<T>() -> Result<T, Fault> {
    Err(Fault::failed("integer overflow"))
}

/// One of these operators over whole numbers of one type, which has no trait for all five.
macro_rules! checked {
    ($op:expr, $a:expr, $b:expr) => {{
        if *$b == 0 && matches!($op, Op::Divide | Op::Modulo) {
            Err(Fault::failed("division by zero"))
        } else {
            let made = match $op {
                Op::Add => $a.checked_add(*$b),
                Op::Subtract => $a.checked_sub(*$b),
                Op::Multiply => $a.checked_mul(*$b),
                Op::Divide => $a.checked_div(*$b),
                _ => $a.checked_rem(*$b),
            };
            made.map_or_else(overflow, Ok)
        }
    }};
}

/// `+ - * / %`; `None` where the operator does not know the operands.
pub(in super::super) fn arithmetic<'a>(op: Op, left: &Value<'a>, right: &Value<'a>) -> Answer<'a> {
    let value = match (left, right) {
        (Value::Int(a), Value::Int(b)) => {
            return Some(checked!(op, a, b).map(Value::Int));
        }
        (Value::Uint(a), Value::Uint(b)) => {
            return Some(checked!(op, a, b).map(Value::Uint));
        }
        (Value::Double(a), Value::Double(b)) => Value::Double(match op {
            Op::Add => a + b,
            Op::Subtract => a - b,
            Op::Multiply => a * b,
            Op::Divide => a / b,
            _ => return None,
        }),
        (Value::Text(a), Value::Text(b)) if op == Op::Add => {
            if a.len() + b.len() > 1 << 20 {
                return Some(Err(Fault::TooCostly));
            }
            Value::text(format!("{a}{b}"))
        }
        (Value::Bytes(a), Value::Bytes(b)) if op == Op::Add => Value::Bytes([&**a, &**b].concat().into()),
        (Value::List(a), Value::List(b)) if op == Op::Add => {
            if let List::Nodes(_, Some(shape)) = a
                && shape.is_set()
            {
                return Some(Err(Fault::unsupported("sums of sets are not known")));
            }
            if a.len() + b.len() > 100_000 {
                return Some(Err(Fault::TooCostly));
            }
            Value::list(a.iter().chain(b.iter()).collect())
        }
        (Value::Map(Map::Made(_)), _) => return None,
        _ => return times::arithmetic(op, left, right),
    };
    Some(Ok(value))
}

pub(super) fn call<'a>(
    name: &str,
    target: Option<&Value<'a>>,
    arguments: &[Value<'a>],
    _: &Budget,
) -> Answer<'a> {
    if target.is_some() {
        return None;
    }
    let range = || Err(Fault::failed("range error"));
    let value = match (name, arguments) {
        ("bool", [Value::Bool(flag)]) => Value::Bool(*flag),
        ("bool", [Value::Text(text)]) => match strconv::parse_bool(text) {
            Ok(flag) => Value::Bool(flag),
            Err(_) => return Some(Err(Fault::failed(format!("`{text}` is no bool")))),
        },
        ("int", [value]) => {
            let made = match value {
                Value::Int(value) => Some(*value),
                Value::Uint(value) => i64::try_from(*value).ok(),
                Value::Double(value) if value.abs() < 9.223_372_036_854_775e18 => Some(*value as i64),
                Value::Double(_) => None,
                Value::Text(text) => text.parse().ok(),
                Value::Time(time) => Some(time.unix_seconds()),
                Value::Duration(duration) => Some(duration.0),
                _ => return None,
            };
            return Some(made.map_or_else(range, |value| Ok(Value::Int(value))));
        }
        ("uint", [value]) => {
            let made = match value {
                Value::Uint(value) => Some(*value),
                Value::Int(value) => u64::try_from(*value).ok(),
                Value::Double(value) if *value >= 0.0 && *value < 1.844_674_407_370_955e19 => {
                    Some(*value as u64)
                }
                Value::Double(_) => None,
                Value::Text(text) => text.parse().ok(),
                _ => return None,
            };
            return Some(made.map_or_else(range, |value| Ok(Value::Uint(value))));
        }
        ("double", [value]) => match value {
            Value::Double(value) => Value::Double(*value),
            Value::Int(value) => Value::Double(*value as f64),
            Value::Uint(value) => Value::Double(*value as f64),
            Value::Text(text) => match text.parse() {
                Ok(value) => Value::Double(value),
                Err(_) => return Some(range()),
            },
            _ => return None,
        },
        ("math.greatest" | "math.least", values) => {
            let values: Vec<Value<'a>> = match values {
                [Value::List(list)] => list.iter().collect(),
                values => values.to_vec(),
            };
            let least = name == "math.least";
            let better = |new: &Value<'a>, old: &Value<'a>| {
                new.compare(old).map(|order| if least { order.is_lt() } else { order.is_gt() })
            };
            let mut best = values.first()?.clone();
            for value in values.iter().skip(1) {
                if better(value, &best)? {
                    best = value.clone();
                }
            }
            best
        }
        _ => return None,
    };
    Some(Ok(value))
}
