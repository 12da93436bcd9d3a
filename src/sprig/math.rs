//! Numbers: sprig's `numeric.go`.
//!
//! Integers are `int64` and wrap, as Go's do. Decimal functions go through exact decimals in sprig; here the shortest
//! decimal digits of both operands are computed with as integers where that fits, which gives the same digits.

use crate::golang::strconv::atoi;
use crate::gotemplate::{Data, Failure, Function, Param, Value};

use super::args::{Result, arg, fixed, int, rest, strval, text, to_float64, to_int64, variadic};

use Param::{Any, Int};

/// Longer lists than this are not made.
const MAX_ITEMS: i64 = 1_000_000;

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("int", &[Any], |_, args| Ok(int(to_int64(arg(args, 0))).at(arg(args, 0).first_origin()))),
    fixed(
        "int64",
        &[Any],
        |_, args| Ok(Value::int64(to_int64(arg(args, 0))).at(arg(args, 0).first_origin())),
    ),
    fixed("float64", &[Any], |_, args| {
        Ok(Value::of(to_float64(arg(args, 0))).at(arg(args, 0).first_origin()))
    }),
    fixed("atoi", &[Param::String], |_, args| {
        Ok(int(atoi(text(args, 0)).unwrap_or_else(|error| error.value_besides())))
    }),
    fixed("toDecimal", &[Any], |_, args| {
        Ok(Value::int64(i64::from_str_radix(&strval(arg(args, 0)), 8).unwrap_or(0)))
    }),
    variadic("add", &[], Any, |_, args| {
        Ok(Value::int64(args.iter().map(to_int64).fold(0, i64::wrapping_add)))
    }),
    fixed("add1", &[Any], |_, args| Ok(Value::int64(to_int64(arg(args, 0)).wrapping_add(1)))),
    fixed("sub", &[Any, Any], |_, args| {
        Ok(Value::int64(to_int64(arg(args, 0)).wrapping_sub(to_int64(arg(args, 1)))))
    }),
    fixed("div", &[Any, Any], |_, args| divide(args, i64::wrapping_div)),
    fixed("mod", &[Any, Any], |_, args| divide(args, i64::wrapping_rem)),
    variadic("mul", &[Any], Any, |_, args| {
        Ok(Value::int64(args.iter().map(to_int64).fold(1, i64::wrapping_mul)))
    }),
    variadic("max", &[Any], Any, |_, args| Ok(Value::int64(args.iter().map(to_int64).max().unwrap_or(0)))),
    variadic("biggest", &[Any], Any, |_, args| {
        Ok(Value::int64(args.iter().map(to_int64).max().unwrap_or(0)))
    }),
    variadic("min", &[Any], Any, |_, args| Ok(Value::int64(args.iter().map(to_int64).min().unwrap_or(0)))),
    variadic("maxf", &[Any], Any, |_, args| Ok(extreme(args, f64::max))),
    variadic("minf", &[Any], Any, |_, args| Ok(extreme(args, f64::min))),
    variadic("addf", &[], Any, |_, args| fold(&Value::of(0.0), args, Decimal::add, |a, b| a + b)),
    fixed("add1f", &[Any], |_, args| fold(arg(args, 0), &[Value::of(1.0)], Decimal::add, |a, b| a + b)),
    variadic("subf", &[Any], Any, |_, args| fold(arg(args, 0), rest(args, 1), Decimal::sub, |a, b| a - b)),
    variadic("mulf", &[Any], Any, |_, args| fold(arg(args, 0), rest(args, 1), Decimal::mul, |a, b| a * b)),
    variadic("divf", &[Any], Any, |_, args| {
        if rest(args, 1).iter().any(|divisor| to_float64(divisor) == 0.0) {
            return Err(Failure::new("decimal division by 0"));
        }
        fold(arg(args, 0), rest(args, 1), Decimal::div, |a, b| a / b)
    }),
    fixed("floor", &[Any], |_, args| Ok(Value::of(to_float64(arg(args, 0)).floor()))),
    fixed("ceil", &[Any], |_, args| Ok(Value::of(to_float64(arg(args, 0)).ceil()))),
    variadic("round", &[Any, Int], Param::Float64, |_, args| {
        let on = args.get(2).map_or(0.5, to_float64);
        Ok(Value::of(round(to_float64(arg(args, 0)), to_int64(arg(args, 1)), on)))
    }),
    fixed("until", &[Int], |_, args| {
        let count = to_int64(arg(args, 0));
        steps(0, count, if count < 0 { -1 } else { 1 })
    }),
    fixed("untilStep", &[Int, Int, Int], |_, args| {
        steps(to_int64(arg(args, 0)), to_int64(arg(args, 1)), to_int64(arg(args, 2)))
    }),
    variadic("seq", &[], Int, |_, args| {
        let sign = |stop: i64, start: i64| if stop < start { -1 } else { 1 };
        let list = match args {
            [stop] => {
                let stop = to_int64(stop);
                let step = sign(stop, 1);
                steps(1, stop.saturating_add(step), step)?
            }
            [start, stop] => {
                let (start, stop) = (to_int64(start), to_int64(stop));
                let step = sign(stop, start);
                steps(start, stop.saturating_add(step), step)?
            }
            [start, step, stop] => {
                let (start, step, stop) = (to_int64(start), to_int64(step), to_int64(stop));
                let direction = sign(stop, start);
                if (direction > 0) != (step > 0) {
                    return Ok(Value::str(""));
                }
                steps(start, stop.saturating_add(direction), step)?
            }
            _ => return Ok(Value::str("")),
        };
        let items = list.as_list().unwrap_or_default();
        Ok(Value::str(items.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")))
    }),
];

fn divide(args: &[Value], operation: fn(i64, i64) -> i64) -> Result {
    let divisor = to_int64(arg(args, 1));
    if divisor == 0 {
        return Err(Failure::new("runtime error: integer divide by zero"));
    }
    Ok(Value::int64(operation(to_int64(arg(args, 0)), divisor)))
}

fn extreme(args: &[Value], operation: fn(f64, f64) -> f64) -> Value {
    Value::of(args.iter().map(to_float64).reduce(operation).unwrap_or(0.0))
}

/// Mirrors `untilStep`: an empty list where the step leads away.
fn steps(start: i64, stop: i64, step: i64) -> Result {
    let count = match step {
        0 => 0,
        step if (stop < start) != (step < 0) => 0,
        step => (stop.saturating_sub(start).unsigned_abs()).div_ceil(step.unsigned_abs()) as i64,
    };
    if count > MAX_ITEMS {
        return Err(Failure::limit(format!("a list of {count} numbers is too long")));
    }
    let items = (0..count).map(|index| int(start.wrapping_add(index.wrapping_mul(step)))).collect();
    Ok(Value::of(Data::List(crate::gotemplate::List {
        items: std::rc::Rc::new(items),
        elem: crate::gotemplate::Elem::Int,
    })))
}

fn round(value: f64, places: i64, on: f64) -> f64 {
    let pow = 10f64.powi(places.clamp(-400, 400) as i32);
    let digit = pow * value;
    let fraction = digit.fract();
    let rounded = if fraction >= on { digit.ceil() } else { digit.floor() };
    rounded / pow
}

/// A number as its shortest decimal digits: `digits * 10^-scale`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    fn of(value: f64) -> Option<Self> {
        let text = format!("{value}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, scale: fraction.len() as u32 })
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let up = |number: Self| number.digits.checked_mul(10i128.checked_pow(scale - number.scale)?);
        Some((up(self)?, up(other)?, scale))
    }

    fn add(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_add(b)?, scale })
    }

    fn sub(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_sub(b)?, scale })
    }

    fn mul(self, other: Self) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(other.digits)?, scale: self.scale + other.scale })
    }

    /// To sixteen places, halves away from zero.
    fn div(self, other: Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        let a = a.checked_mul(10i128.pow(16))?;
        let (quotient, remainder) = (a.checked_div(b)?, a.checked_rem(b)?);
        let rounds = remainder.unsigned_abs() >= b.unsigned_abs().div_ceil(2);
        let away = if (a < 0) == (b < 0) { 1 } else { -1 };
        Some(Self { digits: quotient + if rounds { away } else { 0 }, scale: 16 })
    }

    fn value(self) -> Option<f64> {
        format!("{}e-{}", self.digits, self.scale).parse().ok()
    }
}

