//! What the families share: access to checked arguments, and sprig's conversions.

use crate::golang::bytes;
use crate::gotemplate::{Call, Data, Failure, Function, IntKind, Param, Value};

/// What functions answer.
pub(super) type Result<T = Value> = std::result::Result<T, Failure>;

/// The type of a function's body.
pub(super) type Run = fn(&mut Call<'_, '_>, &[Value]) -> Result;

/// An entry of a table with fixed parameters.
pub(super) const fn fixed(name: &'static str, params: &'static [Param], run: Run) -> Function {
    Function { name, params, variadic: None, run }
}

/// An entry of a table that takes any number of further arguments.
pub(super) const fn variadic(
    name: &'static str,
    params: &'static [Param],
    rest: Param,
    run: Run,
) -> Function {
    Function { name, params, variadic: Some(rest), run }
}

/// An argument. They have been counted, so none is missing.
pub(super) fn arg(args: &[Value], index: usize) -> &Value {
    const NIL: &Value = &Value::NIL;
    args.get(index).unwrap_or(NIL)
}

/// The arguments from `index` on.
pub(super) fn rest(args: &[Value], index: usize) -> &[Value] {
    args.get(index..).unwrap_or_default()
}

/// A string argument.
pub(super) fn text(args: &[Value], index: usize) -> &str {
    arg(args, index).as_str().unwrap_or_default()
}

/// `strval`: how sprig makes strings of anything.
pub(super) fn strval(value: &Value) -> String {
    match &value.data {
        Data::Str(text) => text.to_string(),
        Data::Text(text) => text.as_str().to_owned(),
        Data::List(list) if list.elem == crate::gotemplate::Elem::Byte => bytes_of(value),
        _ => value.to_string(),
    }
}

/// A byte slice as a string.
pub(super) fn bytes_of(value: &Value) -> String {
    let items = value.as_list().unwrap_or_default();
    let bytes: Vec<u8> = items.iter().map(|item| item.as_int().unwrap_or_default() as u8).collect();
    bytes::to_text(&bytes)
}

/// `cast.ToInt64`: what cannot be converted is 0.
pub(super) fn to_int64(value: &Value) -> i64 {
    match &value.data {
        Data::Int(value, _) => *value,
        // What does not fit is the least number there is, as the processor has it.
        Data::Float(value) if value.abs() < 9_223_372_036_854_775_808.0 => *value as i64,
        Data::Float(_) => i64::MIN,
        Data::Bool(value) => (*value).into(),
        Data::Str(_) | Data::Text(_) => parse_int(value.as_str().unwrap_or_default()),
        _ => 0,
    }
}

/// `cast.ToInt64` of a string: `strconv.ParseInt(trimZeroDecimal(s), 0, 0)`.
fn parse_int(text: &str) -> i64 {
    let trimmed = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    crate::golang::strconv::parse_int(trimmed, 0, 64).unwrap_or(0)
}

/// `cast.ToFloat64`: what cannot be converted is 0.
pub(super) fn to_float64(value: &Value) -> f64 {
    match &value.data {
        Data::Int(value, _) => *value as f64,
        Data::Float(value) => *value,
        Data::Bool(value) => f64::from(u8::from(*value)),
        Data::Str(_) | Data::Text(_) => {
            crate::golang::strconv::parse_float(value.as_str().unwrap_or_default(), 64).unwrap_or(0.0)
        }
        _ => 0.0,
    }
}

/// An `int` result.
pub(super) fn int(value: i64) -> Value {
    Value::of(Data::Int(value, IntKind::Int))
}
