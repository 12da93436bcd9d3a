//! Go's number literals: what a literal can be where no type is asked for.
//!
//! Mirrors `parse.newNumber`.

use crate::golang::strconv::{Unquoted, parse_float, parse_int, parse_uint, unquote_char};

use super::ast::Number;
use super::lex::Kind;

/// What a number literal can be.
pub(super) fn number(text: &str, kind: Kind) -> Result<Number, String> {
    let mut number = Number { text: text.into(), ..Number::default() };
    if kind == Kind::CharConstant {
        let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let value = inner.and_then(|inner| unquote_char(inner, '\''));
        return match value {
            Some((Unquoted::Char(c), "")) => {
                number.int = Some(i64::from(u32::from(c)));
                number.uint = Some(u64::from(u32::from(c)));
                number.float = Some(f64::from(u32::from(c)));
                Ok(number)
            }
            Some((Unquoted::Byte(byte), "")) => {
                number.int = Some(byte.into());
                number.uint = Some(byte.into());
                number.float = Some(byte.into());
                Ok(number)
            }
            _ => Err(format!("malformed character constant: {text}")),
        };
    }
    if kind == Kind::Complex || text.ends_with('i') {
        return Err(format!("complex numbers have no use in a manifest: {text}"));
    }
    number.uint = parse_uint(text.strip_prefix('+').unwrap_or(text), 0, 64).ok();
    number.int = parse_int(text, 0, 64).ok();
    if let Some(int) = number.int {
        number.float = Some(int as f64);
        if int == 0 {
            number.uint = Some(0);
        }
        return Ok(number);
    }
    if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
        return Ok(number);
    }
    let float =
        parse_float(text, 64).map_err(|_| format!("bad number syntax: {}", crate::yaml::go_quote(text)))?;
    // An integer that is too large does not become a float by the back door.
    if !text.contains(['.', 'e', 'E', 'p', 'P']) {
        return Err(format!("integer overflow: {}", crate::yaml::go_quote(text)));
    }
    number.float = Some(float);
    if float.fract() == 0.0 && float.abs() < 9.2e18 {
        number.int = Some(float as i64);
        if float >= 0.0 {
            number.uint = Some(float as u64);
        }
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, int, float) in [
            ("12", Some(12), Some(12.0)),
            ("-3", Some(-3), Some(-3.0)),
            ("0x1F", Some(31), Some(31.0)),
            ("0o17", Some(15), Some(15.0)),
            ("017", Some(15), Some(15.0)),
            ("1_000", Some(1000), Some(1000.0)),
            ("1e3", Some(1000), Some(1000.0)),
            ("1.5", None, Some(1.5)),
        ] {
            let number = number(text, Kind::Number).unwrap();
            assert_eq!((number.int, number.float), (int, float), "{text}");
        }
        assert!(number("99999999999999999999", Kind::Number).is_err());
        assert!(number("1__0", Kind::Number).is_err());
        assert_eq!(number("'a'", Kind::CharConstant).unwrap().int, Some(97));
    }
}
