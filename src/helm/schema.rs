//! `values.schema.json`: what a chart expects of its values.
//!
//! Mirrors `pkg/chart/common/util/jsonschema.go` of Helm 4.1, which validates with `santhosh-tekuri/jsonschema`; messages
//! are in its words, without the values themselves, which may be secret. Nothing is fetched: a reference to
//! another document allows everything and is reported.

use std::fmt;
use std::sync::{Arc, OnceLock};

use indexmap::IndexSet;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{PatternOptions, ValidationError, Validator};
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::schema::Outline;
use crate::source::{SourceFile, Span};
use crate::yaml::{Node, go_quote};

use super::ChartTree;
use super::schema_outline::outline;
use super::schema_work::{MANY, Names, TooMuch, work};

/// Causes that are named for one `anyOf` or `oneOf`.
const MAX_CAUSES: usize = 4;

/// The validator recurses over references, and over the values.
const STACK: usize = 64 << 20;

/// Messages for one chart.
const MAX_ERRORS: usize = 100;

/// A schema file, compiled when it is first needed.
pub struct Schema {
    file: Arc<SourceFile>,
    compiled: OnceLock<Result<Compiled, String>>,
}

struct Compiled {
    validator: Validator,
    /// The document that was compiled: what it costs depends on the values.
    document: Value,
    /// References that were cut because nothing is fetched.
    remote: Vec<String>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({:?})", self.file)
    }
}

impl Schema {
    pub(super) fn new(file: Arc<SourceFile>) -> Self {
        Self { file, compiled: OnceLock::new() }
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// What may stand below a path of keys of the values.
    pub fn outline(&self, path: &[&str]) -> Outline {
        self.compiled().as_ref().map_or_else(|_| Outline::default(), |it| outline(&it.document, path))
    }

    fn compiled(&self) -> &Result<Compiled, String> {
        self.compiled.get_or_init(|| {
            let mut schema: Value =
                serde_json::from_str(self.file.text_or_empty()).map_err(|error| error.to_string())?;
            let mut ids = Vec::new();
            collect_ids(&schema, &mut ids);
            let mut remote = Vec::new();
            cut_remote(&mut schema, &ids, &mut remote);
            Names::of(&schema).check_depth().map_err(TooMuch::words)?;
            let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
            let validator = stacker::maybe_grow(STACK / 2, STACK, || options.build(&schema));
            let validator = validator.map_err(|error| error.to_string())?;
            Ok(Compiled { validator, document: schema, remote })
        })
    }
}

/// What the document calls its parts: references to those need no fetching.
fn collect_ids(schema: &Value, ids: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for key in ["$id", "id"] {
                if let Some(Value::String(id)) = object.get(key) {
                    ids.push(id.trim_end_matches('#').to_owned());
                }
            }
            object.values().for_each(|value| collect_ids(value, ids));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_ids(value, ids)),
        _ => {}
    }
}

/// Removes references that lead to documents elsewhere.
fn cut_remote(schema: &mut Value, ids: &[String], remote: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(to)) = object.get("$ref") {
                let document = to.split('#').next().unwrap_or(to);
                let here = document.is_empty()
                    || ids.iter().any(|id| id == document || id.ends_with(&format!("/{document}")))
                    || document.contains("://json-schema.org/");
                if !here {
                    remote.push(to.clone());
                    object.shift_remove("$ref");
                }
            }
            object.values_mut().for_each(|value| cut_remote(value, ids, remote));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| cut_remote(value, ids, remote)),
        _ => {}
    }
}

/// Compares the values of a chart and of the charts inside of it with their schemas. A problem stands at the value
/// that is wrong.
pub fn validate_values(root: &ChartTree, values: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    chart(root, values, &mut problems);
    problems
}

fn chart(tree: &ChartTree, values: &Node, problems: &mut Vec<Problem>) {
    if let Some(schema) = &tree.chart.schema {
        against(schema, tree, values, problems);
    }
    for sub in &tree.dependencies {
        // What is no mapping has been reported when values were put together.
        if let Some(values) = values.get(&sub.name).filter(|values| values.as_map().is_some()) {
            chart(sub, values, problems);
        }
    }
}

