//! The table of functions: names, how many arguments, and Kyverno's own about texts and lists.

use base64::Engine as _;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use smol_str::SmolStr;

use crate::golang::clean_path;
use crate::golang::regexp::Regexp;
use crate::golang::semver::Version;
use crate::golang::strconv::{FloatFormat, format_float};

use super::super::scalar::wildcard;
use super::parse::Expr;
use super::value::Value;
use super::{Steps, Stop, arithmetic, standard, times};

/// An argument of a function.
pub(super) enum Argument<'e> {
    Value(Value),
    /// `&name`
    Reference(&'e Expr),
}

pub(super) type Result = std::result::Result<Value, Stop>;

pub(super) fn failed<T>(words: impl Into<String>) -> std::result::Result<T, Stop> {
    Err(Stop::Failed(words.into()))
}

/// The arguments of a call.
pub(super) struct Arguments<'a, 'e> {
    name: &'a str,
    all: &'a [Argument<'e>],
}

impl<'a, 'e> Arguments<'a, 'e> {
    fn wrong<T>(&self, index: usize, wanted: &str) -> std::result::Result<T, Stop> {
        failed(format!("argument {} of `{}` is no {wanted}", index + 1, self.name))
    }

    pub(super) fn value(&self, index: usize) -> std::result::Result<&'a Value, Stop> {
        match self.all.get(index) {
            Some(Argument::Value(Value::Unknown(why))) => Err(why.clone().into()),
            Some(Argument::Value(value)) => Ok(value),
            _ => self.wrong(index, "value"),
        }
    }

    pub(super) fn text(&self, index: usize) -> std::result::Result<&'a str, Stop> {
        match self.value(index)? {
            Value::Text(text) => Ok(text),
            _ => self.wrong(index, "string"),
        }
    }

    pub(super) fn number(&self, index: usize) -> std::result::Result<f64, Stop> {
        match self.value(index)? {
            Value::Number(number) => Ok(*number),
            _ => self.wrong(index, "number"),
        }
    }

    pub(super) fn list(&self, index: usize) -> std::result::Result<&'a [Value], Stop> {
        match self.value(index)? {
            Value::List(items) => Ok(items),
            _ => self.wrong(index, "array"),
        }
    }

    pub(super) fn map(
        &self,
        index: usize,
    ) -> std::result::Result<&'a std::collections::BTreeMap<SmolStr, Value>, Stop> {
        match self.value(index)? {
            Value::Map(map) => Ok(map),
            _ => self.wrong(index, "object"),
        }
    }

    pub(super) fn reference(&self, index: usize) -> std::result::Result<&'e Expr, Stop> {
        match self.all.get(index) {
            Some(Argument::Reference(expr)) => Ok(expr),
            _ => self.wrong(index, "expression"),
        }
    }

    /// A string, or what becomes one: `ifaceToString`.
    fn loose_text(&self, index: usize) -> std::result::Result<SmolStr, Stop> {
        match self.value(index)? {
            Value::Text(text) => Ok(text.clone()),
            Value::Number(number) => Ok(format_float(*number, FloatFormat::Plain, None, 32)),
            Value::Bool(flag) => Ok(SmolStr::new_static(if *flag { "true" } else { "false" })),
            _ => self.wrong(index, "string"),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// How many arguments a function takes; `None` where there is none of that name.
fn arity(name: &str) -> Option<(usize, usize)> {
    let exactly = |count| Some((count, count));
    match name {
        "abs" | "avg" | "ceil" | "floor" | "keys" | "length" | "max" | "min" | "reverse" | "sort" | "sum"
        | "to_array" | "to_number" | "to_string" | "type" | "values" | "base64_decode" | "base64_encode"
        | "image_normalize" | "is_external_url" | "md5" | "parse_json" | "parse_yaml"
        | "path_canonicalize" | "random" | "sha1" | "sha256" | "time_to_cron" | "time_utc" | "to_boolean"
        | "to_lower" | "to_upper" | "x509_decode" => exactly(1),
        "contains" | "ends_with" | "join" | "map" | "max_by" | "min_by" | "sort_by" | "starts_with"
        | "add" | "compare" | "divide" | "equal_fold" | "label_match" | "lookup" | "modulo" | "multiply"
        | "object_from_lists" | "pattern_match" | "regex_match" | "round" | "semver_compare" | "split"
        | "subtract" | "time_add" | "time_after" | "time_before" | "time_diff" | "time_parse"
        | "time_truncate" | "trim" | "trim_prefix" | "truncate" => exactly(2),
        "items"
        | "regex_replace_all"
        | "regex_replace_all_literal"
        | "replace_all"
        | "time_between"
        | "time_since" => exactly(3),
        "replace" => exactly(4),
        "merge" | "not_null" => Some((1, usize::MAX)),
        "time_now" | "time_now_utc" => Some((0, usize::MAX)),
        _ => None,
    }
}

/// Why a function cannot be evaluated here; those that Kyverno has neither fail there.
pub(super) fn unsupported(name: &str) -> Option<String> {
    match name {
        "time_now" | "time_now_utc" => Some(format!("`{name}` depends on the moment")),
        "random" => Some("`random` depends on chance".to_owned()),
        "x509_decode" | "parse_yaml" | "md5" | "is_external_url" => Some(format!("it uses `{name}`")),
        _ => None,
    }
}

/// What a function comes to.
pub(super) fn call(name: &str, arguments: &[Argument<'_>], steps: &Steps) -> Result {
    if let Some(why) = unsupported(name) {
        return Err(Stop::Unsupported(why));
    }
    let Some((least, most)) = arity(name) else { return failed(format!("there is no function `{name}`")) };
    if arguments.len() < least || arguments.len() > most {
        return failed(format!("`{name}` takes {least} arguments"));
    }
    let it = Arguments { name, all: arguments };
    match name {
        "add" | "subtract" | "multiply" | "divide" | "modulo" => {
            arithmetic::apply(name, it.value(0)?, it.value(1)?)
        }
        "sum" => arithmetic::sum(it.list(0)?),
        "round" => {
            let digits = it.number(1)?;
            if digits < 0.0 || digits.fract() != 0.0 || digits > 300.0 {
                return failed("`round` takes a number of digits");
            }
            let shift = 10_f64.powi(digits as i32);
            Ok(Value::Number((it.number(0)? * shift).round() / shift))
        }
        _ if name.starts_with("time_") => times::call(name, &it),
        _ => match own(name, &it) {
            Some(result) => result,
            None => standard::call(name, &it, steps),
        },
    }
}

fn regex(text: &str) -> std::result::Result<Regexp, Stop> {
    Regexp::new(text).map_err(|error| Stop::Failed(error.to_string()))
}

/// Kyverno's functions about texts and lists.
fn own(name: &str, it: &Arguments<'_, '_>) -> Option<Result> {
    let result = || -> std::result::Result<Option<Value>, Stop> {
        Ok(Some(match name {
            "compare" => Value::Number(match it.text(0)?.cmp(it.text(1)?) {
                std::cmp::Ordering::Less => -1.0,
                std::cmp::Ordering::Equal => 0.0,
                std::cmp::Ordering::Greater => 1.0,
            }),
            "equal_fold" => Value::Bool(it.text(0)?.to_lowercase() == it.text(1)?.to_lowercase()),
            "replace" => {
                let count = it.number(3)?;
                let (text, from, to) = (it.text(0)?, it.text(1)?, it.text(2)?);
                Value::text(if count < 0.0 {
                    text.replace(from, to)
                } else {
                    text.replacen(from, to, count as usize)
                })
            }
            "replace_all" => Value::text(it.text(0)?.replace(it.text(1)?, it.text(2)?)),
            "to_upper" => Value::text(it.text(0)?.to_uppercase()),
            "to_lower" => Value::text(it.text(0)?.to_lowercase()),
            "trim" => {
                let set = it.text(1)?;
                Value::text(it.text(0)?.trim_matches(|c| set.contains(c)))
            }
            "trim_prefix" => {
                let text = it.text(0)?;
                Value::text(text.strip_prefix(it.text(1)?).unwrap_or(text))
            }
            "split" => {
                let (text, by) = (it.text(0)?, it.text(1)?);
                Value::list(if by.is_empty() {
                    text.chars().map(|c| Value::text(c.to_string())).collect()
                } else {
                    text.split(by).map(Value::text).collect()
                })
            }
            "regex_replace_all" => {
                Value::text(regex(it.text(0)?)?.replace_all(&it.loose_text(1)?, &it.loose_text(2)?))
            }
            "regex_replace_all_literal" => {
                Value::text(regex(it.text(0)?)?.replace_all_literal(&it.loose_text(1)?, &it.loose_text(2)?))
            }
            "regex_match" => Value::Bool(regex(it.text(0)?)?.is_match(&it.loose_text(1)?)),
            "pattern_match" => Value::Bool(wildcard(it.text(0)?, &it.loose_text(1)?)),
            "label_match" => {
                let (wanted, labels) = (it.map(0)?, it.map(1)?);
                Value::Bool(wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
            }
            "to_boolean" => match it.text(0)?.to_lowercase().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return failed("`to_boolean` takes `true` or `false`"),
            },
            "base64_decode" => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(it.text(0)?);
                let bytes = bytes.map_err(|error| Stop::Failed(error.to_string()))?;
                let text = String::from_utf8(bytes);
                Value::text(text.map_err(|_| Stop::Unsupported("it decodes what is no text".to_owned()))?)
            }
            "base64_encode" => Value::text(base64::engine::general_purpose::STANDARD.encode(it.text(0)?)),
            "path_canonicalize" => Value::text(match it.text(0)? {
                "" => String::new(),
                path => clean_path(path),
            }),
            "truncate" => {
                let most = it.number(1)?.max(0.0) as usize;
                Value::text(it.text(0)?.chars().take(most).collect::<String>())
            }
            "semver_compare" => Value::Bool(in_range(it.text(0)?, it.text(1)?)?),
            "parse_json" => match serde_json::from_str::<serde_json::Value>(it.text(0)?) {
                Ok(json) => Value::of_json(&json),
                Err(error) => return failed(error.to_string()),
            },
            "lookup" => match it.value(0)? {
                Value::Map(map) => map.get(it.text(1)?).cloned().unwrap_or(Value::Null),
                Value::List(items) => {
                    let at = it.number(1)?;
                    if at.fract() != 0.0 {
                        return failed("`lookup` takes a whole number");
                    }
                    let item = if at < 0.0 { None } else { items.get(at as usize) };
                    item.cloned().unwrap_or(Value::Null)
                }
                _ => return it.wrong(0, "object or array"),
            },
            "items" => {
                let (key, value) = (SmolStr::new(it.text(1)?), SmolStr::new(it.text(2)?));
                let pair = |a: Value, b: &Value| Value::map([(key.clone(), a), (value.clone(), b.clone())]);
                match it.value(0)? {
                    Value::Map(map) => Value::list(
                        map.iter().map(|(name, of)| pair(Value::Text(name.clone()), of)).collect(),
                    ),
                    Value::List(items) => {
                        let each = items.iter().enumerate();
                        Value::list(each.map(|(at, of)| pair(Value::Number(at as f64), of)).collect())
                    }
                    _ => return it.wrong(0, "object or array"),
                }
            }
            "object_from_lists" => {
                let values = it.list(1)?;
                let mut map = std::collections::BTreeMap::new();
                for (at, key) in it.list(0)?.iter().enumerate() {
                    let Ok(key) = key.print() else { return it.wrong(0, "array of strings") };
                    map.insert(key, values.get(at).cloned().unwrap_or(Value::Null));
                }
                Value::map(map)
            }
            "image_normalize" => match super::super::images::of(it.text(0)?) {
                Some(image) => Value::text(image.reference()),
                None => return failed("this is no image"),
            },
            "sha256" => Value::text(hex(&Sha256::digest(it.text(0)?))),
            "sha1" => Value::text(hex(&Sha1::digest(it.text(0)?))),
            _ => return Ok(None),
        }))
    };
    result().transpose()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a version is in a range of `github.com/blang/semver/v4`: `>=1.0.0 <2.0.0 || 3.0.0`.
fn in_range(version: &str, range: &str) -> std::result::Result<bool, Stop> {
    let zero = || Version::parse_strict("0.0.0");
    let Ok(version) = Version::parse_strict(version).or_else(|_| zero()) else { return failed("no version") };
    let mut in_any = false;
    for group in range.split("||") {
        let mut in_all = true;
        // A blank between a sign and its version is none between two conditions.
        let mut joined = String::new();
        for part in group.split_whitespace() {
            if joined.ends_with(['<', '>', '=', '!']) || joined.is_empty() {
                joined.push_str(part);
            } else {
                joined.push(' ');
                joined.push_str(part);
            }
        }
        if joined.is_empty() {
            return failed(format!("`{range}` is no range of versions"));
        }
        for condition in joined.split(' ') {
            let at = condition.find(|c: char| c.is_ascii_digit()).unwrap_or(condition.len());
            let (sign, wanted) = condition.split_at(at);
            if wanted.contains(['x', 'X', '*']) && !wanted.contains('-') {
                return Err(Stop::Unsupported(format!("it compares with `{wanted}`")));
            }
            let Ok(wanted) = Version::parse_strict(wanted) else {
                return failed(format!("`{range}` is no range of versions"));
            };
            let order = version.cmp(&wanted);
            in_all &= match sign {
                "" | "=" | "==" => order.is_eq(),
                "!" | "!=" => order.is_ne(),
                ">" => order.is_gt(),
                ">=" => order.is_ge(),
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                _ => return failed(format!("`{range}` is no range of versions")),
            };
        }
        in_any |= in_all;
    }
    Ok(in_any)
}
