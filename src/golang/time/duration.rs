//! `time.Duration`.

use std::fmt;

use super::quote;

/// A span of time in nanoseconds, up to 292 years either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Duration(pub i64);

/// Why a text is no duration, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationError(String);

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DurationError {}

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;
/// The size of the least duration.
const LIMIT: u64 = 1 << 63;

impl Duration {
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);

    /// `ParseDuration`: `1h30m`, `-1.5s`, `100ms`; `0` needs no unit.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError(format!("time: invalid duration {}", quote(text.as_bytes())));
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0u64;
        while !rest.is_empty() {
            let (whole, behind) = digits(rest);
            let (fraction, behind) = match behind.strip_prefix('.') {
                Some(behind) => digits(behind),
                None => ("", behind),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let whole = match whole {
                "" => 0,
                digits => digits.parse::<u64>().ok().filter(|value| *value <= LIMIT).ok_or_else(invalid)?,
            };
            let unit_len =
                behind.find(|char: char| char == '.' || char.is_ascii_digit()).unwrap_or(behind.len());
            let (unit, behind) = behind.split_at_checked(unit_len).unwrap_or((behind, ""));
            let size = match unit {
                "" => {
                    let text = quote(text.as_bytes());
                    return Err(DurationError(format!("time: missing unit in duration {text}")));
                }
                "ns" => 1,
                // Both the micro sign and the Greek letter.
                "us" | "\u{b5}s" | "\u{3bc}s" => 1000,
                "ms" => 1_000_000,
                "s" => SECOND,
                "m" => 60 * SECOND,
                "h" => HOUR,
                unit => {
                    let (unit, text) = (quote(unit.as_bytes()), quote(text.as_bytes()));
                    return Err(DurationError(format!("time: unknown unit {unit} in duration {text}")));
                }
            };
            let part = whole.checked_mul(size).and_then(|part| part.checked_add(fraction_of(fraction, size)));
            total = part
                .and_then(|part| total.checked_add(part))
                .filter(|total| *total <= LIMIT)
                .ok_or_else(invalid)?;
            rest = behind;
        }
        if text.starts_with('-') {
            return Ok(Self((total as i64).wrapping_neg()));
        }
        i64::try_from(total).map(Self).map_err(|_| invalid())
    }

    /// `Round`: to the nearest multiple, halves away from zero. A step that is not positive changes nothing.
    pub fn round(self, step: Self) -> Self {
        if step.0 <= 0 {
            return self;
        }
        let (value, step) = (i128::from(self.0), i128::from(step.0));
        let rest = (value % step).abs();
        let size = value.abs() - rest + if rest * 2 < step { 0 } else { step };
        let rounded = if value < 0 { -size } else { size };
        Self(i64::try_from(rounded).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
    }

    /// `Truncate`: towards zero, to a multiple. A step that is not positive changes nothing.
    pub fn truncate(self, step: Self) -> Self {
        if step.0 <= 0 { self } else { Self(self.0 - self.0 % step.0) }
    }

    /// `Nanoseconds`.
    pub fn nanoseconds(self) -> i64 {
        self.0
    }

    /// `Microseconds`, truncated.
    pub fn microseconds(self) -> i64 {
        self.0 / 1000
    }

    /// `Milliseconds`, truncated.
    pub fn milliseconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// `Seconds`.
    pub fn seconds(self) -> f64 {
        self.in_units(1_000_000_000)
    }

    /// `Minutes`.
    pub fn minutes(self) -> f64 {
        self.in_units(60_000_000_000)
    }

    /// `Hours`.
    pub fn hours(self) -> f64 {
        self.in_units(3_600_000_000_000)
    }

    fn in_units(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }

    /// sprig's `durationRound`: the largest unit that fits more than once, without sign: `2mo`, `3h`.
    pub fn sprig_round(self) -> String {
        let size = self.0.unsigned_abs();
        let day = 24 * HOUR;
        let units =
            [(365 * day, "y"), (30 * day, "mo"), (day, "d"), (HOUR, "h"), (60 * SECOND, "m"), (SECOND, "s")];
        let fitting = units.iter().find(|(unit, _)| size > *unit);
        fitting.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", size / unit))
    }
}

/// The digits at the start of a text, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// The digits behind a point, in parts of a unit. What no longer fits into 63 bits does not count.
fn fraction_of(digits: &str, unit: u64) -> u64 {
    let mut value = 0u64;
    let mut scale = 1.0;
    for digit in digits.bytes() {
        let next = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        if value > (LIMIT - 1) / 10 || next > LIMIT {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

impl fmt::Display for Duration {
    /// `String`: `1h30m0s`, `1.5s`, `100ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let decimal = |unit: u64, places: usize| {
            let fraction = format!("{:0places$}", size % unit);
            match fraction.trim_end_matches('0') {
                "" => String::new(),
                fraction => format!(".{fraction}"),
            }
        };
        match size {
            0 => f.write_str("0s"),
            1..1000 => write!(f, "{sign}{size}ns"),
            1000..1_000_000 => write!(f, "{sign}{}{}\u{b5}s", size / 1000, decimal(1000, 3)),
            1_000_000..SECOND => write!(f, "{sign}{}{}ms", size / 1_000_000, decimal(1_000_000, 6)),
            _ => {
                let seconds = size / SECOND;
                f.write_str(sign)?;
                if seconds >= 3600 {
                    write!(f, "{}h", seconds / 3600)?;
                }
                if seconds >= 60 {
                    write!(f, "{}m", seconds / 60 % 60)?;
                }
                write!(f, "{}{}s", seconds % 60, decimal(SECOND, 9))
            }
        }
    }
}
