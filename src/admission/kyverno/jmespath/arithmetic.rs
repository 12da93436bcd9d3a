//! Arithmetic of numbers, quantities and durations. Mirrors `arithmetic.go` of `pkg/engine/jmespath`.

use crate::cel::Quantity;
use crate::golang::time::Duration;

use super::Stop;
use super::functions::{Result, failed};
use super::value::Value;

#[derive(Debug, Clone)]
enum Operand<'v> {
    Number(f64),
    Duration(Duration),
    /// With how it was written, which decides how sums are.
    Quantity(Quantity, &'v str),
}

fn operand(value: &Value) -> std::result::Result<Operand<'_>, Stop> {
    match value {
        Value::Number(number) => Ok(Operand::Number(*number)),
        Value::Text(text) => match (Quantity::parse(text), Duration::parse(text)) {
            (Some(quantity), _) => Ok(Operand::Quantity(quantity, text)),
            (None, Ok(duration)) => Ok(Operand::Duration(duration)),
            (None, Err(_)) => failed(format!("`{text}` is no operand")),
        },
        Value::Unknown(why) => Err(why.clone().into()),
        _ => failed("an operand is none"),
    }
}

fn written(quantity: Option<Quantity>, like: &str) -> Result {
    match quantity {
        Some(quantity) => Ok(Value::text(quantity.written_like(like))),
        None => Err(Stop::Unsupported("a quantity is too large".to_owned())),
    }
}

fn of_seconds(seconds: f64) -> Value {
    Value::text(Duration((seconds * 1e9) as i64).to_string())
}

pub(super) fn sum(items: &[Value]) -> Result {
    let Some((first, rest)) = items.split_first() else { return failed("`sum` takes one element at least") };
    rest.iter().try_fold(first.clone(), |sum, item| apply("add", &sum, item))
}

pub(super) fn apply(name: &str, left: &Value, right: &Value) -> Result {
    use Operand::{Duration as Time, Number, Quantity as Amount};
    let (left, right) = (operand(left)?, operand(right)?);
    let is_zero = match &right {
        Number(number) => *number == 0.0,
        Time(duration) => duration.0 == 0,
        Amount(quantity, _) => quantity.nano() == 0,
    };
    if matches!(name, "divide" | "modulo") && is_zero {
        return failed("division by zero");
    }
    let long = |duration: Option<i64>| match duration {
        Some(nanoseconds) => Ok(Value::text(Duration(nanoseconds).to_string())),
        None => Err(Stop::Unsupported("a duration is too long".to_owned())),
    };
    match (name, left, right) {
        ("add", Number(a), Number(b)) => Ok(Value::Number(a + b)),
        ("add", Time(a), Time(b)) => long(a.0.checked_add(b.0)),
        ("add", Amount(a, like), Amount(b, _)) => written(a.plus(b), like),
        ("subtract", Number(a), Number(b)) => Ok(Value::Number(a - b)),
        ("subtract", Time(a), Time(b)) => long(a.0.checked_sub(b.0)),
        ("subtract", Amount(a, like), Amount(b, _)) => written(a.minus(b), like),
        ("multiply", Number(a), Number(b)) => Ok(Value::Number(a * b)),
        ("multiply", Time(a), Number(b)) | ("multiply", Number(b), Time(a)) => {
            Ok(of_seconds(a.seconds() * b))
        }
        ("divide", Number(a), Number(b)) => Ok(Value::Number(a / b)),
        ("divide", Time(a), Time(b)) => Ok(Value::Number(a.seconds() / b.seconds())),
        ("divide", Time(a), Number(b)) => Ok(of_seconds(a.seconds() / b)),
        ("divide", Amount(a, _), Amount(b, _)) => Ok(Value::Number(a.nano() as f64 / b.nano() as f64)),
        ("modulo", Number(a), Number(b)) if a.fract() == 0.0 && b.fract() == 0.0 => Ok(Value::Number(a % b)),
        ("modulo", Number(_), Number(_)) => failed("`modulo` takes whole numbers"),
        ("modulo", Time(a), Time(b)) => long(a.0.checked_rem(b.0)),
        ("multiply" | "divide", Amount(..), Number(_)) | ("multiply", Number(_), Amount(..)) => {
            Err(Stop::Unsupported(format!("`{name}` of a quantity and a number")))
        }
        ("modulo", Amount(..), Amount(..)) => Err(Stop::Unsupported("`modulo` of quantities".to_owned())),
        _ => failed(format!("`{name}` takes operands of one type")),
    }
}
