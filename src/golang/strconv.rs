//! Go's `strconv`: quoting.

use std::fmt::Write as _;

use super::unicode::is_print;

/// `strconv.Quote`: what `%q` prints.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        push_escaped(&mut out, char, '"', false);
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
