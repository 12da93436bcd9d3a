//! Quantities, versions and named formats.

use std::cmp::Ordering;
use std::sync::Arc;

use base64::Engine as _;

use crate::golang::semver::Version;
use crate::golang::url::Url;

use super::super::budget::Budget;
use super::super::fault::Fault;
use super::super::quantity::Quantity;
use super::super::value::Value;
use super::Answer;

pub(super) fn call<'a>(
    name: &str,
    target: Option<&Value<'a>>,
    arguments: &[Value<'a>],
    _: &Budget,
) -> Answer<'a> {
    match (name, target, arguments) {
        ("isQuantity", None, [Value::Text(text)]) => Some(Ok(Value::Bool(Quantity::parse(text).is_some()))),
        ("quantity", None, [Value::Text(text)]) => Some(match Quantity::parse(text) {
            Some(quantity) => Ok(Value::Quantity(quantity)),
            None => Err(Fault::failed(format!("`{text}` is no quantity"))),
        }),
        (_, Some(Value::Quantity(quantity)), arguments) => quantities(name, *quantity, arguments),
        ("isSemver" | "semver", None, [Value::Text(text), lenient @ ..]) => {
            let version = match lenient {
                [] | [Value::Bool(false)] => Version::parse_strict(text),
                [Value::Bool(true)] => Version::parse(text),
                _ => return None,
            };
            Some(match version {
                _ if name == "isSemver" => Ok(Value::Bool(version.is_ok())),
                Ok(version) => Ok(Value::Semver(Arc::new(version))),
                Err(_) => Err(Fault::failed(format!("`{text}` is no version"))),
            })
        }
        (_, Some(Value::Semver(version)), arguments) => versions(name, version, arguments),
        (_, None, []) => {
            let format = name.strip_prefix("format.")?;
            is_format(format, "").map(|_| Ok(Value::Format(format.into())))
        }
        ("format.named", None, [Value::Text(format)]) => {
            Some(Ok(Value::Optional(is_format(format, "").map(|_| Arc::new(Value::Format(format.clone()))))))
        }
        ("validate", Some(Value::Format(format)), [Value::Text(text)]) => {
            // What is wrong is not told in Kubernetes' words, so that only whether there is something can be asked.
            let good = is_format(format, text)?;
            let words = Value::list(vec![Value::text(format!("`{text}` is not of the format {format}"))]);
            Some(Ok(if good { Value::Optional(None) } else { words.some() }))
        }
        _ => None,
    }
}

fn quantities<'a>(name: &str, quantity: Quantity, arguments: &[Value<'a>]) -> Answer<'a> {
    let order = |wanted: Ordering, other: Quantity| Value::Bool(quantity.cmp(&other) == wanted);
    let sum = |made: Option<Quantity>| made.map(Value::Quantity);
    let value = match (name, arguments) {
        ("sign", []) => Value::Int(quantity.sign()),
        ("isInteger", []) => Value::Bool(quantity.whole().is_some()),
        ("asInteger", []) => match quantity.whole() {
            Some(whole) => Value::Int(whole),
            None => return Some(Err(Fault::failed("cannot convert value to integer"))),
        },
        ("asApproximateFloat", []) => Value::Double(quantity.approximate()),
        ("isGreaterThan", [Value::Quantity(other)]) => order(Ordering::Greater, *other),
        ("isLessThan", [Value::Quantity(other)]) => order(Ordering::Less, *other),
        ("compareTo", [Value::Quantity(other)]) => Value::Int(quantity.cmp(other) as i64),
        ("add", [Value::Quantity(other)]) => sum(quantity.plus(*other))?,
        ("sub", [Value::Quantity(other)]) => sum(quantity.minus(*other))?,
        ("add", [Value::Int(other)]) => sum(quantity.plus(Quantity::of(*other)))?,
        ("sub", [Value::Int(other)]) => sum(quantity.minus(Quantity::of(*other)))?,
        _ => return None,
    };
    Some(Ok(value))
}

fn versions<'a>(name: &str, version: &Version, arguments: &[Value<'a>]) -> Answer<'a> {
    let part = |part: u64| Value::Int(i64::try_from(part).unwrap_or(i64::MAX));
    let value = match (name, arguments) {
        ("major", []) => part(version.major()),
        ("minor", []) => part(version.minor()),
        ("patch", []) => part(version.patch()),
        ("isGreaterThan", [Value::Semver(other)]) => Value::Bool(version > other),
        ("isLessThan", [Value::Semver(other)]) => Value::Bool(version < &**other),
        ("compareTo", [Value::Semver(other)]) => Value::Int(version.cmp(other) as i64),
        _ => return None,
    };
    Some(Ok(value))
}

/// Whether a text has one of Kubernetes' named formats; `None` for a format that is not known.
fn is_format(format: &str, text: &str) -> Option<bool> {
    let label = |text: &str, lower: bool| {
        let inner = |c: char| {
            c == '-'
                || if lower {
                    c.is_ascii_lowercase() || c.is_ascii_digit()
                } else {
                    c.is_ascii_alphanumeric() || c == '_' || c == '.'
                }
        };
        let outer = |c: char| {
            if lower { c.is_ascii_lowercase() || c.is_ascii_digit() } else { c.is_ascii_alphanumeric() }
        };
        !text.is_empty()
            && text.len() <= 63
            && text.chars().all(inner)
            && text.starts_with(outer)
            && text.ends_with(outer)
    };
    let subdomain = |text: &str| text.len() <= 253 && text.split('.').all(|part| label(part, true));
    let whole = |text: &str| text.strip_suffix('-').unwrap_or(text).to_owned();
    Some(match format {
        "dns1123Label" => label(text, true),
        "dns1123Subdomain" => subdomain(text),
        "dns1035Label" => label(text, true) && text.starts_with(|c: char| c.is_ascii_lowercase()),
        "dns1123LabelPrefix" => label(&whole(text), true),
        "dns1123SubdomainPrefix" => subdomain(&whole(text)),
        "dns1035LabelPrefix" => {
            label(&whole(text), true) && text.starts_with(|c: char| c.is_ascii_lowercase())
        }
        "qualifiedName" => match text.split_once('/') {
            Some((prefix, name)) => subdomain(prefix) && label(name, false),
            None => label(text, false),
        },
        "labelValue" => text.is_empty() || label(text, false),
        "uri" => Url::parse(text).is_ok_and(|url| !url.scheme.is_empty() || text.starts_with('/')),
        "uuid" => {
            let digits = text.bytes().filter(|byte| *byte != b'-');
            digits.clone().count() == 32 && digits.clone().all(|byte| byte.is_ascii_hexdigit())
        }
        "byte" => base64::engine::general_purpose::STANDARD.decode(text).is_ok(),
        "date" => crate::golang::time::Time::parse("2006-01-02", text).is_ok(),
        "datetime" => crate::golang::time::Time::parse("2006-01-02T15:04:05Z07:00", text).is_ok(),
        _ => return None,
    })
}