fn against(schema: &Schema, tree: &ChartTree, values: &Node, problems: &mut Vec<Problem>) {
    let start = Place::written(Span::start_of(schema.file.id()));
    let compiled = match schema.compiled() {
        Ok(compiled) => compiled,
        Err(words) => {
            let message = format!("the schema of chart `{}` cannot be used: {words}", tree.name);
            problems.push(Problem::at(ProblemKind::ValuesSchema, start, message));
            return;
        }
    };
    if let Some(first) = compiled.remote.first() {
        let message = format!(
            "the schema of chart `{}` refers to `{first}`, which is not fetched; what it describes is not checked",
            tree.name
        );
        problems.push(Problem::at(ProblemKind::Warning, start, message));
    }
    let value = values.to_value();
    let work = match work(&Names::of(&compiled.document), &value) {
        Ok(work) => work,
        Err(too_much) => {
            let message = format!("the schema of chart `{}` cannot be used: {}", tree.name, too_much.words());
            problems.push(Problem::at(ProblemKind::ValuesSchema, start, message));
            return;
        }
    };
    let errors: Vec<ValidationError<'_>> = stacker::maybe_grow(STACK / 2, STACK, || {
        if work > MANY {
            compiled.validator.validate(&value).err().into_iter().collect()
        } else {
            compiled.validator.iter_errors(&value).take(MAX_ERRORS).collect()
        }
    });
    let mut missing: Vec<(String, Vec<String>, Place)> = Vec::new();
    for error in &errors {
        let at = find(values, error.instance_path());
        let path = error.instance_path().to_string();
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let property = property.as_str().unwrap_or_default().to_owned();
                match missing.iter_mut().find(|(known, ..)| *known == path) {
                    Some((_, properties, _)) => properties.push(property),
                    None => missing.push((path, vec![property], at.place())),
                }
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                // The key is what has to go, not the mapping that it is in.
                let keys = unexpected.iter().filter_map(|key| at.as_map()?.entry(key));
                let mut places = keys.map(|entry| entry.value.place());
                let first = places.next().unwrap_or(at.place());
                let mut problem = problem(tree, &path, &words(error), first);
                for place in places {
                    problem = problem.related(place, "this one too");
                }
                problems.push(problem);
            }
            _ => problems.push(problem(tree, &path, &words(error), at.place())),
        }
    }
    for (path, properties, place) in missing {
        let words = match properties.as_slice() {
            [one] => format!("missing property {}", quote(one)),
            many => format!("missing properties {}", join_quoted(many)),
        };
        problems.push(problem(tree, &path, &words, place));
    }
}

fn problem(tree: &ChartTree, path: &str, words: &str, place: Place) -> Problem {
    let message = format!(
        "values don't meet the specifications of the schema(s) in the following chart(s): {}: at {}: {words}",
        tree.name,
        quote(path)
    );
    Problem::at(ProblemKind::ValuesSchema, place, message)
}

/// The node at the end of a JSON pointer, or the last one on the way that is there.
fn find<'n>(values: &'n Node, path: &Location) -> &'n Node {
    let mut node = values;
    for segment in path {
        let next = match segment {
            LocationSegment::Property(key) => node.get(&key),
            LocationSegment::Index(index) => node.seq_or_empty().get(index),
        };
        let Some(next) = next else { break };
        node = next;
    }
    node
}

fn quote(text: &str) -> String {
    let quoted = go_quote(text);
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted);
    format!("'{}'", inner.replace("\\\"", "\"").replace('\'', "\\'"))
}

fn join_quoted(list: &[String]) -> String {
    list.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", ")
}

fn display(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The types that a schema wants, in the order in which Helm's validator lists them.
fn wanted_types(kind: &TypeKind) -> String {
    let named: Vec<String> = match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect(),
    };
    let order = ["null", "boolean", "number", "integer", "string", "array", "object"];
    let listed: Vec<&str> =
        order.into_iter().filter(|known| named.iter().any(|name| name == known)).collect();
    listed.join(" or ")
}

