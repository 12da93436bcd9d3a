//! JSON as expressions see it: cheap to clone, keys sorted, and values that nobody here knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::golang::strconv::{format_g, format_json};
use crate::origin::Place;
use crate::yaml::{Data, Entry, Key, Map, Node, Style};

/// A value. Numbers are Go's `float64`, as those of an admission request are.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::admission::kyverno) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(SmolStr),
    List(Arc<Vec<Value>>),
    Map(Arc<BTreeMap<SmolStr, Value>>),
    /// Something that only the cluster knows: what and why.
    Unknown(SmolStr),
}

impl Value {
    pub(in crate::admission::kyverno) fn text(text: impl Into<SmolStr>) -> Self {
        Self::Text(text.into())
    }

    pub(in crate::admission::kyverno) fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    pub(in crate::admission::kyverno) fn map(entries: impl IntoIterator<Item = (SmolStr, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().collect()))
    }

    /// The value of a canonical node.
    pub(in crate::admission::kyverno) fn of(node: &Node) -> Self {
        match &node.data {
            Data::Seq(items) => Self::list(items.iter().map(Self::of).collect()),
            Data::Map(map) => {
                Self::map(map.iter().map(|entry| (entry.key.text.clone(), Self::of(&entry.value))))
            }
            Data::Scalar(_) if node.is_null() => Self::Null,
            Data::Scalar(text) => match (node.as_bool(), node.as_str(), node.as_f64()) {
                (Some(flag), ..) => Self::Bool(flag),
                (_, Some(_), _) => Self::Text(text.clone()),
                (.., Some(number)) => Self::Number(number),
                _ => Self::Null,
            },
        }
    }

    /// The canonical tree of a value, all of it from one place; what is not known has none.
    pub(in crate::admission::kyverno) fn node(&self, place: Place) -> Result<Node, SmolStr> {
        Ok(match self {
            Self::Null => Node::null(place),
            Self::Bool(flag) => Node::bool(*flag, place),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Node::int(*number as i64, place)
            }
            Self::Number(number) => Node::float(*number, place),
            Self::Text(text) => Node::string(text.clone(), place),
            Self::List(items) => {
                Node::seq(items.iter().map(|item| item.node(place)).collect::<Result<_, _>>()?, place)
            }
            Self::Map(map) => {
                let entry = |(key, value): (&SmolStr, &Self)| {
                    let key = Key { style: Style::DoubleQuoted, ..Key::new(key.clone(), place) };
                    Ok(Entry { key, value: value.node(place)? })
                };
                Node::map(Map::from_entries(map.iter().map(entry).collect::<Result<_, SmolStr>>()?), place)
            }
            Self::Unknown(why) => return Err(why.clone()),
        })
    }

    /// The value of JSON.
    pub(in crate::admission::kyverno) fn of_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::list(items.iter().map(Self::of_json).collect()),
            Json::Object(map) => {
                Self::map(map.iter().map(|(key, value)| (key.as_str().into(), Self::of_json(value))))
            }
        }
    }

    /// What `json.Marshal` writes; what is not known cannot be written.
    pub(in crate::admission::kyverno) fn to_json(&self) -> Result<String, SmolStr> {
        let mut out = String::new();
        self.write(&mut out)?;
        Ok(out)
    }

    fn write(&self, out: &mut String) -> Result<(), SmolStr> {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&format_json(*number).unwrap_or_default()),
            Self::Text(text) => crate::yaml::write_json_string(out, text, true),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out)?;
                }
                out.push(']');
            }
            Self::Map(map) => {
                out.push('{');
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    crate::yaml::write_json_string(out, key, true);
                    out.push(':');
                    value.write(out)?;
                }
                out.push('}');
            }
            Self::Unknown(why) => return Err(why.clone()),
        }
        Ok(())
    }

    /// What `fmt.Sprint` prints of a scalar; of lists and maps, which no policy compares, JSON.
    pub(in crate::admission::kyverno) fn print(&self) -> Result<SmolStr, SmolStr> {
        Ok(match self {
            Self::Null => SmolStr::new_static("<nil>"),
            Self::Number(number) => format_g(*number),
            Self::Text(text) => text.clone(),
            other => other.to_json()?.into(),
        })
    }

    /// Whether it counts as false: null, false, and what is empty.
    pub(super) fn is_false(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(flag) => !flag,
            Self::Number(_) | Self::Unknown(_) => false,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(map) => map.is_empty(),
        }
    }

    pub(in crate::admission::kyverno) fn as_text(&self) -> Option<&SmolStr> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
