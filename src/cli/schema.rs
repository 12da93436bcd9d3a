//! `config schema`: the JSON Schema of `.gitops-lint.yaml`, with the rules that this version has.

use serde_json::{Map, Value, json};

use crate::config::{self, OptionKind, RuleOption};
use crate::rules;

/// Where this version's schema is found: `schema/gitops-lint.json` at the tag of the release.
pub(super) const URL: &str = concat!(
    "https://raw.githubusercontent.com/gitops-lint/gitops-lint/v",
    env!("CARGO_PKG_VERSION"),
    "/schema/gitops-lint.json"
);

/// What a rule with options of its own takes.
fn with_options(schema: &Value, options: &[RuleOption]) -> Option<Value> {
    if options.is_empty() {
        return None;
    }
    let mut rule = schema.pointer("/definitions/rule")?.clone();
    let properties = rule.pointer_mut("/anyOf/1/properties")?.as_object_mut()?;
    for option in options {
        let mut value = match option.kind {
            OptionKind::Number => json!({ "type": "integer", "minimum": 0 }),
            OptionKind::Texts => json!({ "anyOf": [
                { "$ref": "#/definitions/text" },
                { "type": "array", "items": { "$ref": "#/definitions/text" } },
            ] }),
        };
        if let Some(value) = value.as_object_mut() {
            value.insert("description".to_owned(), option.summary.into());
        }
        properties.insert(option.name.to_owned(), value);
    }
    Some(rule)
}

/// The schema as text.
pub(super) fn schema() -> String {
    let mut schema: Value = serde_json::from_str(config::SCHEMA).unwrap_or_default();
    let mut names = Map::new();
    for rule in rules::all() {
        let meta = rule.meta();
        let mut rule = json!({ "description": meta.summary.as_str(), "$ref": "#/definitions/rule" });
        if let Some(own) = with_options(&schema, meta.options) {
            rule = own;
            if let Some(rule) = rule.as_object_mut() {
                rule.insert("description".to_owned(), meta.summary.as_str().into());
            }
        }
        names.insert(meta.name.to_string(), rule);
    }
    if let Some(properties) = schema.pointer_mut("/definitions/rules/properties") {
        *properties = Value::Object(names);
    }
    if let Some(id) = schema.get_mut("$id") {
        *id = URL.into();
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
