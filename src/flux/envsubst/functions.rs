//! What operators do to a value. Mirrors `envsubst/funcs.go`.

use std::borrow::Cow;

use crate::golang::strconv::atoi;
use crate::golang::unicode::{to_lower, to_upper};

use super::path_match::matches;

/// Beyond this a pattern is not tried at every byte of a value.
const MAX_TRIMMED: usize = 1 << 16;

/// The value of `${value<operator>arguments}`.
pub(super) fn apply(operator: &str, value: &str, arguments: &[String]) -> String {
    let argument = |at: usize| arguments.get(at).map(String::as_str);
    match operator {
        "," => first(value, to_lower),
        ",," => value.chars().map(to_lower).collect(),
        "^" => first(value, to_upper),
        "^^" => value.chars().map(to_upper).collect(),
        "#" if arguments.is_empty() => value.len().to_string(),
        "#" => prefix(value, argument(0).unwrap_or_default(), Trim::Shortest),
        "##" => prefix(value, argument(0).unwrap_or_default(), Trim::Longest),
        "%" => suffix(value, argument(0).unwrap_or_default(), Trim::Shortest),
        "%%" => suffix(value, argument(0).unwrap_or_default(), Trim::Longest),
        ":" => substring(value, arguments).into_owned(),
        "/#" => match (argument(0), argument(1)) {
            (Some(old), Some(new)) if value.starts_with(old) => value.replacen(old, new, 1),
            _ => value.to_owned(),
        },
        "/%" => match (argument(0), argument(1)) {
            (Some(old), Some(new)) => {
                value.strip_suffix(old).map_or_else(|| value.to_owned(), |kept| format!("{kept}{new}"))
            }
            _ => value.to_owned(),
        },
        "/" => value.replacen(argument(0).unwrap_or_default(), argument(1).unwrap_or_default(), 1),
        "//" => value.replace(argument(0).unwrap_or_default(), argument(1).unwrap_or_default()),
        _ if value.is_empty() => arguments.concat(),
        _ => value.to_owned(),
    }
}

fn first(value: &str, change: impl Fn(char) -> char) -> String {
    let mut chars = value.chars();
    chars.next().map(|char| change(char).to_string() + chars.as_str()).unwrap_or_default()
}

/// `${value:position:length}`. What is no number leaves the value as it is.
fn substring<'v>(value: &'v str, arguments: &[String]) -> Cow<'v, str> {
    let bytes = value.as_bytes();
    let part = |from: usize, to: usize| match bytes.get(from..to) {
        Some(part) => String::from_utf8_lossy(part),
        None => Cow::Borrowed(""),
    };
    let len = bytes.len() as i64;
    let Some(Ok(position)) = arguments.first().map(|text| atoi(text)) else { return Cow::Borrowed(value) };
    let from = if position < 0 { len.saturating_add(position).max(0) } else { position };
    let from_byte = usize::try_from(from).unwrap_or(usize::MAX);
    let Some(length) = arguments.get(1) else { return part(from_byte, bytes.len()) };
    let Ok(length) = atoi(length) else { return Cow::Borrowed(value) };
    let to = if length < 0 { len.saturating_add(length) } else { from.saturating_add(length).min(len) };
    part(from_byte, usize::try_from(to).unwrap_or(0))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trim {
    Shortest,
    Longest,
}

fn prefix(value: &str, pattern: &str, trim: Trim) -> String {
    String::from_utf8_lossy(trimmed(value.as_bytes(), pattern, trim)).into_owned()
}

fn suffix(value: &str, pattern: &str, trim: Trim) -> String {
    let reverse = |text: &str| text.chars().rev().collect::<String>();
    reverse(&prefix(&reverse(value), &reverse(pattern), trim))
}

/// Without the shortest or longest beginning that matches; the empty one is not tried.
fn trimmed<'v>(value: &'v [u8], pattern: &str, trim: Trim) -> &'v [u8] {
    if value.len() > MAX_TRIMMED {
        return value;
    }
    let mut shortest = None;
    for end in (1..=value.len()).rev() {
        let (head, tail) = value.split_at(end);
        match matches(pattern.as_bytes(), head) {
            Err(_) => return value,
            Ok(true) if trim == Trim::Longest => return tail,
            Ok(true) => shortest = Some(tail),
            Ok(false) => {}
        }
    }
    shortest.unwrap_or(value)
}
