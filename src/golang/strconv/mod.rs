//! Go's `strconv`: numbers and quoted text, read and written.
//!
//! The one place that knows how Go prints a number: templates, `toYaml`, `toJson` and the YAML resolver come here.

mod float;
mod int;
mod quote;

use std::fmt;

pub use float::{
    FloatFormat, exponential, fixed, format_float, format_g, format_g32, format_json, parse_float,
};
pub use int::{atoi, format_int, parse_bool, parse_int, parse_uint};
pub use quote::{Unquoted, can_backquote, quote, quote_char, quote_to_ascii, unquote, unquote_char};

/// `strconv.NumError`: why a text is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumError {
    /// The function of Go that failed: `ParseInt`.
    pub function: &'static str,
    /// The text that was read.
    pub text: String,
    /// What is wrong with it.
    pub kind: NumErrorKind,
}

/// The kinds of a [`NumError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumErrorKind {
    /// The text is no number of this kind.
    Syntax,
    /// The number does not fit. Go answers with the nearest one that does, besides the error.
    Range,
    /// There is no such base.
    Base(u32),
    /// There is no such size.
    BitSize(u32),
}

impl NumError {
    fn new(function: &'static str, text: &str, kind: NumErrorKind) -> Self {
        Self { function, text: text.to_owned(), kind }
    }

    /// The 64-bit number that Go returns besides the error: what callers get that ignore errors (sprig's `atoi`).
    pub fn value_besides(&self) -> i64 {
        match self.kind {
            NumErrorKind::Range if self.text.starts_with('-') => i64::MIN,
            NumErrorKind::Range => i64::MAX,
            _ => 0,
        }
    }
}

impl fmt::Display for NumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "strconv.{}: parsing {}: ", self.function, quote(&self.text))?;
        match self.kind {
            NumErrorKind::Syntax => f.write_str("invalid syntax"),
            NumErrorKind::Range => f.write_str("value out of range"),
            NumErrorKind::Base(base) => write!(f, "invalid base {base}"),
            NumErrorKind::BitSize(bits) => write!(f, "invalid bit size {bits}"),
        }
    }
}

impl std::error::Error for NumError {}

/// Whether underscores stand between digits only, or between the `0x` of a number and a digit. All else about the
/// number is checked elsewhere.
fn underscores_are_fine(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let prefix = |marks: [&str; 2]| marks.iter().find_map(|mark| text.strip_prefix(mark));
    let hexadecimal = prefix(["0x", "0X"]);
    let other = || prefix(["0b", "0B"]).or_else(|| prefix(["0o", "0O"]));
    let (mut after_digit, text) = match hexadecimal.or_else(other) {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut after_underscore = false;
    for byte in text.bytes() {
        let digit = byte.is_ascii_digit() || hexadecimal.is_some() && byte.is_ascii_hexdigit();
        if byte == b'_' && !after_digit || byte != b'_' && after_underscore && !digit {
            return false;
        }
        after_digit = digit;
        after_underscore = byte == b'_';
    }
    !after_underscore
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::golang::{bytes, golden};

    /// What Go says: `fixtures/golang/strconv.jsonl`.
    #[test]
    fn agrees_with_go() {
        // Numbers are compared as texts, since JSON knows neither infinities nor all of 64 bits.
        let shown = |value: Result<String, NumError>| value.unwrap_or_else(|error| error.to_string());
        golden::check(include_str!("../../../fixtures/golang/strconv.jsonl"), |case| {
            let text = case.text(1);
            let number = |at: usize| u32::try_from(case.0[at].as_u64().unwrap()).unwrap();
            match case.text(0) {
                "int" => shown(parse_int(text, number(2), number(3)).map(|it| it.to_string())).into(),
                "uint" => shown(parse_uint(text, number(2), number(3)).map(|it| it.to_string())).into(),
                "atoi" => match atoi(text) {
                    Ok(value) => json!([value.to_string(), ""]),
                    Err(error) => json!([error.value_besides().to_string(), error.to_string()]),
                },
                "bool" => shown(parse_bool(text).map(|it| it.to_string())).into(),
                "float" => {
                    let bits =
                        |bits| shown(parse_float(text, bits).map(|it| format!("{:016x}", it.to_bits())));
                    json!([bits(64), bits(32)])
                }
                "format" => {
                    let value = f64::from_bits(u64::from_str_radix(text, 16).unwrap());
                    let formats = [
                        FloatFormat::Scientific,
                        FloatFormat::Plain,
                        FloatFormat::General,
                        FloatFormat::GeneralUpper,
                        FloatFormat::ScientificUpper,
                    ];
                    let precisions = [None, Some(0), Some(1), Some(2), Some(3), Some(6), Some(17), Some(25)];
                    let bits = number(2);
                    let row = |format| {
                        precisions
                            .map(|precision| format_float(value, format, precision, bits).to_string())
                            .to_vec()
                    };
                    formats.map(row).to_vec().into()
                }
                "quote" => json!([
                    quote(text),
                    quote_to_ascii(text),
                    can_backquote(text),
                    text.chars().map(quote_char).collect::<Vec<_>>(),
                ]),
                "unquote" => unquote(text).map_or(Value::Null, |it| bytes::replaced(&it).into()),
                other => panic!("{other}"),
            }
        });
    }
}
