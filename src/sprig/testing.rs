//! Renders a template with sprig alone, for the tests of the families.

use std::sync::Arc;

use crate::gotemplate::{BUILTINS, Exec, Failure, FuncMap, Limits, Map, Templates, Value, parse};
use crate::origin::{Origin, Origins, Step, Text};
use crate::source::Sources;

/// What a template prints, or the innermost error's words.
pub(super) fn render(template: &str) -> Result<String, String> {
    let data = Value::map(Map::from_entries([]));
    render_with(template, &data, &mut Origins::new()).map(Text::into_string)
}

/// What a template prints of some data, or the innermost error's words.
pub(super) fn render_with(template: &str, data: &Value, origins: &mut Origins) -> Result<Text, String> {
    run(template, data, origins).map_err(|failure| failure.cause)
}

fn run(template: &str, data: &Value, origins: &mut Origins) -> Result<Text, Failure> {
    let mut tables = vec![BUILTINS];
    tables.extend(super::TABLES);
    let functions = FuncMap::of(&tables);
    let source: Arc<str> = template.into();
    let file = Sources::new().add("t", template.as_bytes().to_vec());
    let trees = parse("t", &source, Some(file.id()), &|name| functions.get(name).is_some())
        .map_err(|error| Failure::new(error.message))?;
    let mut templates = Templates::default();
    templates.add(trees);
    let mut exec = Exec::new(origins, templates, &functions, Box::new(()), Limits::default());
    exec.execute("t", data)
}

/// Two places to tell pieces by.
pub(super) fn two_origins(origins: &mut Origins) -> (crate::origin::OriginId, crate::origin::OriginId) {
    (origins.add(Origin::nowhere(Step::Written)), origins.add(Origin::nowhere(Step::Written)))
}

/// The data of the tables in `fixtures/gotemplate/sprig`.
fn table_data() -> Value {
    fn convert(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::NIL,
            serde_json::Value::Bool(value) => Value::of(*value),
            serde_json::Value::Number(number) => Value::of(number.as_f64().unwrap()),
            serde_json::Value::String(text) => Value::str(text.as_str()),
            serde_json::Value::Array(items) => Value::list(items.iter().map(convert).collect()),
            serde_json::Value::Object(map) => {
                let entries = map.iter().map(|(key, value)| (key.as_str().into(), convert(value)));
                Value::map(Map::from_entries(entries))
            }
        }
    }
    let json = include_str!("../../fixtures/gotemplate/sprig/data.json");
    convert(&serde_json::from_str(json).unwrap())
}

/// Compares with what Go and sprig printed: each line of a table is a template and its output, or a template, null
/// and the error.
pub(super) fn check_table(table: &str) {
    let shown = |text: &str| crate::golang::bytes::replaced(text).into_owned();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in table.lines() {
        let case: Vec<Option<String>> = serde_json::from_str(line).unwrap();
        let [Some(template), want @ ..] = case.as_slice() else { panic!("not a case: {line}") };
        count += 1;
        let got = match run(template, &table_data(), &mut Origins::new()) {
            Ok(text) => vec![Some(shown(text.as_str()))],
            Err(failure) => vec![None, Some(shown(&failure.message))],
        };
        if got != want {
            wrong.push(format!("{template}\n  want {want:?}\n   got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 0);
}

#[test]
fn functions_of_all_families_together() {
    check_table(include_str!("../../fixtures/gotemplate/sprig/mixed.jsonl"));
}
