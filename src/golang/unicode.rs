//! Go's `unicode`: which characters are letters, digits, printable. As of Unicode 15, which Go 1.26 has.
//!
//! Rust's own predicates ask other properties: `is_alphabetic` is true of circled letters, which are no letters to Go.

use std::sync::LazyLock;

use regex::Regex;

/// A set of characters beyond ASCII, compiled when first asked.
type Set = LazyLock<Option<Regex>>;

fn has(set: &Set, char: char) -> bool {
    set.as_ref().is_some_and(|set| set.is_match(char.encode_utf8(&mut [0; 4])))
}

/// `unicode.IsLetter`: categories L*.
pub fn is_letter(char: char) -> bool {
    static LETTER: Set = LazyLock::new(|| Regex::new(r"^[\p{L}&&\p{Age:15.0}]").ok());
    if char.is_ascii() { char.is_ascii_alphabetic() } else { has(&LETTER, char) }
}

/// `unicode.IsDigit`: category Nd.
pub fn is_digit(char: char) -> bool {
    static DIGIT: Set = LazyLock::new(|| Regex::new(r"^[\p{Nd}&&\p{Age:15.0}]").ok());
    if char.is_ascii() { char.is_ascii_digit() } else { has(&DIGIT, char) }
}

/// `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the blank.
pub fn is_print(char: char) -> bool {
    static PRINT: Set = LazyLock::new(|| Regex::new(r"^[[\p{L}\p{M}\p{N}\p{P}\p{S}]&&\p{Age:15.0}]").ok());
    match char {
        ' '..='~' => true,
        '\0'..='\u{a0}' | '\u{ad}' => false,
        '\u{a1}'..='\u{ff}' => true,
        char => has(&PRINT, char),
    }
}

/// `unicode.ToUpper`: a character for a character.
pub fn to_upper(c: char) -> char {
    let mut chars = c.to_uppercase();
    match (chars.next(), chars.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

/// `unicode.ToLower`: a character for a character.
pub fn to_lower(c: char) -> char {
    match c {
        'İ' => 'i',
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where in all of Unicode Go's answer changes: `fixtures/golang/unicode.jsonl`.
    #[test]
    fn agrees_with_go() {
        for line in include_str!("../../fixtures/golang/unicode.jsonl").lines() {
            let (name, changes): (String, Vec<u32>) = serde_json::from_str(line).unwrap();
            let predicate = match name.as_str() {
                "letter" => is_letter,
                "digit" => is_digit,
                "print" => is_print,
                other => panic!("{other}"),
            };
            let is = |code| char::from_u32(code).is_some_and(predicate);
            for (at, code) in changes.into_iter().enumerate() {
                assert_eq!((is(code - 1), is(code)), (at % 2 == 1, at % 2 == 0), "{name} {code:x}");
            }
        }
    }
}
