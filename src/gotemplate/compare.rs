//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`.
//!
//! Mirrors `text/template/funcs.go`: basic kinds must match, integers of any width do, integers and floats do not.

use std::cmp::Ordering;

use super::failure::Failure;
use super::value::{Data, IntKind, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    String,
}

fn basic(value: &Value) -> Option<Basic> {
    match value.data {
        Data::Bool(_) => Some(Basic::Bool),
        Data::Int(_, IntKind::Uint8 | IntKind::Uint32 | IntKind::Uint64) => Some(Basic::Uint),
        Data::Int(..) => Some(Basic::Int),
        Data::Float(_) => Some(Basic::Float),
        Data::Str(_) | Data::Text(_) => Some(Basic::String),
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> Failure {
    let name = |value: &Value| match value.data {
        Data::Nil => "invalid type".to_owned(),
        _ => value.type_name(),
    };
    Failure::new(format!("incompatible types for comparison: {} and {}", name(a), name(b)))
}

/// Whether the first value equals any of the others.
pub(super) fn eq(first: &Value, others: &[Value]) -> Result<bool, Failure> {
    if others.is_empty() {
        return Err(Failure::new("missing argument for comparison"));
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn comparable(value: &Value) -> bool {
    !matches!(value.data, Data::List(_) | Data::Map(_))
}

fn equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    match (basic(a), basic(b)) {
        (Some(Basic::Int), Some(Basic::Uint)) => {
            Ok(a.as_int().is_some_and(|a| a >= 0) && a.as_int() == b.as_int())
        }
        (Some(Basic::Uint), Some(Basic::Int)) => {
            Ok(b.as_int().is_some_and(|b| b >= 0) && a.as_int() == b.as_int())
        }
        (Some(kind), Some(other)) if kind != other => Err(incompatible(a, b)),
        (Some(Basic::Bool), _) => Ok(a.as_bool() == b.as_bool() && b.as_bool().is_some()),
        (Some(Basic::Float), Some(_)) => {
            Ok(matches!((&a.data, &b.data), (Data::Float(a), Data::Float(b)) if a == b))
        }
        (Some(Basic::String), Some(_)) => Ok(a.as_str() == b.as_str()),
        (Some(Basic::Int | Basic::Uint), Some(_)) => Ok(a.as_int() == b.as_int()),
        _ if a.is_nil() || b.is_nil() => Ok(a.is_nil() && b.is_nil()),
        (None, None) if a.kind_name() != b.kind_name() => {
            let (a, of, and) = (a, a.type_name(), b.type_name());
            Err(Failure::new(format!("non-comparable types {a}: {of}, {and}: {b}")))
        }
        (None, None) if !comparable(b) => {
            Err(Failure::new(format!("non-comparable type {b}: {}", b.type_name())))
        }
        (None, None) => Equality::default().holds(a, b),
        _ => Err(incompatible(a, b)),
    }
}

/// Go's `reflect.DeepEqual`, where types count, for a bounded number of values.
pub struct Equality {
    left: u32,
}

impl Default for Equality {
    fn default() -> Self {
        Self { left: 10_000_000 }
    }
}

impl Equality {
    /// Whether two values are equal.
    ///
    /// # Errors
    ///
    /// If more values have been compared than a real chart does.
    pub fn holds(&mut self, a: &Value, b: &Value) -> Result<bool, Failure> {
        self.within(a, b, 0)
    }

    fn within(&mut self, a: &Value, b: &Value, depth: usize) -> Result<bool, Failure> {
        self.left = self
            .left
            .checked_sub(1)
            .filter(|_| depth < 1000)
            .ok_or_else(|| Failure::limit("gave up on comparing values of this size"))?;
        Ok(match (&a.data, &b.data) {
            (Data::Nil, Data::Nil) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a, ka), Data::Int(b, kb)) => a == b && ka == kb,
            (Data::Float(a), Data::Float(b)) => a == b,
            (Data::Str(_) | Data::Text(_), Data::Str(_) | Data::Text(_)) => a.as_str() == b.as_str(),
            (Data::List(a), Data::List(b))
                if a.elem == b.elem
                    && a.items.len() == b.items.len()
                    && a.items.is_nil() == b.items.is_nil() =>
            {
                if std::rc::Rc::ptr_eq(&a.items, &b.items) {
                    return Ok(true);
                }
                for (a, b) in a.items.iter().zip(b.items.iter()) {
                    if !self.within(a, b, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Data::Map(a), Data::Map(b))
                if a.kind() == b.kind() && a.len() == b.len() && a.is_nil() == b.is_nil() =>
            {
                if a.is(b) {
                    return Ok(true);
                }
                for ((ka, a), (kb, b)) in a.entries().iter().zip(b.entries()) {
                    if *ka != kb || !self.within(&a.value, &b.value, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Data::Object(a), Data::Object(b)) => a.type_name() == b.type_name() && a.print() == b.print(),
            _ => false,
        })
    }
}

/// The order of two values of one basic kind.
pub(super) fn less(a: &Value, b: &Value) -> Result<Ordering, Failure> {
    let invalid = || Failure::new("invalid type for comparison");
    match (basic(a).ok_or_else(invalid)?, basic(b).ok_or_else(invalid)?) {
        (Basic::Int, Basic::Uint | Basic::Int) | (Basic::Uint, Basic::Int) => Ok(a.as_int().cmp(&b.as_int())),
        (Basic::Uint, Basic::Uint) => {
            Ok(a.as_int().map(|value| value as u64).cmp(&b.as_int().map(|value| value as u64)))
        }
        (kind, other) if kind != other => Err(incompatible(a, b)),
        (Basic::Float, _) => match (&a.data, &b.data) {
            // NaN is neither less nor equal; `Greater` makes both `lt` and `le` false.
            (Data::Float(a), Data::Float(b)) => Ok(a.partial_cmp(b).unwrap_or(Ordering::Greater)),
            _ => Err(invalid()),
        },
        (Basic::String, _) => Ok(a.as_str().cmp(&b.as_str())),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_as_go_does() {
        let int64 = Value::int64(5);
        assert_eq!(eq(&Value::int(5), &[Value::int(4), int64]), Ok(true));
        let message = |result: Result<bool, Failure>| result.unwrap_err().message;
        assert_eq!(
            message(eq(&Value::of(5.0), &[Value::int(5)])),
            "incompatible types for comparison: float64 and int"
        );
        assert_eq!(eq(&Value::NIL, &[Value::NIL]), Ok(true));
        assert_eq!(eq(&Value::NIL, &[Value::str("x")]), Ok(false));
        assert_eq!(eq(&Value::list(vec![]), &[Value::NIL]), Ok(false));
        assert!(message(eq(&Value::list(vec![]), &[Value::int(1)])).starts_with("incompatible types"));
        assert!(
            message(eq(&Value::list(vec![]), &[Value::list(vec![])])).starts_with("non-comparable type []")
        );
        assert_eq!(less(&Value::str("a"), &Value::str("b")), Ok(Ordering::Less));
        assert_eq!(
            less(&Value::of(true), &Value::of(false)).unwrap_err().message,
            "invalid type for comparison"
        );
    }
}
