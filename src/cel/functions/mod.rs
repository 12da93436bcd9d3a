//! Functions and methods: those of the language and Kubernetes' libraries, a file for each kind of value.

mod lists;
mod net;
mod numbers;
mod strings;
mod things;
mod times;

use super::budget::Budget;
use super::fault::Fault;
use super::value::Value;

pub(super) use lists::check_order;
pub(super) use numbers::arithmetic;

/// What one family of functions answers: `None` where it does not know the function for these values.
type Answer<'a> = Option<Result<Value<'a>, Fault>>;

/// The words in front of functions that have a dot in their name.
pub(super) fn is_space(name: &str) -> bool {
    matches!(name, "optional" | "math" | "sets" | "ip" | "strings" | "format" | "base64" | "lists")
}

/// Calls a function, or a method of a value.
pub(super) fn call<'a>(
    name: &str,
    target: Option<&Value<'a>>,
    arguments: &[Value<'a>],
    budget: &Budget,
) -> Result<Value<'a>, Fault> {
    let size = |value: &Value<'a>| value.size().unwrap_or(0);
    budget.spend(target.iter().map(|it| size(it)).chain(arguments.iter().map(size)).sum::<usize>() / 10)?;
    let families = [general, strings::call, lists::call, numbers::call, times::call, things::call, net::call];
    if let Some(answer) = families.iter().find_map(|family| family(name, target, arguments, budget)) {
        return answer;
    }
    let types: Vec<&str> = target.into_iter().chain(arguments).map(Value::type_name).collect();
    let of = if types.is_empty() { "nothing".to_owned() } else { types.join(", ") };
    let words = format!("the function `{name}` is not known for {of}");
    // Only what is optional has these.
    if matches!(name, "orValue" | "hasValue" | "optMap" | "optFlatMap") {
        return Err(Fault::failed(format!("no such overload: {words}")));
    }
    Err(Fault::unsupported(words))
}

fn general<'a>(name: &str, target: Option<&Value<'a>>, arguments: &[Value<'a>], _: &Budget) -> Answer<'a> {
    let value = match (name, target, arguments) {
        ("size", Some(of), []) | ("size", None, [of]) => Value::Int(of.size()? as i64),
        ("type", None, [of]) => Value::text(of.type_name()).into_type(),
        ("dyn", None, [of]) => of.clone(),
        ("optional.of", None, [of]) => of.clone().some(),
        ("optional.none", None, []) => Value::Optional(None),
        ("optional.ofNonZeroValue", None, [of]) => {
            let zero = match of {
                Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Optional(None) => {
                    true
                }
                Value::Double(value) => *value == 0.0,
                other => other.size() == Some(0),
            };
            if zero { Value::Optional(None) } else { of.clone().some() }
        }
        ("hasValue", Some(Value::Optional(inner)), []) => Value::Bool(inner.is_some()),
        ("value", Some(Value::Optional(inner)), []) => match inner {
            Some(inner) => (**inner).clone(),
            None => return Some(Err(Fault::failed("optional.none() dereference"))),
        },
        _ => return None,
    };
    Some(Ok(value))
}

impl Value<'_> {
    fn into_type(self) -> Self {
        match self {
            Self::Text(name) => Self::Type(name),
            other => other,
        }
    }
}

/// The texts of a list of them.
fn texts(value: &Value<'_>) -> Option<Vec<smol_str::SmolStr>> {
    let Value::List(list) = value else { return None };
    let text = |item: Value<'_>| match item {
        Value::Text(text) => Some(text),
        _ => None,
    };
    list.iter().map(text).collect()
}
