//! Go's `path/filepath.Match` (and `path.Match`): shell patterns over one path.

/// Whether `pattern` matches all of `name`; `None` for a malformed pattern, `filepath.ErrBadPattern`.
///
/// `*` is any run of characters but `/`, `?` one of them, `[a-z]` and `[^a-z]` are classes, `\` quotes. All of the
/// pattern is read, also behind the first mismatch.
pub fn path_match(pattern: &str, name: &str) -> Option<bool> {
    let parts = parse(pattern)?;
    let name: Vec<char> = name.chars().collect();
    // The classic two-pointer walk: on a mismatch the last star takes one more character.
    let (mut at, mut part) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match (parts.get(part), name.get(at)) {
            (Some(Part::Star), _) => {
                star = Some((part, at));
                part += 1;
                continue;
            }
            (Some(one), Some(c)) => one.accepts(*c),
            (None, None) => return Some(true),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if step {
            at += 1;
            part += 1;
            continue;
        }
        match star {
            Some((star_part, star_at)) if name.get(star_at).is_some_and(|c| *c != '/') => {
                star = Some((star_part, star_at + 1));
                part = star_part + 1;
                at = star_at + 1;
            }
            _ => return Some(false),
        }
    }
}

enum Part {
    Star,
    Any,
    One(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Part {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => c != '/',
            Self::One(one) => *one == c,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

fn parse(pattern: &str) -> Option<Vec<Part>> {
    let mut chars = pattern.chars().peekable();
    let mut parts = Vec::new();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '*' => Part::Star,
            '?' => Part::Any,
            '\\' => Part::One(chars.next()?),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                // A `]` right at the beginning is an error, as is a class without an end.
                while ranges.is_empty() || chars.peek() != Some(&']') {
                    let low = class_char(&mut chars)?;
                    let high = if chars.next_if_eq(&'-').is_some() { class_char(&mut chars)? } else { low };
                    ranges.push((low, high));
                }
                chars.next();
                Part::Class { negated, ranges }
            }
            c => Part::One(c),
        });
    }
    Some(parts)
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
    .filter(|_| chars.peek().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Go 1.26.
    #[test]
    fn matches_like_go() {
        for (pattern, name, want) in [
            ("abc", "abc", Some(true)),
            ("*", "abc", Some(true)),
            ("*c", "abc", Some(true)),
            ("a*", "ab/c", Some(false)),
            ("a*/b", "abc/b", Some(true)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Some(true)),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", Some(false)),
            ("ab[c]", "abc", Some(true)),
            ("ab[b-d]", "abc", Some(true)),
            ("ab[^c]", "abc", Some(false)),
            ("a\\*b", "a*b", Some(true)),
            ("a?b", "a/b", Some(false)),
            ("[^a]", "/", Some(true)),
            ("[", "a", None),
            ("[^", "a", None),
            ("[]a]", "]", None),
            ("[-]", "-", None),
            ("[x-]", "x", None),
            ("a[", "a", None),
            ("a[", "ab", None),
            ("*x", "xxx", Some(true)),
            ("", "", Some(true)),
            ("*", "", Some(true)),
        ] {
            assert_eq!(path_match(pattern, name), want, "{pattern} {name}");
        }
    }
}
