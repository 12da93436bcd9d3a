//! Numbers as Go reads and prints them.
//!
//! The one place that knows `strconv`: templates, `toYaml`, `toJson` and the resolver all come here.

use std::fmt::Write as _;

use smol_str::{SmolStr, SmolStrBuilder};

/// The shortest decimal digits that read back as the same number, and the exponent of the first of them:
/// `d.ddd * 10^exponent`. `negative` is the sign, also of zero.
struct Digits {
    negative: bool,
    significant: String,
    exponent: i32,
}

/// The digits of a finite number. `print` is its `{:e}`, with as many decimals as asked for.
fn digits(print: impl Fn(Option<usize>) -> String) -> Digits {
    let shortest = split(&print(None));
    let len = shortest.significant.len();
    if len < 8 {
        return shortest;
    }
    // Of two candidates equally far from the number Go takes the even one. Only then do the exact digits go on
    // with a single 5.
    let exact = split(&print(Some(len + 40)));
    let (kept, rest) = exact.significant.split_at_checked(len).unwrap_or_default();
    let even = kept.ends_with(['0', '2', '4', '6', '8']) && !kept.ends_with('0');
    let tie = rest.strip_prefix('5').is_some_and(|rest| rest.bytes().all(|byte| byte == b'0'));
    if even && tie && exact.exponent == shortest.exponent {
        return Digits { significant: kept.to_owned(), ..shortest };
    }
    shortest
}

fn digits_of(value: f64) -> Digits {
    digits(|decimals| match decimals {
        None => format!("{value:e}"),
        Some(decimals) => format!("{value:.decimals$e}"),
    })
}

/// Splits what `{:e}` prints.
fn split(scientific: &str) -> Digits {
    let (negative, rest) = match scientific.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, scientific),
    };
    let (mantissa, exponent) = rest.split_once('e').unwrap_or((rest, "0"));
    Digits {
        negative,
        significant: mantissa.chars().filter(|char| *char != '.').collect(),
        exponent: exponent.parse().unwrap_or(0),
    }
}

impl Digits {
    /// `d.ddde+XX`, with at least `width` digits in the exponent.
    fn scientific(&self, width: usize) -> SmolStr {
        let mut out = SmolStrBuilder::new();
        if self.negative {
            out.push('-');
        }
        let (first, rest) = self.significant.split_at(1.min(self.significant.len()));
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        out.push_str(if self.exponent < 0 { "e-" } else { "e+" });
        // Writing to a builder cannot fail.
        let _ = write!(out, "{:0width$}", self.exponent.unsigned_abs());
        out.finish()
    }

    /// Digits with a decimal point and no exponent.
    fn plain(&self) -> SmolStr {
        let mut out = SmolStrBuilder::new();
        if self.negative {
            out.push('-');
        }
        let point = self.exponent + 1;
        if point <= 0 {
            out.push_str("0.");
            for _ in point..0 {
                out.push('0');
            }
            out.push_str(&self.significant);
        } else {
            let point = point as usize;
            let (whole, fraction) = self.significant.split_at(point.min(self.significant.len()));
            out.push_str(whole);
            for _ in self.significant.len()..point {
                out.push('0');
            }
            if !fraction.is_empty() {
                out.push('.');
                out.push_str(fraction);
            }
        }
        out.finish()
    }

    fn general(&self) -> SmolStr {
        if self.exponent < -4 || self.exponent >= 6 {
            // Zero has exponent zero, so this is never `0e+00`.
            self.scientific(2)
        } else {
            self.plain()
        }
    }
}

/// `strconv.FormatFloat(value, 'g', -1, 64)`: what `{{ 1.5e6 }}`, `%v` and a YAML float print: `1.5e+06`.
pub fn format_g(value: f64) -> SmolStr {
    if value.is_nan() {
        SmolStr::new_static("NaN")
    } else if value.is_infinite() {
        SmolStr::new_static(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        digits_of(value).general()
    }
}

/// `strconv.FormatFloat(value, 'g', -1, 32)`: how `sigs.k8s.io/yaml` writes a float that is a key or goes into a
/// string field of a struct.
pub fn format_g32(value: f64) -> SmolStr {
    let value = value as f32;
    if !value.is_finite() {
        return format_g(f64::from(value));
    }
    let print = |decimals: Option<usize>| match decimals {
        None => format!("{value:e}"),
        Some(decimals) => format!("{value:.decimals$e}"),
    };
    digits(print).general()
}

/// A float as `encoding/json` writes it; `None` for what JSON cannot hold.
pub fn format_json(value: f64) -> Option<SmolStr> {
    if !value.is_finite() {
        return None;
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // A one-digit negative exponent loses its leading zero; a positive one has two digits anyway.
        Some(digits_of(value).scientific(1))
    } else {
        Some(digits_of(value).plain())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (value, g, json) in [
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
            (1.0, "1", "1"),
            (100_000.0, "100000", "100000"),
            (123_456.789, "123456.789", "123456.789"),
            (1_000_000.0, "1e+06", "1000000"),
            (1_048_576.0, "1.048576e+06", "1048576"),
            (1_234_567.5, "1.2345675e+06", "1234567.5"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
            (1.5e-10, "1.5e-10", "1.5e-10"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (-1.5e300, "-1.5e+300", "-1.5e+300"),
        ] {
            assert_eq!(format_g(value), g);
            assert_eq!(format_json(value).unwrap(), json);
        }
        assert_eq!(format_json(f64::NAN), None);
        assert_eq!(format_g(f64::NEG_INFINITY), "-Inf");
        assert_eq!(format_json(49_f64.exp2() + 0.25).unwrap(), "562949953421312.2");
        assert_eq!(format_json(49_f64.exp2() + 0.75).unwrap(), "562949953421312.8");
        assert_eq!(format_g32(1_234_561.3), "1.2345612e+06");
        assert_eq!(format_g32(1.1), "1.1");
        assert_eq!(format_g32(16_777_217.0), "1.6777216e+07");
    }
}
