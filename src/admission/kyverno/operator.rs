//! The operators of conditions. Mirrors `pkg/engine/variables/operator`.

use crate::cel::Quantity;
use crate::golang::semver::Version;
use crate::golang::strconv::parse_float;
use crate::golang::time::Duration;

use smol_str::SmolStr;

use super::jmespath::{Stop, Value};
use super::scalar::{in_range, is_range, wildcard};

type Answer = Result<bool, Stop>;

/// Whether `key OPERATOR value` holds.
pub(super) fn holds(operator: &str, key: &Value, value: &Value) -> Answer {
    if let Value::Unknown(why) = key {
        return Err(why.clone().into());
    }
    if let Value::Unknown(why) = value {
        return Err(why.clone().into());
    }
    Ok(match operator.to_lowercase().as_str() {
        "equal" | "equals" => equal(key, value),
        // Null is neither equal nor unequal to anything.
        "notequal" | "notequals" => *key != Value::Null && !equal(key, value),
        "anyin" => listed(key, value, Quantor::Any)?.unwrap_or(false),
        "allin" => listed(key, value, Quantor::All)?.unwrap_or(false),
        "anynotin" => listed(key, value, Quantor::AnyNot)?.unwrap_or(false),
        "allnotin" => listed(key, value, Quantor::AllNot)?.unwrap_or(false),
        "in" => old_listed(key, value, false)?.unwrap_or(false),
        "notin" => old_listed(key, value, true)?.unwrap_or(false),
        "greaterthan" => ordered(key, value, Order::More),
        "greaterthanorequals" => ordered(key, value, Order::MoreEqual),
        "lessthan" => ordered(key, value, Order::Less),
        "lessthanorequals" => ordered(key, value, Order::LessEqual),
        "durationgreaterthan" => timed(key, value, Order::More),
        "durationgreaterthanorequals" => timed(key, value, Order::MoreEqual),
        "durationlessthan" => timed(key, value, Order::Less),
        "durationlessthanorequals" => timed(key, value, Order::LessEqual),
        other => return Err(Stop::Failed(format!("there is no operator `{other}`"))),
    })
}

/// The seconds of both, where one at least is written as a duration.
fn durations(key: &Value, value: &Value) -> Option<(f64, f64)> {
    let written = |value: &Value| {
        let text = value.as_text().filter(|text| *text != "0")?;
        Duration::parse(text).ok().map(Duration::seconds)
    };
    let seconds = |value: &Value| match value {
        Value::Number(number) => Some(number.trunc()),
        other => written(other),
    };
    if written(key).is_none() && written(value).is_none() {
        return None;
    }
    Some((seconds(key)?, seconds(value)?))
}

fn equal(key: &Value, value: &Value) -> bool {
    match (key, value) {
        (Value::Text(text), _) => {
            if let Some((key, value)) = durations(key, value) {
                return key == value;
            }
            let Value::Text(wanted) = value else { return false };
            if let Some(quantity) = Quantity::parse(text) {
                // An empty text is compared as such where inequality is asked, and is no quantity where equality is.
                return Quantity::parse(wanted) == Some(quantity);
            }
            wildcard(wanted, text)
        }
        (Value::Number(number), Value::Text(text)) => parse_float(text, 64) == Ok(*number),
        (Value::Null, _) => false,
        (key, value) => key == value,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantor {
    Any,
    All,
    AnyNot,
    AllNot,
}

fn meets(a: &str, b: &str) -> bool {
    wildcard(a, b) || wildcard(b, a)
}

fn printed(items: &[Value]) -> Result<Vec<SmolStr>, Stop> {
    items.iter().map(|item| item.print().map_err(Stop::from)).collect()
}

/// A text as JSON's list of texts; `Err(())` where it is other JSON.
fn list_in(text: &SmolStr) -> Result<Vec<SmolStr>, ()> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Err(_) => Ok(vec![text.clone()]),
        Ok(serde_json::Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(SmolStr::new).ok_or(())).collect()
        }
        // `null` leaves the list empty.
        Ok(serde_json::Value::Null) => Ok(Vec::new()),
        Ok(_) => Err(()),
    }
}

