//! The glob dialect of Argo CD and Helm (`github.com/gobwas/glob` v0.2.3): `*`, `**`, `?`, `[a-z]`, `[!ab]`, `{a,b}`,
//! `\` escapes.
//!
//! Translated to a linear-time regular expression. A pattern that gobwas refuses is `None`: Argo CD logs a warning
//! and the pattern never matches. Where gobwas deviates from what its grammar means for patterns that people write,
//! so does this module; see `fixtures/golang/glob.jsonl`.

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Glob {
    regex: Regex,
    /// What it says of the empty text, where optimised matchers deviate.
    empty: bool,
}

/// What a pattern is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// Plain text.
    Text(String),
    /// `*`
    Any,
    /// `**`
    Super,
    /// `?`
    Single,
    /// `[abc]`, `[!abc]`
    List { chars: Vec<char>, negated: bool },
    /// `[a-z]`, `[!a-z]`
    Range { low: char, high: char, negated: bool },
    /// `{a,b}`
    AnyOf(Vec<Vec<Self>>),
}

/// Braces in braces: nobody writes more.
const MAX_DEPTH: u32 = 50;

impl Glob {
    /// A pattern in which `*` matches any characters but the separators. Without separators `*` matches
    /// everything, `/` included: that is how Argo CD matches `include`, `exclude`, clusters and policies.
    pub fn new(pattern: &str, separators: &[char]) -> Option<Self> {
        let mut chars = pattern.chars().peekable();
        let items = sequence(&mut chars, 0)?.0;
        let mut regex = String::from("(?s)^");
        write(&items, separators, &mut regex);
        regex.push('$');
        let regex = Regex::new(&regex).ok()?;
        let empty = matches_nothing(&items).unwrap_or_else(|| regex.is_match(""));
        Some(Self { regex, empty })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        if text.is_empty() { self.empty } else { self.regex.is_match(text) }
    }
}

/// Items up to the end, or within braces to the next `,` or `}`, which is answered. An open brace at the end counts as
/// closed.
fn sequence(chars: &mut Peekable<Chars<'_>>, depth: u32) -> Option<(Vec<Item>, Option<char>)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut items = Vec::new();
    let mut text = String::new();
    let end = loop {
        let Some(c) = chars.next() else { break None };
        let item = match c {
            ',' | '}' if depth > 0 => break Some(c),
            '*' if chars.next_if_eq(&'*').is_some() => Item::Super,
            '*' => Item::Any,
            '?' => Item::Single,
            '[' => class(chars)?,
            '{' => {
                let mut alternatives = Vec::new();
                loop {
                    let (alternative, end) = sequence(chars, depth + 1)?;
                    alternatives.push(alternative);
                    if end != Some(',') {
                        break;
                    }
                }
                Item::AnyOf(alternatives)
            }
            '\\' => {
                text.extend(chars.next());
                continue;
            }
            c => {
                text.push(c);
                continue;
            }
        };
        if !text.is_empty() {
            items.push(Item::Text(std::mem::take(&mut text)));
        }
        items.push(item);
    };
    if !text.is_empty() {
        items.push(Item::Text(text));
    }
    Some((items, end))
}

/// The rest of a `[...]`: a list of characters or one range. A `-` is special as the second character only, and then
/// nothing but one more character may follow.
fn class(chars: &mut Peekable<Chars<'_>>) -> Option<Item> {
    let negated = chars.next_if_eq(&'!').is_some();
    let mut ahead = chars.clone();
    let low = ahead.next()?;
    if ahead.next() == Some('-') {
        let high = ahead.next()?;
        *chars = ahead;
        return (chars.next()? == ']' && low <= high).then_some(Item::Range { low, high, negated });
    }
    let mut members = Vec::new();
    loop {
        match chars.next()? {
            ']' => break,
            '\\' => members.push(chars.next()?),
            c => members.push(c),
        }
    }
    (!members.is_empty()).then_some(Item::List { chars: members, negated })
}

fn write(items: &[Item], separators: &[char], regex: &mut String) {
    let escape = |c: &char| regex::escape(&c.to_string());
    let stops: String = separators.iter().map(escape).collect();
    for item in items {
        let piece = match item {
            Item::Text(text) => regex::escape(text),
            Item::Super => ".*".to_owned(),
            Item::Any if stops.is_empty() => ".*".to_owned(),
            Item::Any => format!("[^{stops}]*"),
            Item::Single if stops.is_empty() => ".".to_owned(),
            Item::Single => format!("[^{stops}]"),
            Item::List { chars, negated } => {
                let members: String = chars.iter().map(escape).collect();
                format!("[{}{members}]", if *negated { "^" } else { "" })
            }
            Item::Range { low, high, negated } => {
                let not = if *negated { "^" } else { "" };
                format!("[{not}{}-{}]", escape(low), escape(high))
            }
            Item::AnyOf(alternatives) => {
                let written = alternatives.iter().map(|alternative| {
                    let mut regex = String::new();
                    write(alternative, separators, &mut regex);
                    regex
                });
                format!("(?:{})", written.collect::<Vec<String>>().join("|"))
            }
        };
        regex.push_str(&piece);
    }
}

/// What gobwas says of the empty text where that is not what the pattern means: something that stands for one
/// character, alone, matches no character as well.
fn matches_nothing(items: &[Item]) -> Option<bool> {
    match items {
        [Item::Single] => Some(true),
        [Item::List { negated, .. } | Item::Range { negated, .. }] => Some(*negated),
        [Item::AnyOf(alternatives)] => {
            let mut answers = alternatives.iter().map(|it| matches_nothing(it));
            answers.any(|answer| answer == Some(true)).then_some(true)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::golden::check;
    use super::*;

    /// What gobwas says: the pattern, its separators, and which of `names.txt` match.
    #[test]
    fn matches_like_gobwas() {
        let names = include_str!("../../fixtures/golang/names.txt");
        check(include_str!("../../fixtures/golang/glob.jsonl"), |case| {
            let separators: Vec<char> = case.text(1).chars().collect();
            let Some(glob) = Glob::new(case.text(0), &separators) else { return Value::Null };
            names.lines().filter(|name| glob.matches(name)).collect()
        });
    }
}
