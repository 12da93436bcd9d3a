//! Quoted text.

use std::fmt::Write as _;

use crate::golang::bytes::{byte_of, to_text};
use crate::golang::unicode::is_print;

/// `Quote`: what `%q` prints.
pub fn quote(text: &str) -> String {
    quoted(text, false)
}

/// `QuoteToASCII`: what `%+q` prints.
pub fn quote_to_ascii(text: &str) -> String {
    quoted(text, true)
}

/// `QuoteRune`: what `%q` prints of a number: `'x'`.
pub fn quote_char(char: char) -> String {
    let mut out = String::from("'");
    push_escaped(&mut out, char, '\'', false);
    out.push('\'');
    out
}

fn quoted(text: &str, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        push_escaped(&mut out, char, '"', ascii);
    }
    out.push('"');
    out
}

fn push_escaped(out: &mut String, char: char, delimiter: char, ascii: bool) {
    match char {
        '\\' => out.push_str("\\\\"),
        char if char == delimiter => {
            out.push('\\');
            out.push(char);
        }
        ' '..='~' => out.push(char),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        char if byte_of(char).is_some() => {
            let _ = write!(out, "\\x{:02x}", byte_of(char).unwrap_or_default());
        }
        char if !ascii && is_print(char) => out.push(char),
        // Writing to a string cannot fail.
        char => {
            let _ = match u32::from(char) {
                code @ (0..0x20 | 0x7f) => write!(out, "\\x{code:02x}"),
                code @ 0..0x1_0000 => write!(out, "\\u{code:04x}"),
                code => write!(out, "\\U{code:08x}"),
            };
        }
    }
}

/// `CanBackquote`: whether the text can stand between backquotes, on one line.
pub fn can_backquote(text: &str) -> bool {
    text.chars().all(|char| match char {
        '\u{feff}' | '`' | '\x7f' => false,
        char => char >= ' ' || char == '\t',
    })
}

/// `Unquote`: the text of a Go literal in double quotes, backquotes or, if it is one character, single quotes; `None`
/// is Go's `invalid syntax`. Bytes that `\xff` makes and that are no text stand for themselves.
pub fn unquote(literal: &str) -> Option<String> {
    let delimiter = literal.chars().next()?;
    let inner = literal.get(1..)?.strip_suffix(delimiter)?;
    match delimiter {
        '`' if inner.contains('`') => None,
        '`' => Some(inner.replace('\r', "")),
        '"' | '\'' => {
            let mut out = Vec::with_capacity(inner.len());
            let mut rest = inner;
            let mut len = 0;
            while !rest.is_empty() {
                if rest.starts_with('\n') {
                    return None;
                }
                let (unquoted, behind) = unquote_char(rest, delimiter)?;
                match unquoted {
                    Unquoted::Byte(byte) => out.push(byte),
                    Unquoted::Char(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
                }
                rest = behind;
                len += 1;
            }
            if delimiter == '\'' && len > 1 {
                return None;
            }
            Some(to_text(&out))
        }
        _ => None,
    }
}

/// What one character or escape sequence of a literal stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unquoted {
    /// One byte of text, which `\xff` and `\377` make. In a character literal it is the character of this number.
    Byte(u8),
    /// A character.
    Char(char),
}

/// `UnquoteChar`: the first character of the inside of a literal, and what follows it.
pub fn unquote_char(text: &str, delimiter: char) -> Option<(Unquoted, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == delimiter && matches!(first, '\'' | '"') {
        return None;
    }
    if first != '\\' {
        return Some((Unquoted::Char(first), chars.as_str()));
    }
    let escape = chars.next()?;
    let char = match escape {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        '\'' | '"' if escape == delimiter => escape,
        'x' => {
            let (code, rest) = code(chars.as_str(), 2, 16)?;
            return Some((Unquoted::Byte(u8::try_from(code).ok()?), rest));
        }
        '0'..='7' => {
            let (code, rest) = code(text.get(1..)?, 3, 8)?;
            return Some((Unquoted::Byte(u8::try_from(code).ok()?), rest));
        }
        'u' | 'U' => {
            let (code, rest) = code(chars.as_str(), if escape == 'u' { 4 } else { 8 }, 16)?;
            return Some((Unquoted::Char(char::from_u32(code)?), rest));
        }
        _ => return None,
    };
    Some((Unquoted::Char(char), chars.as_str()))
}

/// The number that a fixed count of digits makes.
fn code(text: &str, digits: usize, radix: u32) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    // A sign is no digit.
    if !number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(number, radix).ok()?, rest))
}
