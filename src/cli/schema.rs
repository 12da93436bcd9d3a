//! `config schema`: the JSON Schema of `.gitops-lint.yaml`, with the rules that this version has.

use serde_json::{Map, Value, json};

use crate::config;
use crate::rules;

/// The schema as text.
pub(super) fn schema() -> String {
    let mut schema: Value = serde_json::from_str(config::SCHEMA).unwrap_or_default();
    let mut names = Map::new();
    for rule in rules::all() {
        let meta = rule.meta();
        let rule = json!({ "description": meta.summary, "$ref": "#/definitions/rule" });
        names.insert(meta.name.to_owned(), rule);
    }
    if let Some(properties) = schema.pointer_mut("/definitions/rules/properties") {
        *properties = Value::Object(names);
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
