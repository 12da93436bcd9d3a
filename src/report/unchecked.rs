//! What was held against no schema, in one line, with the way to bring it.

use crate::lint::Report;

use super::count;

/// Kinds that are named.
const NAMED: usize = 3;

/// `2 kinds have no schema here ...`; nothing where all have one.
pub(super) fn unchecked(report: &Report) -> Option<String> {
    let kinds = &report.unchecked;
    let mut named: Vec<String> = kinds
        .iter()
        .take(NAMED)
        .map(|it| format!("{} of {} ({})", it.kind, it.group, count(it.objects, "object")))
        .collect();
    if let Some(rest) = kinds.len().checked_sub(NAMED).filter(|rest| *rest > 0) {
        named.push(format!("{rest} more"));
    }
    let (last, first) = named.split_last()?;
    let list = if first.is_empty() { last.clone() } else { format!("{} and {last}", first.join(", ")) };
    let (kinds, have, them) = match kinds.len() {
        1 => ("1 kind".to_owned(), "has", "it"),
        number => (format!("{number} kinds"), "have", "them"),
    };
    Some(format!(
        "{kinds} {have} no schema here and went unchecked: {list} (`schemas` in the configuration brings {them})"
    ))
}
