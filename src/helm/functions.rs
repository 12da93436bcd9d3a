//! Helm's own template functions.
//!
//! Mirrors `pkg/engine/{engine,funcs}.go`.

use std::sync::{Arc, LazyLock};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::gotemplate::{BUILTINS, Call, Elem, Failure, FuncMap, Function, Map, MapKind, Param, Value};
use crate::origin::{Locate, OriginId, SourceMap, Text};
use crate::source::{Sources, Span};
use crate::yaml::{Dialect, EmitStyle, JsonStyle, Node, emit_text, parse_text};

use super::convert::{Around, Order, to_node, to_value};
use super::toml;

/// Calls of one name inside of each other (`recursionMaxNums`).
const MAX_RECURSION: usize = 1000;

/// The name of templates that `tpl` executes.
const TPL_NAME: &str = "gotpl";

/// What functions of one render share.
pub struct Host {
    pub(super) sources: Arc<Sources>,
    /// A place for what no action made.
    pub(super) fallback: Span,
    pub(super) included: FxHashMap<SmolStr, usize>,
}

impl Host {
    /// For templates outside of charts; what no action made is placed at `fallback`.
    pub fn new(sources: Arc<Sources>, fallback: Span) -> Self {
        Self { sources, fallback, included: FxHashMap::default() }
    }
}

/// All functions of templates: Go's, sprig's, Helm's.
pub(super) static FUNCTIONS: LazyLock<FuncMap> = LazyLock::new(|| {
    let mut tables = vec![BUILTINS];
    tables.extend(crate::sprig::TABLES);
    tables.push(HELM);
    FuncMap::of(&tables)
});

type Result<T = Value> = std::result::Result<T, Failure>;
type Run = fn(&mut Call<'_, '_>, &[Value]) -> Result;

const fn fixed(name: &'static str, params: &'static [Param], run: Run) -> Function {
    Function { name, params, variadic: None, run }
}

/// What Helm adds to sprig.
pub static HELM: &[Function] = &[
    fixed("include", &[Param::String, Param::Any], |call, args| include(call, text(args, 0), arg(args, 1))),
    fixed("tpl", &[Param::String, Param::Any], |call, args| tpl(call, arg(args, 0), arg(args, 1))),
    fixed("required", &[Param::String, Param::Any], |_, args| {
        let value = arg(args, 1);
        if value.is_nil() || value.as_str() == Some("") {
            return Err(Failure::new(text(args, 0)).said());
        }
        Ok(value.clone())
    }),
    fixed("fail", &[Param::String], |_, args| Err(Failure::new(text(args, 0)).said())),
    fixed("lookup", &[Param::String, Param::String, Param::String, Param::String], |_, _| {
        Ok(Value::map(Map::from_entries([])))
    }),
    fixed("getHostByName", &[Param::String], |_, _| Ok(Value::str(""))),
    fixed("toYaml", &[Param::Any], |call, args| yaml_text(arg(args, 0), EmitStyle::Sigs, call)),
    fixed("mustToYaml", &[Param::Any], |call, args| yaml_text(arg(args, 0), EmitStyle::Sigs, call)),
    fixed("toYamlPretty", &[Param::Any], |call, args| yaml_text(arg(args, 0), EmitStyle::PRETTY, call)),
    fixed("fromYaml", &[Param::String], |call, args| Ok(from_yaml(call, arg(args, 0)))),
    fixed("fromYamlArray", &[Param::String], |call, args| Ok(from_yaml_array(call, arg(args, 0)))),
    fixed("toJson", &[Param::Any], |call, args| json(call, args, HTML)),
    fixed("mustToJson", &[Param::Any], |call, args| json(call, args, HTML)),
    fixed("toPrettyJson", &[Param::Any], |call, args| json(call, args, JsonStyle { pretty: true, ..HTML })),
    fixed("mustToPrettyJson", &[Param::Any], |call, args| {
        json(call, args, JsonStyle { pretty: true, ..HTML })
    }),
    fixed("toRawJson", &[Param::Any], |call, args| json(call, args, RAW)),
    fixed("mustToRawJson", &[Param::Any], |call, args| json(call, args, RAW)),
    fixed("fromJson", &[Param::String], |call, args| Ok(from_json(call, arg(args, 0), false))),
    fixed("mustFromJson", &[Param::String], |call, args| {
        let parsed: std::result::Result<serde_json::Value, _> = serde_json::from_str(text(args, 0));
        match parsed {
            Ok(_) => Ok(json_value(call, arg(args, 0))),
            Err(error) => Err(Failure::new(error.to_string())),
        }
    }),
    fixed("fromJsonArray", &[Param::String], |call, args| Ok(from_json(call, arg(args, 0), true))),
    fixed("toToml", &[Param::Any], |call, args| {
        let around = around(call, arg(args, 0));
        let Some(around) = around else { return Ok(Value::str("")) };
        let node = to_node(arg(args, 0), around, Order::Declared, call.exec.origins)?;
        Ok(Value::str(node.map(|node| toml::encode(&node)).unwrap_or_default()))
    }),
    fixed("fromToml", &[Param::String], |call, args| {
        let origin = call.computed(&arg(args, 0).origins());
        toml::decode(text(args, 0), origin)
    }),
];

