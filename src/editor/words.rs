//! How answers are worded: values in one line, names, places.

use std::fmt::Write as _;

use crate::k8s::{is_secret_key, plaintext_secret};
use crate::source::Span;
use crate::yaml::{JsonStyle, Node};

use super::session::Checked;

/// Letters of a value.
const MAX_VALUE: usize = 80;

/// A value in one line; nothing of what may be a secret.
pub(super) fn shown(key: &str, node: &Node) -> String {
    if holds_secret(key.rsplit('.').next().unwrap_or(key), node) {
        return "(not shown)".to_owned();
    }
    let text = node.scalar().map_or_else(|| node.to_json(JsonStyle::default()), ToString::to_string);
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(MAX_VALUE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.replace('`', "'"))
}

fn holds_secret(key: &str, node: &Node) -> bool {
    let text =
        |text: &str| !text.is_empty() && (is_secret_key(key) || plaintext_secret(key, text, false).is_some());
    node.scalar().is_some_and(|it| text(it))
        || node.seq_or_empty().iter().any(|item| holds_secret(key, item))
        || node.entries().iter().any(|entry| holds_secret(&entry.key.text, &entry.value))
}

/// Text without what Markdown would take for its own.
pub(super) fn escaped(text: &str) -> String {
    text.replace(['*', '`', '<', '\n'], " ")
}

/// The first names, and how many more there are.
pub(super) fn some(names: &[&str]) -> String {
    const NAMED: usize = 4;
    let mut words = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        let _ = write!(words, " and {} more", names.len() - NAMED);
    }
    words
}

/// `1 app`, `2 apps`.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// `values.yaml:3`; nothing where no file has it.
pub(super) fn place(checked: &Checked, at: Span) -> String {
    checked
        .report
        .locate_here(at)
        .map_or_else(String::new, |(name, start, _)| format!("{name}:{}", start.line))
}
