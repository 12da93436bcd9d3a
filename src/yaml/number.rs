//! Numbers as go-yaml reads them. How Go prints them is in `golang::strconv`.

/// An integer or float that go-yaml reads from a plain scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

/// Reads what begins with a digit or sign. `octal_1_2` also accepts `0o17` behind a sign and more underscores than
/// Go's own rule, as go-yaml v3 does.
pub(super) fn parse(text: &str, octal_1_2: bool) -> Option<Number> {
    let squeezed;
    let plain = if text.contains('_') {
        squeezed = text.replace('_', "");
        squeezed.as_str()
    } else {
        text
    };
    if let Some(number) = parse_int(plain) {
        return Some(number);
    }
    if is_yaml_float(plain)
        && let Ok(value) = plain.parse::<f64>()
        // Go reports what is out of range as an error, and the scalar stays a string.
        && value.is_finite()
    {
        return Some(Number::Float(value));
    }
    // What follows differs from `parse_int` in odd cases alone, such as `0b-1` and `-0o7`.
    let radix = |prefix: &str, negative: &str, radix: u32| {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return signed(digits, radix).or_else(|| unsigned(digits, radix));
        }
        let digits = plain.strip_prefix(negative)?;
        signed(&format!("-{digits}"), radix)
    };
    radix("0b", "-0b", 2).or_else(|| if octal_1_2 { radix("0o", "-0o", 8) } else { None })
}

fn signed(digits: &str, radix: u32) -> Option<Number> {
    i64::from_str_radix(digits, radix).ok().map(Number::Int)
}

fn unsigned(digits: &str, radix: u32) -> Option<Number> {
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(Number::Uint)
}

/// `strconv.ParseInt(text, 0, 64)` and, where that is too small, `ParseUint`.
fn parse_int(text: &str) -> Option<Number> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => ("", text.get(1..)?),
        b'-' => ("-", text.get(1..)?),
        _ => ("", text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    if sign.is_empty() {
        signed(digits, radix).or_else(|| {
            // ParseUint takes no sign at all, not even a plus.
            if text.starts_with('+') { None } else { unsigned(digits, radix) }
        })
    } else {
        signed(&format!("-{digits}"), radix)
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let skip_digits = |text: &str| text.trim_start_matches(|char: char| char.is_ascii_digit()).len();
    let whole = rest.len() - skip_digits(rest);
    let mut rest = rest.get(whole..).unwrap_or("");
    if let Some(fraction) = rest.strip_prefix('.') {
        let left = skip_digits(fraction);
        if whole == 0 && left == fraction.len() {
            return false;
        }
        rest = fraction.get(fraction.len() - left..).unwrap_or("");
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !digits.is_empty() && skip_digits(digits) == 0
        }
    }
}

/// `strconv.ParseFloat` of a text that begins with a point.
pub(super) fn parse_point_float(text: &str) -> Option<f64> {
    let squeezed;
    let plain = if text.contains('_') {
        // An underscore must stand between digits.
        let bytes = text.as_bytes();
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        let misplaced = |at: usize| !digit(at.checked_sub(1)) || !digit(Some(at + 1));
        if bytes.iter().enumerate().any(|(at, byte)| *byte == b'_' && misplaced(at)) {
            return None;
        }
        squeezed = text.replace('_', "");
        squeezed.as_str()
    } else {
        text
    };
    if !is_yaml_float(plain) {
        return None;
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}
