//! Integers and booleans.

use super::{NumError, NumErrorKind, underscores_are_fine};

/// `ParseUint`: a base of 0 goes by the prefix (`0x`, `0o`, `0b`, `0`) and takes underscores between digits; a size of
/// 0 is 64 bits.
pub fn parse_uint(text: &str, base: u32, bits: u32) -> Result<u64, NumError> {
    match unsigned(text, base, bits) {
        Ok((value, true)) => Ok(value),
        Ok((_, false)) => Err(NumError::new("ParseUint", text, NumErrorKind::Range)),
        Err(kind) => Err(NumError::new("ParseUint", text, kind)),
    }
}

/// `ParseInt`: like [`parse_uint`], behind a sign.
pub fn parse_int(text: &str, base: u32, bits: u32) -> Result<i64, NumError> {
    signed(text, base, bits).map_err(|kind| NumError::new("ParseInt", text, kind))
}

/// `Atoi`: decimal digits behind a sign.
pub fn atoi(text: &str) -> Result<i64, NumError> {
    signed(text, 10, 0).map_err(|kind| NumError::new("Atoi", text, kind))
}

fn signed(text: &str, base: u32, bits: u32) -> Result<i64, NumErrorKind> {
    // What does not fit has become the greatest number, which has no room for the sign.
    let (value, _) = unsigned(text.strip_prefix(['+', '-']).unwrap_or(text), base, bits)?;
    let limit = 1i128 << (if bits == 0 { 64 } else { bits } - 1);
    let value = if text.starts_with('-') { -i128::from(value) } else { i128::from(value) };
    match i64::try_from(value) {
        Ok(small) if (-limit..limit).contains(&value) => Ok(small),
        _ => Err(NumErrorKind::Range),
    }
}

/// The number, and whether it fits.
fn unsigned(text: &str, base: u32, bits: u32) -> Result<(u64, bool), NumErrorKind> {
    if text.is_empty() {
        return Err(NumErrorKind::Syntax);
    }
    let prefixes = [("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8), ("0x", 16), ("0X", 16)];
    let (digits, radix) = match base {
        2..=36 => (text, base),
        0 => {
            let of =
                |(prefix, radix)| Some((text.strip_prefix(prefix).filter(|rest| !rest.is_empty())?, radix));
            let octal = || Some((text.strip_prefix('0')?, 8));
            prefixes.into_iter().find_map(of).or_else(octal).unwrap_or((text, 10))
        }
        base => return Err(NumErrorKind::Base(base)),
    };
    let max = match bits {
        0 | 64 => u64::MAX,
        1..64 => (1 << bits) - 1,
        bits => return Err(NumErrorKind::BitSize(bits)),
    };
    let mut value = 0u64;
    for char in digits.chars().filter(|char| base != 0 || *char != '_') {
        let digit = char.to_digit(radix).ok_or(NumErrorKind::Syntax)?;
        // Go stops here, whatever follows.
        match value.checked_mul(radix.into()).and_then(|value| value.checked_add(digit.into())) {
            Some(next) if next <= max => value = next,
            _ => return Ok((max, false)),
        }
    }
    if base == 0 && text.contains('_') && !underscores_are_fine(text) {
        return Err(NumErrorKind::Syntax);
    }
    Ok((value, true))
}

/// `ParseBool`.
pub fn parse_bool(text: &str) -> Result<bool, NumError> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(NumError::new("ParseBool", text, NumErrorKind::Syntax)),
    }
}

/// `FormatInt` in a base from 2 to 36, in lower case; other bases, with which Go panics, count as 10.
pub fn format_int(value: i64, base: u32) -> String {
    let base = if (2..=36).contains(&base) { base } else { 10 };
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % u64::from(base)).unwrap_or_default();
        digits.push(char::from_digit(digit, base).unwrap_or('0'));
        rest /= u64::from(base);
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}
