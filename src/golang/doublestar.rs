//! The patterns of `github.com/bmatcuk/doublestar/v4` (value files and new globs of Argo CD): `*` and `?` stop at `/`,
//! `**` between slashes crosses them, `{a,b}`, `[a-z]`, `[!a-z]`, `\` escapes.

use super::path_match::BadPattern;

/// Upstream tries alternatives one by one, without a limit; nobody writes more than these.
const MAX_ALTERNATIVES: usize = 1000;
/// No path is that long.
const MAX_LEN: usize = 4096;

/// A pattern of doublestar's `Match`.
#[derive(Debug, Clone)]
pub struct DoublestarPattern {
    /// The pattern with its alternatives written out.
    plain: Vec<Plain>,
}

/// A pattern without alternatives.
#[derive(Debug, Clone)]
struct Plain {
    /// Each item, and whether the pattern from there on may stand for nothing at all.
    items: Vec<(Item, bool)>,
}

#[derive(Debug, Clone)]
enum Item {
    Char(char),
    /// `?`
    One,
    /// `*`, or a `**` that does not stand alone between slashes.
    Star,
    /// `**/`
    Directories,
    /// `**` at the end
    Everything,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl DoublestarPattern {
    /// Reads a pattern. Mistakes are those of `ValidatePattern`, and patterns larger than anybody writes.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        if pattern.len() > MAX_LEN {
            return Err(BadPattern);
        }
        validate(pattern)?;
        let mut texts = vec![pattern.to_owned()];
        let mut plain = Vec::new();
        while let Some(text) = texts.pop() {
            if texts.len() + plain.len() > MAX_ALTERNATIVES {
                return Err(BadPattern);
            }
            match alternatives(&text) {
                None => plain.push(Plain::new(&text)?),
                Some(more) => texts.extend(more),
            }
        }
        Ok(Self { plain })
    }

    /// Whether the whole name matches. `a/**` matches `a` as well.
    pub fn matches(&self, name: &str) -> bool {
        self.plain.iter().any(|pattern| pattern.matches(name))
    }
}

/// `ValidatePattern`.
fn validate(pattern: &str) -> Result<(), BadPattern> {
    let mut depth = 0u32;
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                chars.next().ok_or(BadPattern)?;
            }
            '[' => {
                let mut next = chars.next().ok_or(BadPattern)?;
                if matches!(next, '^' | '!') {
                    next = chars.next().ok_or(BadPattern)?;
                }
                if next == ']' {
                    return Err(BadPattern);
                }
                while next != ']' {
                    if next == '\\' {
                        chars.next();
                    }
                    next = chars.next().ok_or(BadPattern)?;
                }
            }
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1).ok_or(BadPattern)?,
            _ => {}
        }
    }
    if depth == 0 { Ok(()) } else { Err(BadPattern) }
}

/// The pattern with its first `{a,b}` replaced by each of the alternatives; `None` without one.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let mut depth = 0u32;
    let mut open = 0;
    let mut bounds = Vec::new();
    let mut chars = pattern.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => {
                chars.next();
            }
            '[' => {
                while let Some((_, char)) = chars.next().filter(|(_, char)| *char != ']') {
                    if char == '\\' {
                        chars.next();
                    }
                }
            }
            '{' => {
                if depth == 0 {
                    open = at;
                    bounds.push(at);
                }
                depth += 1;
            }
            ',' if depth == 1 => bounds.push(at),
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    bounds.push(at);
                    let (before, after) = (pattern.get(..open)?, pattern.get(at + 1..)?);
                    let parts = bounds.iter().zip(bounds.iter().skip(1));
                    let texts = parts.filter_map(|(from, to)| pattern.get(from + 1..*to));
                    return Some(texts.map(|text| format!("{before}{text}{after}")).collect());
                }
            }
            _ => {}
        }
    }
    None
}

