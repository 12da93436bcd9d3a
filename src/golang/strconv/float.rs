//! Floating point numbers.

use std::fmt::Write as _;

use smol_str::{SmolStr, SmolStrBuilder};

use super::{NumError, NumErrorKind, underscores_are_fine};

/// The decimal digits of a number and the exponent of the first of them: `d.ddd * 10^exponent`. `negative` is the sign,
/// also of zero.
struct Digits {
    negative: bool,
    significant: String,
    exponent: i32,
}

/// The shortest digits that read back as the same number. `print` is its `{:e}`, with as many decimals as asked for.
fn shortest(print: impl Fn(Option<usize>) -> String) -> Digits {
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

fn shortest_64(value: f64) -> Digits {
    shortest(|decimals| match decimals {
        None => format!("{value:e}"),
        Some(decimals) => format!("{value:.decimals$e}"),
    })
}

fn shortest_32(value: f32) -> Digits {
    shortest(|decimals| match decimals {
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

    /// Plain for exponents from -4 up to a limit, else scientific.
    fn general(&self, limit: i32) -> SmolStr {
        if self.exponent < -4 || self.exponent >= limit {
            // Zero has exponent zero, so this is never `0e+00`.
            self.scientific(2)
        } else {
            self.plain()
        }
    }
}

fn not_finite(value: f64) -> Option<&'static str> {
    match value {
        value if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// `FormatFloat(value, 'g', -1, 64)`: what `{{ 1.5e6 }}`, `%v` and a YAML float print: `1.5e+06`.
pub fn format_g(value: f64) -> SmolStr {
    not_finite(value).map_or_else(|| shortest_64(value).general(6), SmolStr::new_static)
}

/// `FormatFloat(value, 'g', -1, 32)`: how `sigs.k8s.io/yaml` writes a float that is a key or goes into a string field
/// of a struct.
pub fn format_g32(value: f64) -> SmolStr {
    let value = value as f32;
    not_finite(value.into()).map_or_else(|| shortest_32(value).general(6), SmolStr::new_static)
}

/// A float as `encoding/json` writes it; `None` for what JSON cannot hold.
pub fn format_json(value: f64) -> Option<SmolStr> {
    if !value.is_finite() {
        return None;
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // A one-digit negative exponent loses its leading zero; a positive one has two digits anyway.
        Some(shortest_64(value).scientific(1))
    } else {
        Some(shortest_64(value).plain())
    }
}

/// The formats of [`format_float`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatFormat {
    /// `'e'`: `1.5e+06`
    Scientific,
    /// `'E'`: `1.5E+06`
    ScientificUpper,
    /// `'f'`: `1500000`
    Plain,
    /// `'g'`: `'e'` for large exponents, else `'f'`
    General,
    /// `'G'`
    GeneralUpper,
}

/// More decimals no 64-bit number has, in either notation: what is asked for beyond is zeros.
const MAX_DECIMALS: usize = 1100;

/// Precisions above this count as this: Go's `fmt` gives up there as well.
const MAX_PRECISION: usize = 10_000_009;

/// A finite number with so many decimals, exactly: `{:.n}` without Rust's limit on `n`.
pub fn fixed(value: f64, decimals: usize) -> String {
    let known = decimals.min(MAX_DECIMALS);
    let mut text = format!("{value:.known$}");
    text.push_str(&"0".repeat(decimals.min(MAX_PRECISION) - known));
    text
}

/// A finite number as `d.ddde-7`, with so many decimals: `{:.ne}` without Rust's limit on `n`.
pub fn exponential(value: f64, decimals: usize) -> String {
    let known = decimals.min(MAX_DECIMALS);
    let text = format!("{value:.known$e}");
    let zeros = decimals.min(MAX_PRECISION) - known;
    match text.split_once('e') {
        Some((mantissa, exponent)) if zeros > 0 => format!("{mantissa}{}e{exponent}", "0".repeat(zeros)),
        _ => text,
    }
}

/// `FormatFloat`; no precision is Go's -1, the fewest digits that read back as the same number of 64 or 32 bits.
pub fn format_float(value: f64, format: FloatFormat, precision: Option<usize>, bits: u32) -> SmolStr {
    if let Some(text) = not_finite(if bits == 32 { f64::from(value as f32) } else { value }) {
        return SmolStr::new_static(text);
    }
    let value = if bits == 32 { f64::from(value as f32) } else { value };
    let precision = precision.map(|precision| precision.min(MAX_PRECISION));
    let digits = || if bits == 32 { shortest_32(value as f32) } else { shortest_64(value) };
    match (format, precision) {
        (FloatFormat::ScientificUpper, _) => {
            format_float(value, FloatFormat::Scientific, precision, bits).to_uppercase().into()
        }
        (FloatFormat::GeneralUpper, _) => {
            format_float(value, FloatFormat::General, precision, bits).to_uppercase().into()
        }
        (FloatFormat::Scientific, None) => digits().scientific(2),
        (FloatFormat::Scientific, Some(decimals)) => split(&exponential(value, decimals)).scientific(2),
        (FloatFormat::Plain, None) => digits().plain(),
        (FloatFormat::Plain, Some(decimals)) => fixed(value, decimals).into(),
        (FloatFormat::General, None) => digits().general(6),
        (FloatFormat::General, Some(precision)) => {
            let decimals = precision.max(1) - 1;
            let mut digits = split(&exponential(value, decimals));
            let kept = digits.significant.trim_end_matches('0').len().max(1);
            digits.significant.truncate(kept);
            // A whole number with fewer digits than asked for counts as asked for exactly.
            let whole = i32::try_from(kept).is_ok_and(|kept| kept > digits.exponent);
            let limit = if precision > kept && whole { kept } else { precision.max(1) };
            digits.general(i32::try_from(limit).unwrap_or(i32::MAX))
        }
    }
}

/// `ParseFloat`, for 64 or 32 bits: decimal or hexadecimal (`0x1p-2`), with underscores between digits, or `inf`,
/// `infinity` and `nan` in any case.
pub fn parse_float(text: &str, bits: u32) -> Result<f64, NumError> {
    let error = |kind| NumError::new("ParseFloat", text, kind);
    let value = parse(text, bits).ok_or_else(|| error(NumErrorKind::Syntax))?;
    let unsigned = text.trim_start_matches(['-', '+']);
    if value.is_infinite() && !unsigned.starts_with(['i', 'I']) {
        return Err(error(NumErrorKind::Range));
    }
    Ok(value)
}

fn parse(text: &str, bits: u32) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Some(f64::INFINITY.copysign(sign));
    }
    // A sign makes it no number.
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let squeezed;
    let mut digits = unsigned;
    if unsigned.contains('_') {
        if !underscores_are_fine(unsigned) {
            return None;
        }
        squeezed = unsigned.replace('_', "");
        digits = &squeezed;
    }
    if let Some(digits) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return Some(hexadecimal(digits, bits)?.copysign(sign));
    }
    // Rust reads the same texts as Go, and words besides.
    if !digits.starts_with(|char: char| char.is_ascii_digit() || char == '.') {
        return None;
    }
    let value =
        if bits == 32 { f64::from(digits.parse::<f32>().ok()?) } else { digits.parse::<f64>().ok()? };
    Some(value.copysign(sign))
}

