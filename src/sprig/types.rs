//! Types and equality: sprig's `reflect.go`.

use crate::gotemplate::{Equality, Function, Param, Value};

use super::args::{arg, fixed, text};

use Param::{Any, String};

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("typeOf", &[Any], |_, args| Ok(Value::str(arg(args, 0).type_name()))),
    fixed("typeIs", &[String, Any], |_, args| Ok(Value::of(text(args, 0) == arg(args, 1).type_name()))),
    fixed("typeIsLike", &[String, Any], |_, args| {
        let name = arg(args, 1).type_name();
        Ok(Value::of(text(args, 0) == name || format!("*{}", text(args, 0)) == name))
    }),
    fixed("kindOf", &[Any], |_, args| Ok(Value::str(arg(args, 0).kind_name()))),
    fixed("kindIs", &[String, Any], |_, args| Ok(Value::of(text(args, 0) == arg(args, 1).kind_name()))),
    fixed("deepEqual", &[Any, Any], |_, args| {
        Ok(Value::of(Equality::default().holds(arg(args, 0), arg(args, 1))?))
    }),
];

#[cfg(test)]
mod tests {
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/types.jsonl"));
    }
}
