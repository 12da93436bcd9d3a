//! Paths, and the two functions that belong nowhere.
//!
//! Mirrors Go's `path` and `path/filepath` as they are on Linux, where they agree.

use crate::golang::clean_path;
use crate::gotemplate::{Function, Param, Value};
use crate::origin::OriginId;

use super::args::{arg, fixed, text};

const STRING: &[Param] = &[Param::String];

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("hello", &[], |_, _| Ok(Value::str("Hello!"))),
    // Helm looks names up only where it talks to a cluster.
    fixed("getHostByName", STRING, |_, _| Ok(Value::str(""))),
    fixed("base", STRING, |_, args| Ok(base(arg(args, 0)))),
    fixed("osBase", STRING, |_, args| Ok(base(arg(args, 0)))),
    fixed("dir", STRING, |_, args| Ok(dir(arg(args, 0)))),
    fixed("osDir", STRING, |_, args| Ok(dir(arg(args, 0)))),
    fixed("clean", STRING, |_, args| Ok(moved(arg(args, 0), &clean_path(text(args, 0))))),
    fixed("osClean", STRING, |_, args| Ok(moved(arg(args, 0), &clean_path(text(args, 0))))),
    fixed("ext", STRING, |_, args| Ok(ext(arg(args, 0)))),
    fixed("osExt", STRING, |_, args| Ok(ext(arg(args, 0)))),
    fixed("isAbs", STRING, |_, args| Ok(Value::of(text(args, 0).starts_with('/')))),
    fixed("osIsAbs", STRING, |_, args| Ok(Value::of(text(args, 0).starts_with('/')))),
];

/// A part of a text keeps its origin.
fn moved(source: &Value, part: &str) -> Value {
    let text = source.to_text();
    match text.as_str().find(part) {
        Some(start) => Value::text(text.slice(start..start + part.len())),
        None => Value::str(part).at(OriginId::WRITTEN),
    }
}

fn base(value: &Value) -> Value {
    let path = value.as_str().unwrap_or_default();
    if path.is_empty() {
        return Value::str(".");
    }
    let trimmed = path.trim_end_matches('/');
    let text = value.to_text();
    match trimmed.rfind('/').map_or(0, |slash| slash + 1) {
        _ if trimmed.is_empty() => Value::str("/"),
        start => Value::text(text.slice(start..trimmed.len())),
    }
}

fn dir(value: &Value) -> Value {
    let path = value.as_str().unwrap_or_default();
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    moved(value, &clean_path(path.get(..end).unwrap_or_default()))
}

fn ext(value: &Value) -> Value {
    let path = value.as_str().unwrap_or_default();
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    match path.rfind('.') {
        Some(dot) if dot >= name => Value::text(value.to_text().slice(dot..path.len())),
        _ => Value::str(""),
    }
}

#[cfg(test)]
mod tests {
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/paths.jsonl"));
    }
}