/// What stands behind `0x`: digits with a point, and an exponent of two, which must be there.
fn hexadecimal(text: &str, bits: u32) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent_digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if exponent_digits.is_empty() || !exponent_digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Beyond this nothing changes but for texts of many thousand digits.
    let size = exponent_digits.parse::<i64>().unwrap_or(i64::MAX).min(1_000_000);
    let mut exponent = if exponent.starts_with('-') { -size } else { size };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut mantissa = 0u64;
    let mut lost = false;
    let all = whole.chars().map(|char| (char, 0)).chain(fraction.chars().map(|char| (char, 4)));
    for (char, shift) in all {
        let digit = char.to_digit(16)?;
        exponent -= shift;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
        } else {
            exponent += 4;
            lost |= digit != 0;
        }
    }
    if mantissa == 0 {
        return Some(0.0);
    }
    exponent -= i64::from(mantissa.leading_zeros());
    mantissa = mantissa << mantissa.leading_zeros() | u64::from(lost);
    Some(round(mantissa, exponent, bits))
}

/// `mantissa * 2^exponent`, rounded to even. The highest bit of the mantissa is set.
fn round(mantissa: u64, exponent: i64, bits: u32) -> f64 {
    let (precision, least) = if bits == 32 { (24, -149) } else { (53, -1074) };
    // The exponent of the last bit that is kept.
    let last = (exponent + 64 - precision).max(least);
    let drop = last - exponent;
    if drop > 64 {
        return 0.0;
    }
    let (mantissa, one) = (u128::from(mantissa), 1u128 << drop);
    let (kept, rest) = (mantissa >> drop, mantissa & (one - 1));
    let up = rest > one / 2 || rest == one / 2 && kept & 1 == 1;
    let kept = (kept + u128::from(up)) as f64;
    let scale = match last {
        ..-1022 => f64::from_bits(1 << (last + 1074)),
        -1022..=1023 => f64::from_bits(((last + 1023) as u64) << 52),
        _ => f64::INFINITY,
    };
    let value = kept * scale;
    if bits == 32 { f64::from(value as f32) } else { value }
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
        assert_eq!(format_float(1.0, FloatFormat::Plain, Some(usize::MAX), 64).len(), MAX_PRECISION + 2);
        for places in [0, 1, 52, 1074, 1100, 1101, 65_535, 65_536] {
            let (plain, scientific) = (fixed(f64::from_bits(1), places), exponential(1.5, places));
            assert_eq!(plain.len(), if places == 0 { 1 } else { places + 2 });
            assert_eq!(scientific.len(), if places == 0 { 3 } else { places + 4 });
            if places < 1100 {
                assert_eq!(plain, format!("{:.places$}", f64::from_bits(1)));
            }
        }
        assert_eq!(format_g32(1_234_561.3), "1.2345612e+06");
        assert_eq!(format_g32(1.1), "1.1");
        assert_eq!(format_g32(16_777_217.0), "1.6777216e+07");
    }
}
