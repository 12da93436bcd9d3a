//! Times and durations.

use crate::golang::time::{Duration, Time};

use super::super::budget::Budget;
use super::super::fault::Fault;
use super::super::tree::Op;
use super::super::value::Value;
use super::Answer;

pub(super) fn arithmetic<'a>(op: Op, left: &Value<'a>, right: &Value<'a>) -> Answer<'a> {
    let value = match (op, left, right) {
        (Op::Add, Value::Duration(a), Value::Duration(b)) => Value::Duration(Duration(a.0.checked_add(b.0)?)),
        (Op::Subtract, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(Duration(a.0.checked_sub(b.0)?))
        }
        (Op::Add, Value::Time(time), Value::Duration(by))
        | (Op::Add, Value::Duration(by), Value::Time(time)) => Value::Time(time.add(*by)),
        (Op::Subtract, Value::Time(time), Value::Duration(by)) => {
            Value::Time(time.add(Duration(by.0.checked_neg()?)))
        }
        (Op::Subtract, Value::Time(a), Value::Time(b)) => Value::Duration(a.since(b)),
        _ => return None,
    };
    Some(Ok(value))
}

pub(super) fn call<'a>(
    name: &str,
    target: Option<&Value<'a>>,
    arguments: &[Value<'a>],
    _: &Budget,
) -> Answer<'a> {
    let value = match (name, target, arguments) {
        ("duration", None, [Value::Duration(value)]) => Value::Duration(*value),
        ("duration", None, [Value::Text(text)]) => match Duration::parse(text) {
            Ok(value) => Value::Duration(value),
            Err(error) => return Some(Err(Fault::failed(error.to_string()))),
        },
        ("timestamp", None, [Value::Time(value)]) => Value::Time(value.clone()),
        ("timestamp", None, [Value::Int(seconds)]) => Value::Time(Time::unix(*seconds, 0)),
        ("timestamp", None, [Value::Text(text)]) => match Time::parse("2006-01-02T15:04:05Z07:00", text) {
            Ok(value) => Value::Time(value),
            Err(error) => return Some(Err(Fault::failed(error.to_string()))),
        },
        (_, Some(Value::Duration(value)), []) => Value::Int(match name {
            "getHours" => value.0 / 3_600_000_000_000,
            "getMinutes" => value.0 / 60_000_000_000,
            "getSeconds" => value.0 / 1_000_000_000,
            "getMilliseconds" => value.0 / 1_000_000 % 1000,
            _ => return None,
        }),
        (_, Some(Value::Time(value)), []) => {
            let time = value.utc();
            let civil = time.civil();
            Value::Int(match name {
                "getFullYear" => civil.year,
                "getMonth" => i64::from(civil.month) - 1,
                "getDate" => i64::from(civil.day),
                "getDayOfMonth" => i64::from(civil.day) - 1,
                "getDayOfYear" => i64::from(time.year_day()) - 1,
                "getDayOfWeek" => time.week_day() as i64,
                "getHours" => i64::from(civil.hour),
                "getMinutes" => i64::from(civil.minute),
                "getSeconds" => i64::from(civil.second),
                "getMilliseconds" => i64::from(time.nanosecond() / 1_000_000),
                _ => return None,
            })
        }
        _ => return None,
    };
    Some(Ok(value))
}
