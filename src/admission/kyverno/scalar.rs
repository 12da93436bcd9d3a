//! Patterns of scalars: wildcards, operators, ranges, `|` and `&`. Mirrors `pkg/engine/pattern` and `pkg/engine/operator`.

use std::cmp::Ordering;

use crate::cel::Quantity;
use crate::golang::time::Duration;
use crate::yaml::Node;

use super::jmespath::{Steps, Stop};

/// What one alternative of a pattern takes, in steps: it is compared with a text, a number and a duration.
const ALTERNATIVE: usize = 4;

/// Letters of a pattern with wildcards and of a text that are compared in one step.
const LETTERS: usize = 64;

/// Whether a scalar matches; `Err` where that takes more steps than there are.
pub(super) fn matches(value: Option<&Node>, pattern: &Node, steps: &Steps) -> Result<bool, Stop> {
    if let Some(known) = known(value, pattern) {
        return Ok(known);
    }
    let Some(wanted) = pattern.as_str() else { return Ok(false) };
    let value = Written::of(value.filter(|value| !value.is_null()));
    let length = value.text.map_or(0, str::len);
    for any in wanted.split('|') {
        let mut holds = true;
        for all in any.trim_matches(' ').split('&') {
            let all = all.trim_matches(' ');
            // A star may be tried at every letter.
            let tries = if all.contains('*') { all.len() } else { 1 };
            steps.take(ALTERNATIVE.saturating_add(tries.saturating_mul(length) / LETTERS))?;
            holds = one(&value, all);
            if !holds {
                break;
            }
        }
        if holds {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is known without reading the pattern as text.
fn known(value: Option<&Node>, pattern: &Node) -> Option<bool> {
    let value = value.filter(|value| !value.is_null());
    if pattern.is_null() {
        return Some(value.is_none_or(|value| {
            value.as_str() == Some("") || value.as_bool() == Some(false) || value.as_f64() == Some(0.0)
        }));
    }
    if let Some(wanted) = pattern.as_bool() {
        return Some(value.and_then(Node::as_bool) == Some(wanted));
    }
    if let Some(wanted) = pattern.as_f64() {
        let of_text = || value.and_then(Node::as_str).and_then(|text| text.parse().ok());
        return Some(value.and_then(Node::as_f64).or_else(of_text) == Some(wanted));
    }
    let wanted = pattern.as_str()?;
    value.is_some_and(|value| value.as_str() == Some(wanted)).then_some(true)
}

/// Whether a pattern of one scalar is a range: `1-10`.
pub(super) fn is_range(pattern: &str) -> bool {
    !pattern.starts_with(['<', '>', '!']) && range(pattern, "-").is_some()
}

/// Whether a text is in a range: `1-10`, `1!-10`.
pub(super) fn in_range(text: &str, range: &str) -> bool {
    one(&Written::read(Some(text), Some(text)), range)
}

/// A scalar as patterns read it.
struct Written<'a> {
    text: Option<&'a str>,
    duration: Option<Duration>,
    quantity: Option<Quantity>,
}

impl<'a> Written<'a> {
    fn of(value: Option<&'a Node>) -> Self {
        let number = match value {
            None => Some("0"),
            Some(value) if value.as_bool().is_some() => None,
            Some(value) => value.scalar_text(),
        };
        Self::read(number, value.and_then(Node::scalar_text))
    }

    fn read(number: Option<&str>, text: Option<&'a str>) -> Self {
        Self {
            text,
            duration: number.and_then(|it| Duration::parse(it).ok()),
            quantity: number.and_then(Quantity::parse),
        }
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

fn one(value: &Written<'_>, pattern: &str) -> bool {
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

fn compare(value: &Written<'_>, pattern: &str, op: Op) -> bool {
    let holds = |order: Ordering| match op {
        Op::Equal => order.is_eq(),
        Op::NotEqual => order.is_ne(),
        Op::More => order.is_gt(),
        Op::Less => order.is_lt(),
        Op::MoreEqual => order.is_ge(),
        Op::LessEqual => order.is_le(),
    };
    if let Some((wanted, value)) =
        value.duration.and_then(|value| Some((Duration::parse(pattern).ok()?, value)))
    {
        return holds(value.cmp(&wanted));
    }
    if let Some((wanted, value)) = value.quantity.and_then(|value| Some((Quantity::parse(pattern)?, value))) {
        return holds(value.cmp(&wanted));
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
    if pattern.is_ascii() && text.is_ascii() {
        return glob(pattern.as_bytes(), text.as_bytes(), b'*', b'?');
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    glob(&pattern, &text, '*', '?')
}

fn glob<T: PartialEq + Copy>(pattern: &[T], text: &[T], any: T, single: T) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = text.get(of) {
        match pattern.get(at) {
            Some(wanted) if *wanted == any => {
                star = Some((at, of));
                at += 1;
            }
            Some(wanted) if *wanted == single || wanted == letter => {
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
    pattern.iter().skip(at).all(|wanted| *wanted == any)
}
