//! Patterns of scalars: wildcards, operators, ranges, `|` and `&`. Mirrors `pkg/engine/pattern` and `pkg/engine/operator`.

use std::cmp::Ordering;

use crate::cel::Quantity;
use crate::golang::time::Duration;
use crate::yaml::Node;

pub(super) fn matches(value: Option<&Node>, pattern: &Node) -> bool {
    let value = value.filter(|value| !value.is_null());
    if pattern.is_null() {
        return value.is_none_or(|value| {
            value.as_str() == Some("") || value.as_bool() == Some(false) || value.as_f64() == Some(0.0)
        });
    }
    if let Some(wanted) = pattern.as_bool() {
        return value.and_then(Node::as_bool) == Some(wanted);
    }
    if let Some(wanted) = pattern.as_f64() {
        let of_text = || value.and_then(Node::as_str).and_then(|text| text.parse().ok());
        return value.and_then(Node::as_f64).or_else(of_text) == Some(wanted);
    }
    let Some(wanted) = pattern.as_str() else { return false };
    if value.is_some_and(|value| value.as_str() == Some(wanted)) {
        return true;
    }
    let value = Written::of(value);
    wanted.split('|').any(|any| any.trim_matches(' ').split('&').all(|all| one(value, all.trim_matches(' '))))
}

/// Whether a pattern of one scalar is a range: `1-10`.
pub(super) fn is_range(pattern: &str) -> bool {
    !pattern.starts_with(['<', '>', '!']) && range(pattern, "-").is_some()
}

/// Whether a text is in a range: `1-10`, `1!-10`.
pub(super) fn in_range(text: &str, range: &str) -> bool {
    one(Written { number: Some(text), text: Some(text) }, range)
}

/// A scalar as patterns read it.
#[derive(Clone, Copy)]
struct Written<'a> {
    number: Option<&'a str>,
    text: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn of(value: Option<&'a Node>) -> Self {
        let number = match value {
            None => Some("0"),
            Some(value) if value.as_bool().is_some() => None,
            Some(value) => value.scalar_text(),
        };
        Self { number, text: value.and_then(Node::scalar_text) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Equal,
    NotEqual,
    More,
    Less,
    MoreEqual,
    LessEqual,
}

fn one(value: Written<'_>, pattern: &str) -> bool {
    if pattern.len() >= 2 {
        let signs = [
            (">=", Op::MoreEqual),
            ("<=", Op::LessEqual),
            (">", Op::More),
            ("<", Op::Less),
            ("!", Op::NotEqual),
        ];
        if let Some((rest, op)) = signs.iter().find_map(|(sign, op)| Some((pattern.strip_prefix(sign)?, *op)))
        {
            return compare(value, rest.trim(), op);
        }
        if let Some((low, high)) = range(pattern, "!-") {
            return compare(value, low, Op::Less) || compare(value, high, Op::More);
        }
        if let Some((low, high)) = range(pattern, "-") {
            return compare(value, low, Op::MoreEqual) && compare(value, high, Op::LessEqual);
        }
    }
    compare(value, pattern.trim(), Op::Equal)
}

/// `1-10`, `0Mi!-1024Mi`: both ends are numbers with a unit.
fn range<'p>(pattern: &'p str, between: &str) -> Option<(&'p str, &'p str)> {
    let is_end = |text: &str| {
        let text = text.strip_prefix(['-', '|', '+']).unwrap_or(text);
        let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = match digits.strip_prefix('.') {
            Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
                fraction.trim_start_matches(|c: char| c.is_ascii_digit())
            }
            _ => digits,
        };
        text.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_alphabetic())
    };
    pattern.match_indices(between).find_map(|(at, _)| {
        let (low, high) = (pattern.get(..at)?, pattern.get(at + between.len()..)?);
        (is_end(low) && is_end(high)).then_some((low, high))
    })
}

fn compare(value: Written<'_>, pattern: &str, op: Op) -> bool {
    let holds = |order: Ordering| match op {
        Op::Equal => order.is_eq(),
        Op::NotEqual => order.is_ne(),
        Op::More => order.is_gt(),
        Op::Less => order.is_lt(),
        Op::MoreEqual => order.is_ge(),
        Op::LessEqual => order.is_le(),
    };
    if let Some(number) = value.number {
        if let (Ok(wanted), Ok(value)) = (Duration::parse(pattern), Duration::parse(number)) {
            return holds(value.cmp(&wanted));
        }
        if let (Some(wanted), Some(value)) = (Quantity::parse(pattern), Quantity::parse(number)) {
            return holds(value.cmp(&wanted));
        }
    }
    let Some(text) = value.text else { return false };
    match op {
        Op::Equal => wildcard(pattern, text),
        Op::NotEqual => !wildcard(pattern, text),
        _ => false,
    }
}

/// `*` is anything, `?` one character.
pub(super) fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while of < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(letter) if *letter == '?' || text.get(of) == Some(letter) => {
                at += 1;
                of += 1;
            }
            _ => {
                let Some((from, met)) = star else { return false };
                star = Some((from, met + 1));
                at = from + 1;
                of = met + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|letter| *letter == '*')
}
