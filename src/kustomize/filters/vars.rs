//! `vars`: `$(NAME)` in the fields that may hold it.
//!
//! Mirrors `api/internal/accumulator/{resaccumulator,refvartransformer}.go` and `api/filters/refvar`.

use std::collections::BTreeMap;

use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::origin::{Place, Step};
use crate::yaml::{Data, Key, Node, Style, format_g};

use super::super::accumulator::shown;
use super::super::config::{Create, FieldSpec};
use super::super::context::{Context, NoOpKind};
use super::super::failure::{Failure, Result, Wrap};
use super::super::kustomization::Var;
use super::super::resmap::ResMap;
use super::super::rnode::{self, Tag};
use super::super::setter::{self, Setter};

/// What a var stands for. Mappings and lists stand for nothing: their vars are left as they are.
#[derive(Debug, Clone)]
struct Value {
    data: Option<Primitive>,
    /// The field that it is taken from.
    from: Place,
    /// The entry of `vars`.
    var: Place,
    used: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Primitive {
    Str(SmolStr),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Primitive {
    /// The value among other text.
    fn to_text(&self) -> SmolStr {
        match self {
            Self::Str(text) => text.clone(),
            Self::Int(value) => value.to_smolstr(),
            Self::Float(value) => format_g(*value),
            Self::Bool(value) => value.to_smolstr(),
        }
    }

    /// The value as a field of its own.
    fn to_scalar(&self) -> (SmolStr, setter::Tag) {
        match self {
            Self::Str(text) => (text.clone(), setter::Tag::Str),
            Self::Int(value) => (value.to_smolstr(), setter::Tag::Int),
            Self::Float(value) => (value.to_smolstr(), setter::Tag::Float),
            Self::Bool(value) => (value.to_smolstr(), setter::Tag::Bool),
        }
    }
}

type Values = BTreeMap<SmolStr, Value>;

/// Puts the values of vars where they are referred to. A var that nothing refers to is a no-op.
pub(in crate::kustomize) fn resolve(
    resmap: &mut ResMap,
    vars: &[Var],
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) {
    let mut values = Values::new();
    let mut sorted: Vec<&Var> = vars.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    for var in sorted {
        if let Some(value) = cx.check(find(resmap, var).or_at(var.place)) {
            values.insert(var.name.clone(), value);
        }
    }
    let Some(first) = values.values().next() else { return };
    super::change_all(resmap, cx, first.var, Step::VarResolved, |resource, setter| {
        let id = resource.id.clone();
        specs.iter().try_for_each(|spec| {
            spec.apply(&mut resource.node, &id, Create::Nothing, setter, &mut |node, setter| {
                set(node, &mut values, setter)
            })
        })
    });
    for (name, value) in &values {
        cx.note_use(NoOpKind::Var, value.var, value.used, || name.to_string());
    }
}

/// The value that a var takes from a resource.
fn find(resmap: &ResMap, var: &Var) -> Result<Value> {
    let resource = resmap.iter().find(|resource| resource.var_names.contains(&var.name));
    let Some(resource) = resource else {
        let message =
            format!("var '{}' cannot be mapped to a field in the set of known resources", shown(var));
        return Err(Failure::new(message).follows());
    };
    let missing = || {
        let message = format!("field specified in var '{}' not found in corresponding resource", shown(var));
        let place = super::super::resmap::place_of(resource);
        Failure::new(message).related(place, "this is the resource")
    };
    let path: Vec<String> =
        rnode::split_field_path(&var.field_path).iter().flat_map(|part| parts(part)).collect();
    let Ok(Some(node)) = rnode::lookup(&resource.node, &path) else { return Err(missing()) };
    let data = match &node.data {
        Data::Scalar(text) => Some(match rnode::tag(node) {
            Tag::Int => Primitive::Int(text.parse().map_err(|_| missing())?),
            Tag::Float => Primitive::Float(text.parse().map_err(|_| missing())?),
            Tag::Bool => Primitive::Bool(text.eq_ignore_ascii_case("true")),
            _ => Primitive::Str(text.clone()),
        }),
        _ => None,
    };
    Ok(Value { data, from: node.place(), var: var.place, used: false })
}

/// A part of a path with an index taken apart: `ports[0]` is `ports` and `0`.
fn parts(part: &str) -> Vec<String> {
    let split = part.strip_suffix(']').and_then(|part| part.split_once('['));
    match split {
        Some((name, index)) if !name.is_empty() && index.parse::<u32>().is_ok() => {
            vec![name.to_owned(), index.to_owned()]
        }
        _ => vec![part.to_owned()],
    }
}

fn set(node: &mut Node, values: &mut Values, setter: &mut Setter<'_>) -> Result<()> {
    match &mut node.data {
        Data::Scalar(_) => {
            if is_string(node) {
                expand(node, values, setter);
            }
        }
        Data::Seq(items) => {
            for item in items {
                if !is_string(item) {
                    return Err(Failure::at(item.place(), "invalid value type expect a string"));
                }
                expand(item, values, setter);
            }
        }
        Data::Map(map) => {
            for entry in map.entries_mut() {
                let tag = key_tag(&entry.key);
                if tag != Tag::Str {
                    let message =
                        format!("invalid map key: value='{}', tag='{}'", entry.key.text, shown_tag(tag));
                    return Err(Failure::at(entry.key.place(), message));
                }
                if is_string(&entry.value) {
                    expand(&mut entry.value, values, setter);
                }
            }
        }
    }
    Ok(())
}

fn is_string(node: &Node) -> bool {
    matches!(node.data, Data::Scalar(_)) && rnode::tag(node) == Tag::Str
}

fn key_tag(key: &Key) -> Tag {
    if key.style == Style::Plain { rnode::tag(&Node::plain(key.text.clone(), key.place())) } else { Tag::Str }
}

fn shown_tag(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "!!null",
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Timestamp => "!!timestamp",
        Tag::Str | Tag::Other => "!!str",
    }
}

/// Expands the vars in a string. One that is all of it brings its own type along.
fn expand(node: &mut Node, values: &mut Values, setter: &mut Setter<'_>) {
    let old = rnode::raw(node);
    if !old.contains('$') {
        return;
    }
    let mut from: Option<(Place, Place)> = None;
    let (text, tag) = replaced(&old, values, &mut from);
    let Some((var, place)) = from else {
        // Escapes are resolved even where no var is.
        if text != old {
            setter.extend(node, text, tag);
        }
        return;
    };
    setter.cause(var);
    if tag != setter::Tag::Str {
        // Unlike other filters this one takes quotes away.
        node.style = Style::Plain;
    }
    let is_whole = old.starts_with("$(") && old.find(')') == Some(old.len() - 1);
    if is_whole {
        setter.copy(node, text, tag, place);
    } else {
        setter.mix(node, text, tag, place);
    }
}

fn replaced(input: &str, values: &mut Values, from: &mut Option<(Place, Place)>) -> (SmolStr, setter::Tag) {
    let mut out = String::with_capacity(input.len());
    let mut rest = input;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = match after.chars().next() {
            None => {
                out.push('$');
                after
            }
            Some('$') => {
                out.push('$');
                after.get(1..).unwrap_or_default()
            }
            Some('(') => match after.get(1..).and_then(|inner| inner.split_once(')')) {
                Some((name, after)) => {
                    let value = use_value(name, values, from);
                    if let Some(value) =
                        value.as_ref().filter(|_| before.is_empty() && out.is_empty() && after.is_empty())
                    {
                        return value.to_scalar();
                    }
                    out.push_str(
                        &value.map_or_else(|| format_smolstr!("$({name})"), |value| value.to_text()),
                    );
                    after
                }
                None => {
                    out.push_str("$(");
                    after.get(1..).unwrap_or_default()
                }
            },
            Some(char) => {
                out.push('$');
                out.push(char);
                after.get(char.len_utf8()..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
    (out.into(), setter::Tag::Str)
}

fn use_value(name: &str, values: &mut Values, from: &mut Option<(Place, Place)>) -> Option<Primitive> {
    let value = values.get_mut(name)?;
    let data = value.data.clone()?;
    value.used = true;
    from.get_or_insert((value.var, value.from));
    Some(data)
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/vars.yaml"));
    }
}
