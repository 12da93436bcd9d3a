//! Texts: the language's own, `ext.Strings` and Kubernetes' `find` and `findAll`.

use crate::golang::regexp::Regexp;
use crate::golang::strconv;

use super::super::budget::Budget;
use super::super::fault::Fault;
use super::super::value::Value;
use super::{Answer, texts};

/// A text made by a call is no longer than that.
const LONGEST: usize = 1 << 20;

pub(super) fn call<'a>(
    name: &str,
    target: Option<&Value<'a>>,
    arguments: &[Value<'a>],
    budget: &Budget,
) -> Answer<'a> {
    if name == "join" {
        return join(target?, arguments);
    }
    if name == "strings.quote" {
        let [Value::Text(text)] = arguments else { return None };
        return Some(Ok(Value::text(strconv::quote(text))));
    }
    if let (None, "string", [value]) = (target, name, arguments) {
        return string(value);
    }
    if let (None, "bytes", [Value::Text(text)]) = (target, name, arguments) {
        return Some(Ok(Value::Bytes(text.as_bytes().into())));
    }
    let (text, rest) = match (target, arguments) {
        (Some(Value::Text(text)), rest) => (text, rest),
        // `matches(text, pattern)` is the same as a method.
        (None, [Value::Text(text), rest @ ..]) if name == "matches" => (text, rest),
        _ => return None,
    };
    let index = |at: &Value<'a>| match at {
        Value::Int(at) => usize::try_from(*at).ok(),
        _ => None,
    };
    let pattern = |pattern: &str| {
        budget.spend(text.len() * (pattern.len() / 4).max(1) / 10)?;
        // Reading one takes longer than anything else in an expression, with repetitions that are counted most of all.
        budget.spend(100 * pattern.len() + if pattern.contains('{') { 20_000 } else { 500 })?;
        Regexp::new(pattern)
            .map_err(|_| Fault::failed(format!("`{pattern}` cannot be read as an expression")))
    };
    let out_of_range = || Some(Err(Fault::failed("index out of range")));
    let value = match (name, rest) {
        ("contains", [Value::Text(part)]) => Value::Bool(text.contains(part.as_str())),
        ("startsWith", [Value::Text(part)]) => Value::Bool(text.starts_with(part.as_str())),
        ("endsWith", [Value::Text(part)]) => Value::Bool(text.ends_with(part.as_str())),
        ("matches", [Value::Text(expression)]) => match pattern(expression) {
            Ok(expression) => Value::Bool(expression.is_match(text)),
            Err(fault) => return Some(Err(fault)),
        },
        ("find", [Value::Text(expression)]) => match pattern(expression) {
            Ok(expression) => Value::text(expression.find(text).unwrap_or_default()),
            Err(fault) => return Some(Err(fault)),
        },
        ("findAll", [Value::Text(expression), limit @ ..]) => {
            let limit = match limit {
                [] => -1,
                [Value::Int(limit)] => *limit,
                _ => return None,
            };
            match pattern(expression) {
                Ok(expression) => {
                    Value::list(expression.find_all(text, limit).into_iter().map(Value::text).collect())
                }
                Err(fault) => return Some(Err(fault)),
            }
        }
        ("lowerAscii", []) => Value::text(text.to_ascii_lowercase()),
        ("upperAscii", []) => Value::text(text.to_ascii_uppercase()),
        ("trim", []) => Value::text(text.trim()),
        ("reverse", []) => Value::text(text.chars().rev().collect::<String>()),
        ("charAt", [at]) => {
            let length = text.chars().count();
            match index(at) {
                Some(at) if at <= length => Value::text(text.chars().skip(at).take(1).collect::<String>()),
                _ => return out_of_range(),
            }
        }
        ("substring", [from, to @ ..]) => {
            let length = text.chars().count();
            let to = match to {
                [] => Some(length),
                [to] => index(to),
                _ => return None,
            };
            match (index(from), to) {
                (Some(from), Some(to)) if from <= to && to <= length => {
                    Value::text(text.chars().skip(from).take(to - from).collect::<String>())
                }
                _ => return out_of_range(),
            }
        }
        ("indexOf", [Value::Text(part), from @ ..]) => {
            let from = match from {
                [] => Some(0),
                [from] => index(from),
                _ => return None,
            };
            let Some(from) = from.filter(|from| *from <= text.chars().count()) else { return out_of_range() };
            let skipped: usize = text.chars().take(from).map(char::len_utf8).sum();
            let found = text.get(skipped..).and_then(|rest| Some((rest, rest.find(part.as_str())?)));
            Value::Int(found.map_or(-1, |(rest, at)| (from + chars_before(rest, at)) as i64))
        }
        ("lastIndexOf", [Value::Text(part), until @ ..]) => {
            let length = text.chars().count();
            let until = match until {
                [] => Some(length),
                [until] => index(until),
                _ => return None,
            };
            let Some(until) = until.filter(|until| *until <= length) else { return out_of_range() };
            let end: usize = text.chars().take(until).map(char::len_utf8).sum();
            let end = (end + part.len()).min(text.len());
            let found = text.get(..end).and_then(|rest| rest.rfind(part.as_str()));
            Value::Int(found.map_or(-1, |at| chars_before(text, at) as i64))
        }
        ("replace", [Value::Text(old), Value::Text(new), limit @ ..]) => {
            let limit = match limit {
                [] => usize::MAX,
                [Value::Int(limit)] => usize::try_from(*limit).unwrap_or(usize::MAX),
                _ => return None,
            };
            let most = text.len().saturating_add(1).saturating_mul(new.len().max(1));
            if most > LONGEST {
                return Some(Err(Fault::TooCostly));
            }
            Value::text(text.replacen(old.as_str(), new, limit))
        }
        ("split", [Value::Text(by), limit @ ..]) => {
            let limit = match limit {
                [] => -1,
                [Value::Int(limit)] => *limit,
                _ => return None,
            };
            Value::list(split(text, by, limit).into_iter().map(Value::text).collect())
        }
        ("format", [arguments]) => return Some(format(text, arguments)),
        _ => return None,
    };
    Some(Ok(value))
}