impl Plain {
    fn new(pattern: &str) -> Result<Self, BadPattern> {
        let mut items = Vec::new();
        let mut rest = pattern;
        let mut segment_start = true;
        while let Some(char) = rest.chars().next() {
            let optional = matches!(rest, "*" | "**" | "/**" | "**/" | "/**/");
            rest = rest.get(char.len_utf8()..).unwrap_or_default();
            let item = match char {
                '*' => match rest.strip_prefix('*') {
                    Some(behind) if segment_start && behind.is_empty() => {
                        rest = behind;
                        Item::Everything
                    }
                    Some(behind) if segment_start && behind.starts_with('/') => {
                        rest = behind.strip_prefix('/').unwrap_or(behind);
                        Item::Directories
                    }
                    Some(behind) => {
                        rest = behind;
                        Item::Star
                    }
                    None => Item::Star,
                },
                '?' => Item::One,
                '[' => class(&mut rest)?,
                '\\' => {
                    let escaped = rest.chars().next().ok_or(BadPattern)?;
                    rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                    Item::Char(escaped)
                }
                char => Item::Char(char),
            };
            segment_start = matches!(item, Item::Char('/') | Item::Directories);
            items.push((item, optional));
        }
        Ok(Self { items })
    }

    fn matches(&self, name: &str) -> bool {
        // Where to go on when nothing fits: the item behind the last star, and the part of the name it has not taken.
        let mut star: Option<(usize, &str)> = None;
        let mut directories: Option<(usize, &str)> = None;
        let mut at = 0;
        let mut rest = name;
        while let Some(char) = rest.chars().next() {
            let fits = match self.items.get(at).map(|(item, _)| item) {
                Some(Item::Everything) => return true,
                Some(Item::Directories) => {
                    at += 1;
                    directories = Some((at, rest));
                    star = None;
                    continue;
                }
                Some(Item::Star) => {
                    at += 1;
                    star = Some((at, rest));
                    continue;
                }
                Some(Item::One) => char != '/',
                Some(Item::Char(own)) => *own == char,
                Some(Item::Class { negated, ranges }) => {
                    ranges.iter().any(|(low, high)| (*low..=*high).contains(&char)) != *negated
                }
                None => false,
            };
            if fits {
                at += 1;
                rest = rest.get(char.len_utf8()..).unwrap_or_default();
                continue;
            }
            if let Some((item, taken)) = star
                && let Some(char) = taken.chars().next().filter(|char| *char != '/')
            {
                at = item;
                rest = taken.get(char.len_utf8()..).unwrap_or_default();
                star = Some((item, rest));
                continue;
            }
            let Some((item, taken)) = directories else { return false };
            let Some((_, behind)) = taken.split_once('/') else { return false };
            at = item;
            rest = behind;
            directories = Some((item, rest));
        }
        self.items.get(at).is_none_or(|(_, optional)| *optional)
    }
}

/// The rest of a class, behind its `[`.
fn class(rest: &mut &str) -> Result<Item, BadPattern> {
    let mut chars = rest.chars().peekable();
    let negated = chars.next_if(|char| matches!(char, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    let mut low = None;
    loop {
        let char = chars.next().ok_or(BadPattern)?;
        match (char, low) {
            (']', _) => break,
            ('-', Some(from)) if chars.peek() != Some(&']') => {
                let mut high = chars.next().ok_or(BadPattern)?;
                if high == '\\' {
                    high = chars.next().ok_or(BadPattern)?;
                }
                ranges.push((from, high));
                low = None;
            }
            ('\\', _) => {
                let escaped = chars.next().ok_or(BadPattern)?;
                ranges.push((escaped, escaped));
                low = Some(escaped);
            }
            (char, _) => {
                ranges.push((char, char));
                low = Some(char);
            }
        }
    }
    let left: usize = chars.map(char::len_utf8).sum();
    *rest = rest.get(rest.len() - left..).unwrap_or_default();
    Ok(Item::Class { negated, ranges })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golang::golden;

    /// What doublestar says: `fixtures/golang/doublestar.jsonl`.
    #[test]
    fn agrees_with_doublestar() {
        let names = include_str!("../../fixtures/golang/names.txt");
        golden::check(include_str!("../../fixtures/golang/doublestar.jsonl"), |case| {
            match DoublestarPattern::new(case.text(0)) {
                Ok(pattern) => names.lines().filter(|name| pattern.matches(name)).collect(),
                Err(error) => error.to_string().into(),
            }
        });
    }

    #[test]
    fn refuses_a_flood_of_alternatives() {
        assert_eq!(DoublestarPattern::new(&"{a,b}".repeat(100)).err(), Some(BadPattern));
        assert!(DoublestarPattern::new(&"{".repeat(100_000)).is_err());
    }
}