/// What is wrong, as `santhosh-tekuri/jsonschema` puts it.
fn words(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    let got = error.instance().as_ref();
    let chars = || got.as_str().map_or(0, |text| text.chars().count());
    let items = || got.as_array().map_or(0, Vec::len);
    let keys = || got.as_object().map_or(0, serde_json::Map::len);
    match error.kind() {
        Kind::Type { kind } => format!("got {}, want {}", type_of(got), wanted_types(kind)),
        Kind::AdditionalProperties { unexpected } => {
            format!("additional properties {} not allowed", join_quoted(unexpected))
        }
        Kind::UnevaluatedProperties { unexpected } => {
            format!("additional properties {} not allowed", join_quoted(unexpected))
        }
        Kind::AdditionalItems { limit } => {
            format!("last {} additionalItem(s) not allowed", items().saturating_sub(*limit))
        }
        Kind::Enum { options } => match options.as_array().map(Vec::as_slice).unwrap_or_default() {
            many if many.iter().any(|it| it.is_array() || it.is_object()) => "'enum' failed".to_owned(),
            [one] => format!("value must be {}", display(one)),
            many => {
                format!("value must be one of {}", many.iter().map(display).collect::<Vec<_>>().join(", "))
            }
        },
        Kind::Constant { expected_value } => match expected_value.as_ref() {
            Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
            other => format!("value must be {}", display(other)),
        },
        Kind::MinLength { limit } => format!("minLength: got {}, want {limit}", chars()),
        Kind::MaxLength { limit } => format!("maxLength: got {}, want {limit}", chars()),
        Kind::MinItems { limit } => format!("minItems: got {}, want {limit}", items()),
        Kind::MaxItems { limit } => format!("maxItems: got {}, want {limit}", items()),
        Kind::MinProperties { limit } => format!("minProperties: got {}, want {limit}", keys()),
        Kind::MaxProperties { limit } => format!("maxProperties: got {}, want {limit}", keys()),
        Kind::Minimum { limit } => format!("minimum: got {}, want {limit}", display(got)),
        Kind::Maximum { limit } => format!("maximum: got {}, want {limit}", display(got)),
        Kind::ExclusiveMinimum { limit } => format!("exclusiveMinimum: got {}, want {limit}", display(got)),
        Kind::ExclusiveMaximum { limit } => format!("exclusiveMaximum: got {}, want {limit}", display(got)),
        Kind::MultipleOf { multiple_of } => format!("multipleOf: got {}, want {multiple_of}", display(got)),
        Kind::Pattern { pattern } => format!("does not match pattern {}", quote(pattern)),
        Kind::Format { format } => format!("is not valid {format}"),
        Kind::UniqueItems => {
            let items = got.as_array().map(Vec::as_slice).unwrap_or_default();
            let mut seen = FxHashMap::default();
            let twin =
                |(at, item): (usize, &Value)| seen.insert(item.to_string(), at).map(|before| (before, at));
            match items.iter().enumerate().find_map(twin) {
                Some((first, second)) => format!("items at {first} and {second} are equal"),
                None => "items are equal".to_owned(),
            }
        }
        Kind::Contains => "no items match contains schema".to_owned(),
        Kind::FalseSchema => "false schema".to_owned(),
        Kind::Not { .. } => "'not' failed".to_owned(),
        Kind::PropertyNames { error } => format!("invalid propertyName {}", display(error.instance())),
        Kind::Required { property } => {
            format!("missing property {}", quote(property.as_str().unwrap_or_default()))
        }
        Kind::AnyOf { context } => causes("'anyOf' failed", context),
        Kind::OneOfNotValid { context } => causes("'oneOf' failed, none matched", context),
        Kind::OneOfMultipleValid { context } => {
            let matched = context.iter().enumerate().filter(|(_, errors)| errors.is_empty());
            let matched: Vec<String> = matched.take(2).map(|(index, _)| index.to_string()).collect();
            format!("'oneOf' failed, subschemas {} matched", matched.join(", "))
        }
        _ => error.masked().to_string(),
    }
}

fn causes(head: &str, context: &[Vec<ValidationError<'static>>]) -> String {
    let mut list: IndexSet<String> = IndexSet::new();
    for error in context.iter().flatten() {
        list.insert(format!("at '{}': {}", error.instance_path(), words(error)));
    }
    let mut list: Vec<String> = list.into_iter().collect();
    let more = list.len().saturating_sub(MAX_CAUSES);
    list.truncate(MAX_CAUSES);
    if more > 0 {
        list.push(format!("and {more} more"));
    }
    if list.is_empty() { head.to_owned() } else { format!("{head} ({})", list.join("; ")) }
}
