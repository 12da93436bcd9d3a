//! Regular expressions.
//!
//! Mirrors sprig's `regex.go`. An expression that does not compile is an error of the `must` functions, and a panic of
//! the others, which says the same in other words; only `regexMatch` overlooks it.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::golang::regexp::{Regexp, RegexpError, quote_meta};
use crate::golang::strconv::{can_backquote, quote};
use crate::gotemplate::{Elem, Failure, Function, Param, Value};

use super::args::{Result, arg, fixed, text};

const STRING_2: &[Param] = &[Param::String, Param::String];
const STRING_3: &[Param] = &[Param::String, Param::String, Param::String];
const STRINGS_INT: &[Param] = &[Param::String, Param::String, Param::Int];

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("regexMatch", STRING_2, |_, args| {
        Ok(Value::of(compile(text(args, 0)).is_ok_and(|regexp| regexp.is_match(text(args, 1)))))
    }),
    fixed("mustRegexMatch", STRING_2, |_, args| Ok(Value::of(must(args)?.is_match(text(args, 1))))),
    fixed("regexFindAll", STRINGS_INT, |_, args| Ok(find_all(&panicking(args)?, args))),
    fixed("mustRegexFindAll", STRINGS_INT, |_, args| Ok(find_all(&must(args)?, args))),
    fixed("regexFind", STRING_2, |_, args| Ok(find(&panicking(args)?, args))),
    fixed("mustRegexFind", STRING_2, |_, args| Ok(find(&must(args)?, args))),
    fixed("regexReplaceAll", STRING_3, |_, args| Ok(replace_all(&panicking(args)?, args))),
    fixed("mustRegexReplaceAll", STRING_3, |_, args| Ok(replace_all(&must(args)?, args))),
    fixed("regexReplaceAllLiteral", STRING_3, |_, args| Ok(replace_all_literal(&panicking(args)?, args))),
    fixed("mustRegexReplaceAllLiteral", STRING_3, |_, args| Ok(replace_all_literal(&must(args)?, args))),
    fixed("regexSplit", STRINGS_INT, |_, args| Ok(split(&panicking(args)?, args))),
    fixed("mustRegexSplit", STRINGS_INT, |_, args| Ok(split(&must(args)?, args))),
    fixed("regexQuoteMeta", &[Param::String], |_, args| {
        Ok(unless_changed(arg(args, 0), quote_meta(text(args, 0))))
    }),
];

/// Expressions kept compiled by each thread.
const KEPT: usize = 128;

thread_local! {
    // Compiling costs more than matching, and charts use few expressions many times.
    static COMPILED: RefCell<FxHashMap<String, Regexp>> = RefCell::default();
}

fn compile(expression: &str) -> std::result::Result<Regexp, RegexpError> {
    let known = COMPILED.with_borrow(|compiled| compiled.get(expression).cloned());
    if let Some(regexp) = known {
        return Ok(regexp);
    }
    let regexp = Regexp::new(expression)?;
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(expression.to_owned(), regexp.clone());
    });
    Ok(regexp)
}

fn must(args: &[Value]) -> Result<Regexp> {
    compile(text(args, 0)).map_err(|error| Failure::new(error.to_string()))
}

/// `regexp.MustCompile`
fn panicking(args: &[Value]) -> Result<Regexp> {
    let expression = text(args, 0);
    compile(expression).map_err(|error| {
        let quoted = if can_backquote(expression) { format!("`{expression}`") } else { quote(expression) };
        Failure::new(format!("regexp: Compile({quoted}): {error}"))
    })
}

fn limit(args: &[Value]) -> i64 {
    arg(args, 2).as_int().unwrap_or_default()
}

/// A part of the second argument, which keeps its origins.
fn part(args: &[Value], found: &str) -> Value {
    let source = text(args, 1);
    let start = (found.as_ptr() as usize).wrapping_sub(source.as_ptr() as usize);
    match start.checked_add(found.len()) {
        Some(end) if source.get(start..end) == Some(found) => {
            Value::text(arg(args, 1).to_text().slice(start..end))
        }
        _ => Value::str(found),
    }
}

fn find(regexp: &Regexp, args: &[Value]) -> Value {
    part(args, regexp.find(text(args, 1)).unwrap_or_default())
}

fn find_all(regexp: &Regexp, args: &[Value]) -> Value {
    let found = regexp.find_all(text(args, 1), limit(args));
    if found.is_empty() {
        return Value::nil_list(Elem::String);
    }
    Value::strings(found.into_iter().map(|found| part(args, found)))
}

fn split(regexp: &Regexp, args: &[Value]) -> Value {
    let parts = regexp.split(text(args, 1), limit(args));
    Value::strings(parts.into_iter().map(|found| part(args, found)))
}

fn replace_all(regexp: &Regexp, args: &[Value]) -> Value {
    unless_changed(arg(args, 1), regexp.replace_all(text(args, 1), text(args, 2)))
}

fn replace_all_literal(regexp: &Regexp, args: &[Value]) -> Value {
    unless_changed(arg(args, 1), regexp.replace_all_literal(text(args, 1), text(args, 2)))
}

/// What nothing was replaced in is only moved.
fn unless_changed(source: &Value, changed: String) -> Value {
    if source.as_str() == Some(&changed) { source.clone() } else { Value::str(changed) }
}

#[cfg(test)]
mod tests {
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/regex.jsonl"));
    }
}