/// Goes through exact decimals as long as they fit.
fn fold(
    first: &Value,
    args: &[Value],
    exact: fn(Decimal, Decimal) -> Option<Decimal>,
    plain: fn(f64, f64) -> f64,
) -> Result {
    let mut value = finite(first)?;
    let mut decimal = Decimal::of(value);
    for other in args {
        let other = finite(other)?;
        decimal = decimal.zip(Decimal::of(other)).and_then(|(a, b)| exact(a, b));
        value = decimal.and_then(Decimal::value).unwrap_or_else(|| plain(value, other));
        decimal = decimal.or_else(|| Decimal::of(value));
    }
    // Decimals know no negative zero.
    Ok(Value::of(if value == 0.0 { 0.0 } else { value }))
}

fn finite(value: &Value) -> Result<f64> {
    let float = to_float64(value);
    if float.is_finite() {
        return Ok(float);
    }
    Err(Failure::new(format!("Cannot create a Decimal from {}", Value::of(float))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/math.jsonl"));
    }

    #[test]
    fn decimals_are_exact() {
        let sum = fold(&Value::of(0.1), &[Value::of(0.2)], Decimal::add, |a, b| a + b);
        assert_eq!(sum.map(|sum| sum.to_string()), Ok("0.3".into()));
        assert_eq!(round(123.5555, 3, 0.5).to_string(), "123.556");
    }

    #[test]
    fn lists_of_numbers() {
        let shown = |list: Result| list.map(|list| list.to_string()).map_err(|failure| failure.message);
        assert_eq!(shown(steps(0, 3, 1)), Ok("[0 1 2]".into()));
        assert_eq!(shown(steps(0, -3, -1)), Ok("[0 -1 -2]".into()));
        assert_eq!(shown(steps(3, 0, 1)), Ok("[]".into()));
        assert_eq!(shown(steps(1, 10, 4)), Ok("[1 5 9]".into()));
        assert_eq!(shown(steps(0, 1 << 40, 1)), Err("a list of 1099511627776 numbers is too long".into()));
    }
}
