//! Exact quantities: `resource.Quantity`.

use std::cmp::Ordering;

/// A quantity in thousand millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

const ONE: i128 = 1_000_000_000;

impl Quantity {
    /// `1Gi`, `100m`, `1e3`; smaller parts than a thousand millionth are rounded up, as Kubernetes does.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at_checked(end)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let (binary, decimal) = match suffix {
            "" => (0, 0),
            "n" => (0, -9),
            "u" => (0, -6),
            "m" => (0, -3),
            "k" => (0, 3),
            "M" => (0, 6),
            "G" => (0, 9),
            "T" => (0, 12),
            "P" => (0, 15),
            "E" => (0, 18),
            "Ki" => (10, 0),
            "Mi" => (20, 0),
            "Gi" => (30, 0),
            "Ti" => (40, 0),
            "Pi" => (50, 0),
            "Ei" => (60, 0),
            _ => (0, suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok().filter(|it| it.abs() < 40)?),
        };
        let mut digits: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            digits = digits.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let mut value = digits.checked_mul(1_i128 << binary)?;
        let exponent = decimal + 9 - i32::try_from(fraction.len()).ok()?;
        if exponent >= 0 {
            value = value.checked_mul(10_i128.checked_pow(exponent.unsigned_abs())?)?;
        } else {
            let by = 10_i128.checked_pow(exponent.unsigned_abs())?;
            value = value / by + i128::from(value % by != 0);
        }
        Some(Self(if text.starts_with('-') { -value } else { value }))
    }

    pub(super) fn of(whole: i64) -> Self {
        Self(i128::from(whole) * ONE)
    }

    pub(super) fn sign(self) -> i64 {
        match self.0.cmp(&0) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    /// The whole number that it is.
    pub(super) fn whole(self) -> Option<i64> {
        if self.0 % ONE == 0 { i64::try_from(self.0 / ONE).ok() } else { None }
    }

    pub(super) fn approximate(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    /// The sum, where it can be held.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, where it can be held.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The thousand millionths.
    pub fn nano(self) -> i128 {
        self.0
    }

    /// `String`: the canonical form, in the kind of units that another quantity is written in.
    pub fn written_like(self, like: &str) -> String {
        let behind = like.find(['e', 'E']).and_then(|at| like.get(at + 1..)).unwrap_or_default();
        let exponent = !behind.is_empty() && !like.ends_with('i');
        let is_binary = like.ends_with('i') && self.0.abs() >= 1024 * ONE;
        if self.0 == 0 {
            return "0".to_owned();
        }
        if is_binary {
            let mut whole = self.0 / ONE + self.0.signum() * i128::from(self.0 % ONE != 0);
            let mut units = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter();
            let mut unit = units.next();
            while whole % 1024 == 0 {
                let Some(next) = units.next() else { break };
                unit = Some(next);
                whole /= 1024;
            }
            return format!("{whole}{}", unit.unwrap_or(&""));
        }
        let units = [
            (27, "E", "e18"),
            (24, "P", "e15"),
            (21, "T", "e12"),
            (18, "G", "e9"),
            (15, "M", "e6"),
            (12, "k", "e3"),
            (9, "", ""),
            (6, "m", "e-3"),
            (3, "u", "e-6"),
        ];
        for (power, unit, scientific) in units {
            let by = 10_i128.pow(power);
            if self.0 % by == 0 {
                return format!("{}{}", self.0 / by, if exponent { scientific } else { unit });
            }
        }
        format!("{}{}", self.0, if exponent { "e-9" } else { "n" })
    }
}
