//! The patterns of Go's `path.Match` (`.helmignore`, the git directories generator): `*` and `?` stop at `/`, a class is
//! `[a-z]` or `[^a-z]`, `\` escapes. There is no `**`.
//!
//! Restated step by step, because two oddities are part of the behaviour: a star never gives up a place where what
//! follows it matched, and a star skips bytes, not characters.

use std::fmt;

/// `path.ErrBadPattern`, which is also doublestar's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPattern;

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("syntax error in pattern")
    }
}

impl std::error::Error for BadPattern {}

/// A pattern of `path.Match`.
#[derive(Debug, Clone)]
pub struct PathPattern {
    chunks: Vec<Chunk>,
}

/// What stands between two runs of stars.
#[derive(Debug, Clone)]
struct Chunk {
    /// Whether stars stand before it.
    star: bool,
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
enum Item {
    Byte(u8),
    /// `?`
    One,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl PathPattern {
    /// Reads a pattern. Go finds the same mistakes, whatever the name it matches with.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        let mut chunks = Vec::new();
        let mut chunk = Chunk { star: false, items: Vec::new() };
        let mut rest = pattern;
        while let Some(char) = rest.chars().next() {
            rest = rest.get(char.len_utf8()..).unwrap_or_default();
            match char {
                '*' if chunk.items.is_empty() => chunk.star = true,
                '*' => {
                    chunks.push(chunk);
                    chunk = Chunk { star: true, items: Vec::new() };
                }
                '?' => chunk.items.push(Item::One),
                '[' => chunk.items.push(class(&mut rest)?),
                // The byte behind the backslash is taken as it is, by the next round or here.
                '\\' => {
                    let escaped = rest.chars().next().ok_or(BadPattern)?;
                    rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                    push_bytes(&mut chunk.items, escaped);
                }
                char => push_bytes(&mut chunk.items, char),
            }
        }
        if chunk.star || !chunk.items.is_empty() {
            chunks.push(chunk);
        }
        Ok(Self { chunks })
    }

    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        let mut name = name.as_bytes();
        for (at, chunk) in self.chunks.iter().enumerate() {
            if chunk.star && chunk.items.is_empty() {
                return !name.contains(&b'/');
            }
            let last = at + 1 == self.chunks.len();
            let fits = |name| chunk.strip(name).filter(|rest| !last || rest.is_empty());
            let skipped = || {
                let reach =
                    if chunk.star { name.iter().take_while(|byte| **byte != b'/').count() } else { 0 };
                (1..=reach).find_map(|skip| fits(name.get(skip..)?))
            };
            match fits(name).or_else(skipped) {
                Some(rest) => name = rest,
                None => return false,
            }
        }
        name.is_empty()
    }
}

fn push_bytes(items: &mut Vec<Item>, char: char) {
    items.extend(char.encode_utf8(&mut [0; 4]).bytes().map(Item::Byte));
}

/// The rest of a class, behind its `[`.
fn class(rest: &mut &str) -> Result<Item, BadPattern> {
    let escaped = |rest: &mut &str| {
        let mut chars = rest.chars();
        let mut char = chars.next().filter(|char| !matches!(char, '-' | ']')).ok_or(BadPattern)?;
        if char == '\\' {
            char = chars.next().ok_or(BadPattern)?;
        }
        *rest = chars.as_str();
        // Something must follow: the class is still open.
        if rest.is_empty() { Err(BadPattern) } else { Ok(char) }
    };
    let negated = rest.starts_with('^');
    *rest = rest.strip_prefix('^').unwrap_or(rest);
    let mut ranges = Vec::new();
    loop {
        if let Some(behind) = rest.strip_prefix(']').filter(|_| !ranges.is_empty()) {
            *rest = behind;
            return Ok(Item::Class { negated, ranges });
        }
        let low = escaped(rest)?;
        let high = match rest.strip_prefix('-') {
            Some(behind) => {
                *rest = behind;
                escaped(rest)?
            }
            None => low,
        };
        ranges.push((low, high));
    }
}

impl Chunk {
    /// What is left of a name that starts with this chunk.
    fn strip<'a>(&self, mut name: &'a [u8]) -> Option<&'a [u8]> {
        for item in &self.items {
            let (char, len) = decode(name)?;
            let (fits, len) = match item {
                Item::Byte(byte) => (name.first() == Some(byte), 1),
                Item::One => (char != '/', len),
                Item::Class { negated, ranges } => {
                    (ranges.iter().any(|(low, high)| (*low..=*high).contains(&char)) != *negated, len)
                }
            };
            if !fits {
                return None;
            }
            name = name.get(len..)?;
        }
        Some(name)
    }
}

/// `utf8.DecodeRune`: the first character and its length; half a character is one byte of U+FFFD.
fn decode(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    let len = match first {
        0..0x80 => return Some((char::from(first), 1)),
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
        _ => 1,
    };
    let char = bytes
        .get(..len)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.chars().next());
    Some(char.map_or((char::REPLACEMENT_CHARACTER, 1), |char| (char, len)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golang::golden;

    /// What Go says: `fixtures/golang/path_match.jsonl`.
    #[test]
    fn agrees_with_go() {
        let names = include_str!("../../fixtures/golang/names.txt");
        golden::check(include_str!("../../fixtures/golang/path_match.jsonl"), |case| match PathPattern::new(
            case.text(0),
        ) {
            Ok(pattern) => names.lines().filter(|name| pattern.matches(name)).collect(),
            Err(error) => error.to_string().into(),
        });
    }
}
