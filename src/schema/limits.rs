//! Bounds, lengths and patterns.

use std::collections::BTreeSet;

use crate::yaml::Node;

use super::def::{Bounds, Limits, Types};

/// What a value does not keep to, each as `must ...`. `gone`: how many fields the API server takes away before it counts them.
pub(super) fn broken(limits: &Limits, node: &Node, got: Types, gone: usize) -> Vec<String> {
    let mut words = Vec::new();
    match got {
        Types::STRING => {
            let text = node.as_str().unwrap_or_default();
            let length = text.chars().count();
            if !limits.length.hold(length) {
                words.push(count(limits.length, length, "character"));
            }
            if let Some(pattern) = limits.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
                words.push(format!("must match the pattern `{}`", pattern.text));
            }
        }
        Types::INTEGER | Types::NUMBER => {
            let value = node.as_f64().unwrap_or_default();
            let shown = node.scalar_text().unwrap_or_default();
            if let Some((least, exclusive)) = limits.minimum
                && (value < least || exclusive && value == least)
            {
                let bound = if exclusive { "greater than" } else { "at least" };
                words.push(format!("must be {bound} {least}, and is {shown}"));
            }
            if let Some((most, exclusive)) = limits.maximum
                && (value > most || exclusive && value == most)
            {
                let bound = if exclusive { "less than" } else { "at most" };
                words.push(format!("must be {bound} {most}, and is {shown}"));
            }
            if let Some(step) =
                limits.multiple_of.filter(|step| *step != 0.0 && (value / step).fract() != 0.0)
            {
                words.push(format!("must be a multiple of {step}, and is {shown}"));
            }
        }
        Types::ARRAY => {
            let items = node.seq_or_empty();
            if !limits.items.hold(items.len()) {
                words.push(count(limits.items, items.len(), "element"));
            }
            if limits.unique {
                let mut seen = BTreeSet::new();
                if !items.iter().all(|item| seen.insert(item.to_value().to_string())) {
                    words.push("must not have an element twice".to_owned());
                }
            }
        }
        Types::OBJECT => {
            let fields = node.entries().len().saturating_sub(gone);
            if !limits.properties.hold(fields) {
                words.push(count(limits.properties, fields, "field"));
            }
        }
        _ => {}
    }
    words
}

fn count(bounds: Bounds, got: usize, of: &str) -> String {
    let (bound, wanted) = match bounds {
        Bounds { least: Some(least), .. } if (got as u64) < least => ("at least", least),
        Bounds { most, .. } => ("at most", most.unwrap_or_default()),
    };
    let plural = if wanted == 1 { "" } else { "s" };
    format!("must have {bound} {wanted} {of}{plural}, and has {got}")
}
