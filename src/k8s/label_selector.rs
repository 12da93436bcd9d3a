//! Label selectors: `matchLabels` and `matchExpressions`, or the plain map of a Service.

use crate::yaml::Node;

/// Whether a selector selects everything: absent, or without a single requirement.
pub fn selects_all(selector: &Node) -> bool {
    selector
        .entries()
        .iter()
        .all(|entry| entry.value.entries().is_empty() && entry.value.seq_or_empty().is_empty())
}

/// Whether a LabelSelector selects an object with these labels. Unknown operators select nothing.
pub fn selects<'a>(selector: &Node, label: &dyn Fn(&str) -> Option<&'a str>) -> bool {
    let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
    labels.iter().all(|entry| {
        entry.value.scalar_text().is_some() && label(&entry.key.text) == entry.value.scalar_text()
    }) && selector.items(&["matchExpressions"]).iter().all(|item| requirement(item, label))
}

/// Whether a plain map of labels selects an object.
pub fn selects_map<'a>(selector: &Node, label: &dyn Fn(&str) -> Option<&'a str>) -> bool {
    selector.entries().iter().all(|entry| label(&entry.key.text) == entry.value.scalar_text())
}

/// The keys that a selector looks at.
pub fn selector_keys(selector: &Node) -> Vec<&str> {
    let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
    let expressions = selector.items(&["matchExpressions"]).iter();
    let keys = expressions.filter_map(|item| item.get("key").and_then(Node::as_str));
    labels.iter().map(|entry| entry.key.text.as_str()).chain(keys).collect()
}

fn requirement<'a>(item: &Node, label: &dyn Fn(&str) -> Option<&'a str>) -> bool {
    let Some(key) = item.get("key").and_then(Node::as_str) else { return false };
    let has = label(key);
    let listed = || item.items(&["values"]).iter().any(|value| has.is_some() && value.scalar_text() == has);
    match item.get("operator").and_then(Node::as_str) {
        Some("In") => listed(),
        Some("NotIn") => !listed(),
        Some("Exists") => has.is_some(),
        Some("DoesNotExist") => has.is_none(),
        _ => false,
    }
}
