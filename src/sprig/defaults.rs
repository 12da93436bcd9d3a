//! Defaults, and JSON: sprig's `defaults.go`.

use crate::gotemplate::{Data, Function, Param, Value};

use super::args::{Result, arg, fixed, rest, variadic};

use Param::{Any, Bool};

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    variadic("default", &[Any], Any, |_, args| {
        let given = args.get(1);
        Ok(match given {
            Some(value) if !is_empty(value) => value.clone(),
            _ => arg(args, 0).clone(),
        })
    }),
    fixed("empty", &[Any], |_, args| Ok(Value::of(is_empty(arg(args, 0))))),
    variadic("coalesce", &[], Any, |_, args| {
        Ok(args.iter().find(|value| !is_empty(value)).cloned().unwrap_or_default())
    }),
    variadic("all", &[], Any, |_, args| Ok(Value::of(args.iter().all(|value| !is_empty(value))))),
    variadic("any", &[], Any, |_, args| Ok(Value::of(args.iter().any(|value| !is_empty(value))))),
    fixed("ternary", &[Any, Any, Bool], |_, args| Ok(arg(args, usize::from(!arg(args, 2).truth())).clone())),
    fixed("fail", &[Param::String], |_, args| fail(args)),
];

fn fail(args: &[Value]) -> Result {
    Err(crate::gotemplate::Failure::new(rest(args, 0).first().and_then(Value::as_str).unwrap_or_default()))
}

/// sprig's `empty`: nil and zero values; structs never are.
pub(super) fn is_empty(value: &Value) -> bool {
    match &value.data {
        Data::Object(object) => object.kind() != "struct" && object.kind() != "ptr" && !object.truth(),
        _ => !value.truth(),
    }
}