/// `AnyIn`, `AllIn` and their opposites; `None` where the types do not fit, which is false.
fn listed(key: &Value, value: &Value, quantor: Quantor) -> Result<Option<bool>, Stop> {
    let negated = matches!(quantor, Quantor::AnyNot | Quantor::AllNot);
    if let Value::List(keys) = key {
        return many_listed(&printed(keys)?, value, quantor);
    }
    if matches!(key, Value::Map(_) | Value::Null) {
        return Ok(None);
    }
    let key = key.print()?;
    let found = match value {
        Value::List(items) => printed(items)?.iter().any(|item| meets(item, &key)),
        Value::Text(text) if wildcard(text, &key) => true,
        Value::Text(text) if is_range(text) => in_range(&key, text),
        Value::Text(text) => match list_in(text) {
            Ok(items) => items.contains(&key),
            Err(()) => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(found != negated))
}

fn many_listed(keys: &[SmolStr], value: &Value, quantor: Quantor) -> Result<Option<bool>, Stop> {
    let decide = |is_in: &dyn Fn(&SmolStr) -> bool| match quantor {
        Quantor::Any => keys.iter().any(is_in),
        Quantor::All => keys.iter().all(is_in),
        Quantor::AnyNot => keys.iter().any(|key| !is_in(key)),
        Quantor::AllNot => !keys.iter().any(is_in),
    };
    let among = |items: Vec<SmolStr>| decide(&|key| items.iter().any(|item| meets(key, item)));
    Ok(match value {
        Value::List(items) => Some(among(printed(items)?)),
        // Only `Any` knows single values that are no texts.
        Value::Number(_) | Value::Bool(_) if matches!(quantor, Quantor::Any | Quantor::AnyNot) => {
            Some(among(vec![value.print()?]))
        }
        Value::Text(text) if keys.len() == 1 && keys.first() == Some(text) => {
            Some(matches!(quantor, Quantor::Any | Quantor::All))
        }
        Value::Text(text) if is_range(text) => Some(match quantor {
            Quantor::AnyNot => {
                let outside = text.replacen('-', "!-", 1);
                keys.iter().any(|key| in_range(key, &outside))
            }
            _ => decide(&|key| in_range(key, text)),
        }),
        Value::Text(text) => list_in(text).ok().map(among),
        _ => None,
    })
}

/// `In` and `NotIn`, of old.
fn old_listed(key: &Value, value: &Value, negated: bool) -> Result<Option<bool>, Stop> {
    let items = |text: &SmolStr| serde_json::from_str::<Vec<String>>(text).ok();
    if let Value::List(keys) = key {
        let texts: Option<Vec<&SmolStr>> = keys.iter().map(Value::as_text).collect();
        // Upstream panics.
        let texts = texts.ok_or_else(|| Stop::Unsupported("it looks for what is no text".to_owned()))?;
        let known: Option<Vec<SmolStr>> = match value {
            Value::List(items) => items.iter().map(|item| item.as_text().cloned()).collect(),
            Value::Text(text) if texts.len() == 1 && texts.first() == Some(&text) => return Ok(Some(true)),
            Value::Text(text) => items(text).map(|items| items.into_iter().map(SmolStr::from).collect()),
            _ => None,
        };
        return Ok(known.map(|known| texts.iter().all(|text| known.contains(text)) != negated));
    }
    if matches!(key, Value::Map(_) | Value::Null) {
        return Ok(None);
    }
    let key = key.print()?;
    let found = match value {
        Value::List(items) => Some(printed(items)?.iter().any(|item| meets(item, &key))),
        Value::Text(text) if wildcard(text, &key) => Some(true),
        Value::Text(text) => items(text).map(|items| items.iter().any(|item| *item == key)),
        _ => None,
    };
    Ok(found.map(|found| found != negated))
}

#[derive(Debug, Clone, Copy)]
enum Order {
    More,
    MoreEqual,
    Less,
    LessEqual,
}

impl Order {
    fn of<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::More => a > b,
            Self::MoreEqual => a >= b,
            Self::Less => a < b,
            Self::LessEqual => a <= b,
        }
    }
}

fn ordered(key: &Value, value: &Value, order: Order) -> bool {
    if let Some((key, value)) = durations(key, value) {
        return order.of(&key, &value);
    }
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => parse_float(text, 64).ok(),
        _ => None,
    };
    match (key, value) {
        (Value::Text(a), Value::Text(b)) => {
            if let (Some(a), Some(b)) = (Quantity::parse(a), Quantity::parse(b)) {
                return order.of(&a, &b);
            }
            if let Some(a) = number(key) {
                if let Some((a, b)) = durations(&Value::Number(a), value) {
                    return order.of(&a, &b);
                }
                return number(value).is_some_and(|b| order.of(&a, &b));
            }
            match (Version::parse_strict(a), Version::parse_strict(b)) {
                (Ok(a), Ok(b)) => order.of(&a, &b),
                _ => false,
            }
        }
        (Value::Text(_) | Value::Number(_), _) => {
            number(key).zip(number(value)).is_some_and(|(a, b)| order.of(&a, &b))
        }
        _ => false,
    }
}

/// `DurationGreaterThan` and so on.
fn timed(key: &Value, value: &Value, order: Order) -> bool {
    let seconds = |value: &Value| match value {
        Value::Number(number) => Some(number.trunc()),
        Value::Text(text) => Duration::parse(text).ok().map(Duration::seconds),
        _ => None,
    };
    seconds(key).zip(seconds(value)).is_some_and(|(key, value)| order.of(&key, &value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Kyverno 1.19 makes of operators: `fixtures/schemas/kyverno-operators.jsonl`.
    #[test]
    fn compares_as_kyverno() {
        let lines = include_str!("../../../fixtures/schemas/kyverno-operators.jsonl");
        assert!(lines.lines().count() > 300);
        let mut wrong = Vec::new();
        for line in lines.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let (operator, key) = (row["operator"].as_str().unwrap(), Value::of_json(&row["key"]));
            for (list, wanted) in [("holds", true), ("fails", false)] {
                for value in row[list].as_array().unwrap() {
                    match holds(operator, &key, &Value::of_json(value)) {
                        Ok(answer) if answer == wanted => {}
                        Err(Stop::Unsupported(_)) => {}
                        other => wrong.push(format!("{key:?} {operator} {value}: {other:?}, not {wanted}")),
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
