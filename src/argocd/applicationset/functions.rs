//! The functions of Go templates in ApplicationSets: sprig's, without those that look at the machine, and Argo CD's own.
//!
//! Mirrors `applicationset/utils/{utils,template_functions}.go`.

use std::sync::LazyLock;

use crate::gotemplate::{BUILTINS, Call, Failure, FuncMap, Function, Param, Value};
use crate::helm;
use crate::sprig;

use super::params::sanitize_name;

/// What of Helm's functions sprig does not have.
const HELM_ONLY: [&str; 11] = [
    "include",
    "tpl",
    "required",
    "lookup",
    "mustToYaml",
    "toYamlPretty",
    "fromJsonArray",
    "toToml",
    "mustToToml",
    "fromToml",
    "fromTomlArray",
];

/// What Argo CD takes away, so that nobody learns about its environment.
const REMOVED: [&str; 3] = ["env", "expandenv", "getHostByName"];

/// All functions.
pub(super) static FUNCTIONS: LazyLock<FuncMap> = LazyLock::new(|| {
    // Helm has sprig's JSON functions, and a `toYaml` that writes what Argo CD's writes.
    let mut tables = vec![BUILTINS];
    tables.extend(sprig::TABLES);
    tables.extend([helm::HELM, OWN]);
    FuncMap::of(&tables).without(&HELM_ONLY).without(&REMOVED)
});

static OWN: &[Function] = &[
    Function { name: "normalize", params: &[Param::String], variadic: None, run: normalize },
    Function { name: "slugify", params: &[], variadic: Some(Param::Any), run: slugify },
    Function { name: "fromJson", params: &[Param::String], variadic: None, run: from_json },
    Function { name: "fromYaml", params: &[Param::String], variadic: None, run: from_yaml },
    Function { name: "fromYamlArray", params: &[Param::String], variadic: None, run: from_yaml_array },
];

fn first(args: &[Value]) -> Value {
    args.first().cloned().unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of functions")]
fn normalize(call: &mut Call<'_, '_>, args: &[Value]) -> Result<Value, Failure> {
    let origin = call.computed(&first(args).origins());
    Ok(Value::str(sanitize_name(first(args).as_str().unwrap_or_default())).at(origin))
}

/// `slugify [maxSize [smartTruncate]] name`.
fn slugify(call: &mut Call<'_, '_>, args: &[Value]) -> Result<Value, Failure> {
    let wrong = |value: &Value, wanted: &str| {
        Failure::new(format!("interface conversion: interface {{}} is {}, not {wanted}", value.type_name()))
    };
    let (mut size, mut smart) = (50, true);
    let Some((name, options)) = args.split_last() else { return Ok(Value::str("")) };
    if let Some(value) = options.first() {
        size = value.as_int().ok_or_else(|| wrong(value, "int"))?;
    }
    if let Some(value) = options.get(1) {
        smart = value.as_bool().ok_or_else(|| wrong(value, "bool"))?;
    }
    let text = name.as_str().ok_or_else(|| wrong(name, "string"))?;
    let size = usize::try_from(size).map_err(|_| Failure::new("slice bounds out of range"))?;
    let origin = call.computed(&name.origins());
    Ok(Value::str(slug(&sanitize_name(text), size, smart)).at(origin))
}

/// `gosimple/slug` of a name that is sanitized, so that only dots and dashes are left to tidy up.
fn slug(name: &str, size: usize, smart: bool) -> String {
    let cut = if smart { name } else { name.get(..size).unwrap_or(name) };
    let mut slug = String::new();
    for c in cut.chars() {
        let c = if c == '.' { '-' } else { c };
        if c != '-' || !slug.ends_with('-') {
            slug.push(c);
        }
    }
    let slug = slug.trim_matches(['-', '_']);
    if !smart || size == 0 || slug.len() <= size {
        return slug.to_owned();
    }
    // Whole words, unless the first is too long already.
    let words = slug.get(..=size).and_then(|head| head.rfind('-'));
    slug.get(..words.unwrap_or(size)).unwrap_or(slug).to_owned()
}

/// sprig's: nil for what is no JSON.
#[expect(clippy::unnecessary_wraps, reason = "the signature of functions")]
fn from_json(call: &mut Call<'_, '_>, args: &[Value]) -> Result<Value, Failure> {
    let source = first(args);
    let is_json = serde_json::from_str::<serde_json::Value>(source.as_str().unwrap_or_default()).is_ok();
    Ok(if is_json { helm::yaml_value(call, &source).unwrap_or_default() } else { Value::NIL })
}

fn from_yaml(call: &mut Call<'_, '_>, args: &[Value]) -> Result<Value, Failure> {
    let value = helm::yaml_value(call, &first(args)).map_err(Failure::new)?;
    match (value.is_nil(), value.as_map()) {
        (true, _) => Ok(Value::map(crate::gotemplate::Map::from_entries([]))),
        (_, Some(_)) => Ok(value),
        _ => Err(mismatch(&value, "map[string]interface {}")),
    }
}

fn from_yaml_array(call: &mut Call<'_, '_>, args: &[Value]) -> Result<Value, Failure> {
    let value = helm::yaml_value(call, &first(args)).map_err(Failure::new)?;
    match (value.is_nil(), value.as_list()) {
        (true, _) => Ok(Value::list(Vec::new())),
        (_, Some(_)) => Ok(value),
        _ => Err(mismatch(&value, "[]interface {}")),
    }
}

fn mismatch(value: &Value, wanted: &str) -> Failure {
    let got = match value.kind_name() {
        "map" => "object",
        "slice" => "array",
        "bool" => "bool",
        "string" => "string",
        _ => "number",
    };
    Failure::new(format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {got} into Go value of type {wanted}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (name, size, smart, want) in [
            ("Feature/My_Branch.1", 50, true, "feature-my-branch-1"),
            ("feature/this-is-a-long-branch", 15, true, "feature-this-is"),
            ("feature/this-is-a-long-branch", 14, true, "feature-this"),
            ("feature/this-is-a-long-branch", 14, false, "feature-this-i"),
            ("abcdefghij", 4, true, "abcd"),
            ("a--b..c", 50, true, "a-b-c"),
            ("", 50, true, ""),
        ] {
            assert_eq!(slug(&sanitize_name(name), size, smart), want, "{name} {size} {smart}");
        }
    }

    #[test]
    fn has_the_functions_of_argo() {
        for name in
            ["normalize", "slugify", "toYaml", "fromYaml", "fromYamlArray", "toJson", "default", "fail"]
        {
            assert!(FUNCTIONS.get(name).is_some(), "{name}");
        }
        for name in ["include", "tpl", "required", "lookup", "env", "expandenv", "getHostByName"] {
            assert!(FUNCTIONS.get(name).is_none(), "{name}");
        }
    }
}
