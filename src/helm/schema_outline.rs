//! What `values.schema.json` says may stand at a place of the values, for those who are about to write them.

use serde_json::Value;
use smol_str::SmolStr;

use crate::schema::{FieldOutline, Outline};

/// Schemas looked at for one place.
const MAX_SCHEMAS: usize = 64;

/// How deep references and `allOf` and its like are followed at one place.
const MAX_DEPTH: u32 = 8;

/// What a schema document allows below a path of keys. Lists are passed through: the path has no indexes. References within the
/// document are followed, others say nothing.
pub(super) fn outline(document: &Value, path: &[&str]) -> Outline {
    let mut here = vec![document];
    for key in path {
        let mut below = Vec::new();
        for schema in spread_all(document, &here) {
            let named = schema.get("properties").and_then(|properties| properties.get(*key));
            below.extend(named.or_else(|| schema.get("additionalProperties").filter(|it| it.is_object())));
        }
        here = below;
    }
    let mut out = Outline::default();
    for schema in spread_all(document, &here) {
        let mut own = Outline::default();
        let required: Vec<&str> = texts(schema.get("required")).collect();
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            own.fields.push(FieldOutline {
                name: SmolStr::new(name),
                words: words(field),
                required: required.contains(&name.as_str()),
            });
        }
        own.values.extend(texts(schema.get("enum")).filter(|text| !text.is_empty()).map(SmolStr::new));
        if schema.get("type").and_then(Value::as_str) == Some("boolean") {
            own.values.extend(["false", "true"].map(SmolStr::new));
        }
        out.merge(own);
    }
    out
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn words(field: &Value) -> String {
    let kind: Vec<&str> = match field.get("type") {
        Some(Value::String(one)) => vec![one],
        many => texts(many).collect(),
    };
    let told = field.get("title").or_else(|| field.get("description")).and_then(Value::as_str);
    let told = told.and_then(|text| text.lines().next()).unwrap_or_default();
    let kind = kind.join(" or ");
    match (kind.is_empty(), told.is_empty()) {
        (_, true) => kind,
        (true, false) => told.to_owned(),
        (false, false) => format!("{kind}: {told}"),
    }
}

fn spread_all<'d>(document: &'d Value, schemas: &[&'d Value]) -> Vec<&'d Value> {
    let mut found = Vec::new();
    for schema in schemas {
        spread(document, schema, 0, &mut found);
    }
    found
}

fn spread<'d>(document: &'d Value, schema: &'d Value, depth: u32, found: &mut Vec<&'d Value>) {
    if depth > MAX_DEPTH || found.len() >= MAX_SCHEMAS {
        return;
    }
    found.push(schema);
    let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
    let referred = pointer.and_then(|pointer| document.pointer(pointer));
    let lists =
        ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let items = schema.get("items").filter(|items| items.is_object());
    for inner in referred.into_iter().chain(lists).chain(items) {
        spread(document, inner, depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_and_lists_are_passed_through() {
        let document = json!({
            "$defs": { "image": { "properties": { "tag": { "type": "string", "description": "Which.\nMore." }, "pull": { "enum": ["Always", "Never"] } }, "required": ["tag"] } },
            "properties": { "image": { "$ref": "#/$defs/image" }, "list": { "type": "array", "items": { "$ref": "#/$defs/image" } }, "self": { "$ref": "#" } },
        });
        for path in [["image"].as_slice(), &["list"], &["self", "self", "list"]] {
            let names: Vec<(SmolStr, bool)> =
                outline(&document, path).fields.into_iter().map(|it| (it.name, it.required)).collect();
            assert_eq!(names, [("pull".into(), false), ("tag".into(), true)], "{path:?}");
        }
        assert_eq!(outline(&document, &["image", "pull"]).values, ["Always", "Never"]);
        assert_eq!(outline(&document, &["image"]).fields[1].words, "string: Which.");
        assert!(outline(&document, &["nonsense"]).fields.is_empty());
    }
}