fn chars_before(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().chars().count()
}

/// `strings.SplitN`
fn split<'t>(text: &'t str, by: &str, limit: i64) -> Vec<&'t str> {
    if limit == 0 {
        return Vec::new();
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if !by.is_empty() {
        return text.splitn(limit, by).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if parts.len() + 1 >= limit {
            parts.push(rest);
            break;
        }
        let (first, behind) = rest.split_at(letter.len_utf8());
        parts.push(first);
        rest = behind;
    }
    parts
}

fn join<'a>(target: &Value<'a>, arguments: &[Value<'a>]) -> Answer<'a> {
    let by = match arguments {
        [] => "",
        [Value::Text(by)] => by.as_str(),
        _ => return None,
    };
    let joined = texts(target)?.join(by);
    Some(if joined.len() > LONGEST { Err(Fault::TooCostly) } else { Ok(Value::text(joined)) })
}

/// `string(...)`
fn string<'a>(value: &Value<'a>) -> Answer<'a> {
    let text = match value {
        Value::Text(text) => text.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => strconv::format_g(*value).to_string(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Some(Err(Fault::failed("invalid UTF-8 in bytes"))),
        },
        Value::Duration(value) => format!("{}s", strconv::format_g(value.0 as f64 / 1e9)),
        Value::Time(value) => value.utc().format("2006-01-02T15:04:05.999999999Z07:00"),
        Value::Ip(address) => address.to_string(),
        Value::Cidr(address, bits) => format!("{address}/{bits}"),
        _ => return None,
    };
    Some(Ok(Value::text(text)))
}

/// `"%s of %d".format([...])`
fn format<'a>(text: &str, arguments: &Value<'a>) -> Result<Value<'a>, Fault> {
    let Value::List(list) = arguments else { return Err(Fault::unsupported("`format` takes a list")) };
    let mut arguments = list.iter();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(behind) = after.strip_prefix('%') {
            out.push('%');
            rest = behind;
            continue;
        }
        let digits = after.strip_prefix('.').unwrap_or_default();
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let precision: Option<usize> =
            digits.get(..end).and_then(|digits| digits.parse().ok()).filter(|it| *it < 100);
        let after = if after.starts_with('.') { digits.get(end..).unwrap_or_default() } else { after };
        let Some(clause) = after.chars().next() else {
            return Err(Fault::failed("`%` at the end of a format"));
        };
        rest = after.get(clause.len_utf8()..).unwrap_or_default();
        let Some(value) = arguments.next() else {
            return Err(Fault::failed("a format has too few arguments"));
        };
        let whole = match &value {
            Value::Int(value) => Some(*value),
            Value::Uint(value) => i64::try_from(*value).ok(),
            _ => None,
        };
        let made = match (clause, &value) {
            ('s', value) => shown(value),
            ('d', Value::Int(_) | Value::Uint(_)) => string_of(&value),
            ('f', Value::Double(value)) => Some(strconv::fixed(*value, precision.unwrap_or(6))),
            ('e', Value::Double(value)) => Some(strconv::exponential(*value, precision.unwrap_or(6))),
            ('b', Value::Bool(flag)) => Some(u8::from(*flag).to_string()),
            ('b', _) => whole.map(|value| strconv::format_int(value, 2)),
            ('o', _) => whole.map(|value| strconv::format_int(value, 8)),
            ('x', _) if whole.is_some() => whole.map(|value| strconv::format_int(value, 16)),
            ('X', _) if whole.is_some() => whole.map(|value| strconv::format_int(value, 16).to_uppercase()),
            _ => None,
        };
        let made = made.ok_or_else(|| {
            Fault::unsupported(format!("`%{clause}` is not known for {}", value.type_name()))
        })?;
        out.push_str(&made);
        if out.len() > LONGEST {
            return Err(Fault::TooCostly);
        }
    }
    out.push_str(rest);
    Ok(Value::text(out))
}

fn string_of(value: &Value<'_>) -> Option<String> {
    match string(value)? {
        Ok(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    }
}

/// `%s`
fn shown(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Type(name) => Some(name.to_string()),
        Value::List(list) => {
            let items: Option<Vec<String>> = list.iter().map(|item| shown(&item)).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Map(map) => {
            let entry =
                |(key, value): (Value<'_>, Value<'_>)| Some(format!("{}: {}", shown(&key)?, shown(&value)?));
            let mut entries = map.iter().map(entry).collect::<Option<Vec<String>>>()?;
            entries.sort();
            Some(format!("{{{}}}", entries.join(", ")))
        }
        other => string_of(other),
    }
}
