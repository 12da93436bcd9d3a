//! Go's literals: quoted strings, runes, numbers.
//!
//! Mirrors `strconv.Unquote` and `parse.newNumber`.

use super::ast::Number;
use super::lex::Kind;

/// `strconv.Unquote` for `"..."` and `` `...` ``.
pub(super) fn unquote(quoted: &str) -> Option<String> {
    if let Some(raw) = quoted.strip_prefix('`') {
        // Carriage returns are dropped from raw strings.
        return raw.strip_suffix('`').map(|raw| raw.replace('\r', ""));
    }
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unit, after) = unquote_char(rest, '"')?;
        match unit {
            Unit::Char(c) => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Unit::Byte(byte) => out.push(byte),
        }
        rest = after;
    }
    // Bytes that are no UTF-8 cannot be kept in our strings; Go would print them as they are.
    Some(String::from_utf8(out).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()))
}

enum Unit {
    Char(char),
    Byte(u8),
}

fn unquote_char(text: &str, quote: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Unit::Char(first), chars.as_str()));
    }
    let escape = chars.next()?;
    let simple = match escape {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        '\'' | '"' if escape == quote => escape,
        'x' | 'u' | 'U' => {
            let count = match escape {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let digits = chars.as_str().get(..count)?;
            let value = u32::from_str_radix(digits, 16).ok()?;
            let rest = chars.as_str().get(count..)?;
            return match escape {
                'x' if value >= 0x80 => Some((Unit::Byte(value as u8), rest)),
                _ => Some((Unit::Char(char::from_u32(value)?), rest)),
            };
        }
        '0'..='7' => {
            let digits = text.get(1..4)?;
            let value = u32::from_str_radix(digits, 8).ok().filter(|value| *value <= 255)?;
            let rest = text.get(4..)?;
            return match u8::try_from(value) {
                Ok(byte) if byte >= 0x80 => Some((Unit::Byte(byte), rest)),
                _ => Some((Unit::Char(char::from_u32(value)?), rest)),
            };
        }
        _ => return None,
    };
    Some((Unit::Char(simple), chars.as_str()))
}

/// What a number literal can be.
pub(super) fn number(text: &str, kind: Kind) -> Result<Number, String> {
    let mut number = Number { text: text.into(), ..Number::default() };
    if kind == Kind::CharConstant {
        let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let value = inner.and_then(|inner| unquote_char(inner, '\''));
        return match value {
            Some((Unit::Char(c), "")) => {
                number.int = Some(i64::from(u32::from(c)));
                number.uint = Some(u64::from(u32::from(c)));
                number.float = Some(f64::from(u32::from(c)));
                Ok(number)
            }
            Some((Unit::Byte(byte), "")) => {
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
    number.uint = parse_uint(text.strip_prefix('+').unwrap_or(text));
    number.int = parse_int(text);
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
        parse_float(text).ok_or_else(|| format!("bad number syntax: {}", crate::yaml::go_quote(text)))?;
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

/// `strconv.ParseInt(text, 0, 64)`
pub fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = parse_uint(digits)?;
    if negative {
        return i64::try_from(-i128::from(magnitude)).ok();
    }
    i64::try_from(magnitude).ok()
}

/// `strconv.ParseUint(text, 0, 64)`
pub(super) fn parse_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    let has_prefix = digits.len() != lower.len();
    if digits.contains("__") || digits.ends_with('_') || (digits.starts_with('_') && !has_prefix) {
        return None;
    }
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if plain.is_empty() || !plain.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(&plain, radix).ok()
}

fn parse_float(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if !plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-')) {
        return None;
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquotes() {
        for (quoted, want) in [
            (r#""a\tb\n""#, Some("a\tb\n")),
            (r#""\x41\u00e9\U0001F600\101""#, Some("Aé😀A")),
            (r#""\'""#, None),
            (r#""\"""#, Some("\"")),
            ("`a\\n\r`", Some("a\\n")),
            (r#""\q""#, None),
            ("\"", None),
        ] {
            assert_eq!(unquote(quoted).as_deref(), want, "{quoted}");
        }
    }

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