/// Maps are sorted already; structs are not.
const RAW: JsonStyle = JsonStyle { escape_html: false, pretty: false, keep_order: true };
const HTML: JsonStyle = JsonStyle { escape_html: true, ..RAW };

fn arg(args: &[Value], index: usize) -> &Value {
    const NIL: &Value = &Value::NIL;
    args.get(index).unwrap_or(NIL)
}

fn text(args: &[Value], index: usize) -> &str {
    arg(args, index).as_str().unwrap_or_default()
}

fn host<'c>(call: &'c mut Call<'_, '_>) -> Option<&'c mut Host> {
    call.exec.host.downcast_mut()
}

fn include(call: &mut Call<'_, '_>, name: &str, data: &Value) -> Result {
    if let Some(host) = host(call) {
        let count = host.included.entry(name.into()).or_default();
        if *count > MAX_RECURSION {
            return Err(Failure::new(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *count += 1;
    }
    let result = call.execute(name, data);
    if let Some(count) = host(call).and_then(|host| host.included.get_mut(name)) {
        *count -= 1;
    }
    result.map(Value::text)
}

fn tpl(call: &mut Call<'_, '_>, template: &Value, data: &Value) -> Result {
    let source = template.to_text();
    let rendered = if source.as_str().contains("{{") {
        let quoted = crate::yaml::go_quote(source.as_str());
        match call.execute_text(TPL_NAME, &source, data) {
            Ok(rendered) => rendered,
            Err((Some(at), failure)) => {
                let mut failure = failure.wrap(&format!("cannot parse template {quoted}: "));
                failure.trace.extend(written(call, &source, at));
                return Err(failure);
            }
            Err((None, failure)) => {
                return Err(failure.wrap(&format!("error during tpl function execution for {quoted}: ")));
            }
        }
    } else {
        source
    };
    Ok(Value::text(without_no_value(rendered)))
}

/// Where bytes of a text that `tpl` was given are written: in a file of the chart, in its values.
fn written(call: &mut Call<'_, '_>, text: &Text, at: std::ops::Range<u32>) -> Option<Span> {
    let shared = host(call)?;
    let (sources, fallback) = (Arc::clone(&shared.sources), shared.fallback);
    let mut map = SourceMap::new(text, call.exec.origins, &sources, fallback);
    let place = map.locate(at.start as usize..at.end as usize);
    (place.at != fallback && !place.at.is_empty()).then_some(place.at)
}

/// Go prints `<no value>` for nil; Helm removes it afterwards.
pub(super) fn without_no_value(text: Text) -> Text {
    if text.as_str().contains("<no value>") {
        text.replace("<no value>", "", OriginId::WRITTEN)
    } else {
        text
    }
}

fn around(call: &mut Call<'_, '_>, value: &Value) -> Option<Around> {
    let fallback = host(call).map(|host| host.fallback);
    let origin = if value.origin.is_written() { call.computed(&[]) } else { value.origin };
    let at = call.at.or(fallback).or_else(|| call.exec.origins.get(origin).and_then(|step| step.at));
    Some(Around { at: at?, origin })
}

/// A value as YAML that knows where its scalars come from; empty where it cannot be written.
pub(super) fn yaml_text(value: &Value, style: EmitStyle, call: &mut Call<'_, '_>) -> Result {
    let Some(around) = around(call, value) else { return Ok(Value::str("")) };
    value.touch_all();
    let node = to_node(value, around, Order::Sorted, call.exec.origins)?;
    let text = node.and_then(|node| emit_text(&node, style, call.exec.origins, around.origin).ok());
    let Some(mut text) = text else { return Ok(Value::str("")) };
    if text.as_str().ends_with('\n') {
        text.truncate(text.len() - 1);
    }
    Ok(Value::text(text))
}

fn json(call: &mut Call<'_, '_>, args: &[Value], style: JsonStyle) -> Result {
    let value = arg(args, 0);
    let Some(around) = around(call, value) else { return Ok(Value::str("")) };
    value.touch_all();
    Ok(match to_node(value, around, Order::Declared, call.exec.origins)? {
        Some(node) => {
            let origin = call.computed(&scalar_origins(&node));
            Value::str(node.to_json(style)).at(origin)
        }
        None => Value::str(""),
    })
}

/// The origins of the first scalars of a tree.
fn scalar_origins(node: &Node) -> Vec<OriginId> {
    let mut origins = vec![node.origin];
    let mut todo = vec![node];
    while let Some(next) = todo.pop() {
        if origins.len() > 8 {
            break;
        }
        match &next.data {
            crate::yaml::Data::Scalar(_) => origins.push(next.origin),
            crate::yaml::Data::Seq(items) => todo.extend(items.iter().rev()),
            crate::yaml::Data::Map(map) => todo.extend(map.iter().map(|entry| &entry.value)),
        }
    }
    origins
}

/// The first document of a text, canonical, or Go's words about it.
fn parse(call: &mut Call<'_, '_>, source: &Value) -> std::result::Result<Option<Node>, String> {
    let Some((sources, fallback)) = host(call).map(|host| (Arc::clone(&host.sources), host.fallback)) else {
        return Ok(None);
    };
    let text = source.to_text();
    let at = call.at.unwrap_or(fallback);
    let mut map = SourceMap::new(&text, call.exec.origins, &sources, at);
    let mut parsed = parse_text(text.as_str(), Dialect::Sigs, &mut map);
    if parsed.documents.is_empty() {
        return match parsed.problems.first() {
            Some(problem) => Err(problem.go_message(Dialect::Sigs)),
            None => Ok(None),
        };
    }
    let document = parsed.documents.swap_remove(0);
    if let Some(problem) = document.error {
        return Err(format!("error converting YAML to JSON: {}", problem.go_message(Dialect::Sigs)));
    }
    let Some(mut node) = document.root else { return Ok(None) };
    match node.canonicalize(Dialect::Sigs) {
        Ok(()) => Ok(Some(node)),
        Err(problem) => Err(format!("error converting YAML to JSON: {}", problem.go_message(Dialect::Sigs))),
    }
}

fn error_map(words: impl Into<SmolStr>) -> Value {
    Value::map(Map::from_entries([(SmolStr::new_static("Error"), Value::str(words))]))
}

fn kind_of(node: &Node) -> &'static str {
    match &node.data {
        crate::yaml::Data::Seq(_) => "array",
        crate::yaml::Data::Map(_) => "object",
        crate::yaml::Data::Scalar(_) if node.as_bool().is_some() => "bool",
        crate::yaml::Data::Scalar(_) if node.as_f64().is_some() => "number",
        crate::yaml::Data::Scalar(_) => "string",
    }
}

/// The first document of a text as a value, nil where there is none.
///
/// # Errors
///
/// Go's words about a text that is no YAML.
pub fn yaml_value(call: &mut Call<'_, '_>, source: &Value) -> std::result::Result<Value, String> {
    let node = parse(call, source)?;
    Ok(node.map_or(Value::NIL, |node| to_value(&node, call.exec.origins)))
}

fn from_yaml(call: &mut Call<'_, '_>, source: &Value) -> Value {
    match parse(call, source) {
        Err(words) => error_map(words),
        Ok(None) => Value::map(Map::from_entries([])),
        Ok(Some(node)) if node.is_null() => Value::map(Map::from_entries([])),
        Ok(Some(node)) if node.as_map().is_none() => error_map(mismatch(&node, "map[string]interface {}")),
        Ok(Some(node)) => to_value(&node, call.exec.origins),
    }
}

fn mismatch(node: &Node, wanted: &str) -> String {
    let got = kind_of(node);
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {got} into Go value of type {wanted}"
    )
}

fn from_yaml_array(call: &mut Call<'_, '_>, source: &Value) -> Value {
    match parse(call, source) {
        Err(words) => Value::list(vec![Value::str(words)]),
        Ok(None) => Value::list(Vec::new()),
        Ok(Some(node)) if node.is_null() => Value::list(Vec::new()),
        Ok(Some(node)) if node.as_seq().is_none() => {
            Value::list(vec![Value::str(mismatch(&node, "[]interface {}"))])
        }
        Ok(Some(node)) => to_value(&node, call.exec.origins),
    }
}

/// A text that is JSON as a value, read as YAML so that places are kept.
fn json_value(call: &mut Call<'_, '_>, source: &Value) -> Value {
    if let Ok(Some(node)) = parse(call, source) {
        return to_value(&node, call.exec.origins);
    }
    let Some(around) = around(call, source) else { return Value::NIL };
    let place = crate::origin::Place { at: around.at, origin: around.origin };
    match serde_json::from_str(source.as_str().unwrap_or_default()) {
        Ok(value) => to_value(&Node::from_value(&value, place), call.exec.origins),
        Err(_) => Value::NIL,
    }
}

fn from_json(call: &mut Call<'_, '_>, source: &Value, array: bool) -> Value {
    let parsed: std::result::Result<serde_json::Value, _> =
        serde_json::from_str(source.as_str().unwrap_or_default());
    let failed = |words: String| {
        if array { Value::list(vec![Value::str(words)]) } else { error_map(words) }
    };
    match parsed {
        Err(error) if error.is_eof() => failed("unexpected end of JSON input".into()),
        Err(error) => failed(error.to_string()),
        // What it decodes into is nil before, and stays so.
        Ok(serde_json::Value::Null) if array => Value::nil_list(Elem::Any),
        Ok(serde_json::Value::Null) => Value::map(Map::nil(MapKind::Any)),
        Ok(value) if array == value.is_array() && (array || value.is_object()) => json_value(call, source),
        Ok(value) => {
            let got = match value {
                serde_json::Value::Array(_) => "array",
                serde_json::Value::Object(_) => "object",
                serde_json::Value::Bool(_) => "bool",
                serde_json::Value::Number(_) => "number",
                _ => "string",
            };
            let wanted = if array { "[]interface {}" } else { "map[string]interface {}" };
            failed(format!("json: cannot unmarshal {got} into Go value of type {wanted}"))
        }
    }
}
