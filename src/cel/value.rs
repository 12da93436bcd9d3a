//! Values: those of nodes, read when they are looked at, and those that expressions make.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use smol_str::SmolStr;

use crate::golang::semver::Version;
use crate::golang::time::{Duration, Time};
use crate::golang::url::Url;
use crate::yaml::{self, Data, Node};

use super::fault::Fault;
use super::quantity::Quantity;

/// What a schema makes of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// What JSON says.
    #[default]
    Plain,
    /// A number is a double, even a whole one.
    Double,
    /// Base64.
    Bytes,
    /// RFC 3339.
    Time,
    /// `2006-01-02`
    Date,
    /// `1h30m`
    Duration,
}

/// What a schema says about a node.
pub trait Shape: Debug + Send + Sync {
    /// How a scalar is read.
    fn reading(&self) -> Reading;
    /// Whether its fields are named: then their names are escaped in expressions.
    fn is_struct(&self) -> bool;
    /// The shape of a field or of the value of a key.
    fn field(&self, name: &str) -> Option<&dyn Shape>;
    /// The shape of the elements.
    fn item(&self) -> Option<&dyn Shape>;
    /// What stands in for an absent field.
    fn default(&self, name: &str) -> Option<&Node>;
    /// Whether null is a value, rather than nothing.
    fn takes_null(&self) -> bool;
    /// Whether the order of elements does not matter.
    fn is_set(&self) -> bool;
}

/// A list.
#[derive(Debug, Clone)]
pub enum List<'a> {
    /// One that an expression made.
    Made(Arc<Vec<Value<'a>>>),
    /// One of nodes, with the shape of the list.
    Nodes(&'a [Node], Option<&'a dyn Shape>),
}

/// A map.
#[derive(Debug, Clone)]
pub enum Map<'a> {
    /// One that an expression made, in its order.
    Made(Arc<Vec<(Value<'a>, Value<'a>)>>),
    /// One of nodes, with its shape.
    Nodes(&'a yaml::Map, Option<&'a dyn Shape>),
}

/// A value.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
    /// `double`
    Double(f64),
    /// `string`
    Text(SmolStr),
    /// `bytes`
    Bytes(Arc<[u8]>),
    /// `list`
    List(List<'a>),
    /// `map`
    Map(Map<'a>),
    /// A type, by its name.
    Type(SmolStr),
    /// `google.protobuf.Duration`
    Duration(Duration),
    /// `google.protobuf.Timestamp`
    Time(Time),
    /// `optional_type`
    Optional(Option<Arc<Value<'a>>>),
    /// `kubernetes.Quantity`
    Quantity(Quantity),
    /// `net.IP`
    Ip(IpAddr),
    /// `net.CIDR`: an address and the length of its prefix.
    Cidr(IpAddr, u8),
    /// `kubernetes.URL`
    Url(Arc<Url>),
    /// `kubernetes.Semver`
    Semver(Arc<Version>),
    /// `kubernetes.NamedFormat`, by its name.
    Format(SmolStr),
}

impl<'a> Value<'a> {
    /// A text.
    pub fn text(text: impl Into<SmolStr>) -> Self {
        Self::Text(text.into())
    }

    /// A list.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::Made(Arc::new(items)))
    }

    /// A map with texts as keys.
    pub fn map(entries: Vec<(&str, Self)>) -> Self {
        Self::Map(Map::Made(Arc::new(
            entries.into_iter().map(|(key, value)| (Self::text(key), value)).collect(),
        )))
    }

    /// `optional.of(value)`.
    pub fn some(self) -> Self {
        Self::Optional(Some(Arc::new(self)))
    }

    /// The value of a canonical node.
    pub fn of(node: &'a Node, shape: Option<&'a dyn Shape>) -> Self {
        match &node.data {
            Data::Seq(items) => Self::List(List::Nodes(items, shape)),
            Data::Map(map) => Self::Map(Map::Nodes(map, shape)),
            Data::Scalar(text) => {
                let reading = shape.map_or(Reading::Plain, Shape::reading);
                match node.as_str() {
                    Some(_) => Self::of_text(text, reading),
                    None => Self::of_plain(node, text, reading),
                }
            }
        }
    }

    fn of_text(text: &SmolStr, reading: Reading) -> Self {
        let time = |layout| Time::parse(layout, text).ok().map(Self::Time);
        let read = match reading {
            Reading::Plain | Reading::Double => None,
            Reading::Bytes => {
                let decoded = base64::engine::general_purpose::STANDARD.decode(text.as_bytes());
                decoded.ok().map(|bytes| Self::Bytes(bytes.into()))
            }
            Reading::Time => time("2006-01-02T15:04:05Z07:00"),
            Reading::Date => time("2006-01-02"),
            Reading::Duration => {
                Duration::parse(text).ok().or_else(|| wordy_duration(text)).map(Self::Duration)
            }
        };
        read.unwrap_or_else(|| Self::Text(text.clone()))
    }

    fn of_plain(node: &Node, text: &str, reading: Reading) -> Self {
        if let Some(flag) = node.as_bool() {
            return Self::Bool(flag);
        }
        match (node.as_i64(), node.as_f64()) {
            (Some(value), _) if reading == Reading::Double => Self::Double(value as f64),
            (Some(value), _) => Self::Int(value),
            (None, Some(value)) => match text.parse::<u64>() {
                Ok(value) if reading != Reading::Double => Self::Uint(value),
                _ => Self::Double(value),
            },
            (None, None) => Self::Null,
        }
    }

    /// The name of its type.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Type(_) => "type",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Time(_) => "google.protobuf.Timestamp",
            Self::Optional(_) => "optional_type",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Ip(_) => "net.IP",
            Self::Cidr(..) => "net.CIDR",
            Self::Url(_) => "kubernetes.URL",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }

    /// Whether both are the same, by the rules of `==`. Numbers are equal across types.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b))
            | (Self::Type(a), Self::Type(b))
            | (Self::Format(a), Self::Format(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (
                Self::Int(_) | Self::Uint(_) | Self::Double(_),
                Self::Int(_) | Self::Uint(_) | Self::Double(_),
            ) => self.compare(other) == Some(Ordering::Equal),
            (Self::List(a), Self::List(b)) => {
                if a.len() != b.len() {
                    return false;
                }
                if a.is_set() || b.is_set() {
                    return a.iter().all(|item| b.iter().any(|other| item.equals(&other)));
                }
                a.iter().zip(b.iter()).all(|(a, b)| a.equals(&b))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, value)| b.get(&key).is_some_and(|other| value.equals(&other)))
            }
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a.is_same_moment(b),
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => a.equals(b),
                _ => false,
            },
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a, n), Self::Cidr(b, m)) => a == b && n == m,
            (Self::Url(a), Self::Url(b)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a == b,
            _ => false,
        }
    }

    /// The order of two values; `None` where there is none.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        let whole = |value: &Self| match value {
            Self::Int(value) => Some(i128::from(*value)),
            Self::Uint(value) => Some(i128::from(*value)),
            _ => None,
        };
        match (self, other) {
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Double(a), b) => Self::compare_double(*a, whole(b)?),
            (a, Self::Double(b)) => Self::compare_double(*b, whole(a)?).map(Ordering::reverse),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(if a.is_same_moment(b) {
                Ordering::Equal
            } else if a.is_before(b) {
                Ordering::Less
            } else {
                Ordering::Greater
            }),
            (a, b) => Some(whole(a)?.cmp(&whole(b)?)),
        }
    }

    fn compare_double(double: f64, whole: i128) -> Option<Ordering> {
        if double.is_nan() {
            return None;
        }
        // Beyond that, no integer of 64 bits.
        if double.abs() >= 1e20 {
            return Some(if double > 0.0 { Ordering::Greater } else { Ordering::Less });
        }
        let floor = double.floor();
        Some(match (floor as i128).cmp(&whole) {
            Ordering::Equal if double > floor => Ordering::Greater,
            order => order,
        })
    }

    /// A number of characters, bytes or elements.
    pub(super) fn size(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(list) => Some(list.len()),
            Self::Map(map) => Some(map.len()),
            _ => None,
        }
    }

    /// How many values it is made of, those within it included, each as often as it is there; no more than `most` are counted.
    pub(super) fn parts(&self, most: usize) -> usize {
        match self {
            Self::List(list) => list.parts(most),
            Self::Map(map) => match map {
                Map::Made(entries) => counted(entries.iter().map(|(_, value)| value.clone()), most),
                Map::Nodes(map, _) => map.iter().map(|entry| entry.value.count()).sum::<usize>() + 1,
            },
            Self::Optional(Some(inner)) => 1 + inner.parts(most.saturating_sub(1)),
            _ => 1,
        }
    }

    /// A field of a map, or of an optional with one.
    pub(super) fn select(&self, name: &str) -> Result<Option<Self>, Fault> {
        match self {
            Self::Map(map) => Ok(map.field(name)),
            Self::Optional(Some(inner)) => inner.select(name),
            Self::Optional(None) => Ok(None),
            Self::Type(of) => Err(Fault::unsupported(format!("`{of}` has no field `{name}`"))),
            Self::List(_) => Err(Fault::failed(format!("no such overload: a list has no `{name}`"))),
            // `has` is false of what has no fields at all.
            _ => Ok(None),
        }
    }
}

/// The values and what they are made of, up to a number.
fn counted<'a>(values: impl Iterator<Item = Value<'a>>, most: usize) -> usize {
    let mut sum = 1usize;
    for value in values {
        if sum >= most {
            break;
        }
        sum += value.parts(most - sum);
    }
    sum
}

impl<'a> List<'a> {
    /// As [`Value::parts`].
    pub(super) fn parts(&self, most: usize) -> usize {
        match self {
            Self::Made(items) => counted(items.iter().cloned(), most),
            Self::Nodes(items, _) => items.iter().map(Node::count).sum::<usize>() + 1,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Made(items) => items.len(),
            Self::Nodes(items, _) => items.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An element.
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Made(items) => items.get(index).cloned(),
            Self::Nodes(items, shape) => {
                items.get(index).map(|item| Value::of(item, shape.and_then(Shape::item)))
            }
        }
    }

    /// The elements.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    pub(super) fn is_set(&self) -> bool {
        matches!(self, Self::Nodes(_, Some(shape)) if shape.is_set())
    }
}

impl<'a> Map<'a> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Made(entries) => entries.len(),
            Self::Nodes(map, _) => map.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &Value<'a>) -> Option<Value<'a>> {
        match self {
            Self::Made(entries) => {
                entries.iter().find(|(known, _)| known.equals(key)).map(|(_, value)| value.clone())
            }
            Self::Nodes(..) => match key {
                Value::Text(name) => self.named(name),
                _ => None,
            },
        }
    }

    fn named(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Made(_) => self.get(&Value::text(name)),
            Self::Nodes(map, shape) => {
                let below = shape.and_then(|shape| shape.field(name));
                let there = map.get(name).filter(|node| {
                    !node.is_null() || shape.is_none() || below.is_some_and(Shape::takes_null)
                });
                let node = there.or_else(|| shape.and_then(|shape| shape.default(name)))?;
                Some(Value::of(node, below))
            }
        }
    }

    /// A field as expressions name it: of what has named fields, escaped.
    fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Nodes(_, Some(shape)) if shape.is_struct() && name.contains("__") => {
                self.named(&unescape(name))
            }
            _ => self.named(name),
        }
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + '_ {
        let keys: Vec<Value<'a>> = match self {
            Self::Made(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
            Self::Nodes(map, _) => map.iter().map(|entry| Value::Text(entry.key.text.clone())).collect(),
        };
        keys.into_iter().filter_map(|key| {
            let value = self.get(&key)?;
            Some((key, value))
        })
    }
}

/// `__dot__` and its like, as `k8s.io/apiserver/pkg/cel.Escape` writes what an identifier cannot hold.
fn unescape(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find("__") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let known = [("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")];
        match known.iter().find_map(|(from, to)| after.strip_prefix(from).map(|rest| (*to, rest))) {
            Some((to, behind)) => {
                out.push_str(to);
                rest = behind;
            }
            // `__namespace__`: a word that is reserved.
            None if out.is_empty() && after.len() > 4 && after.ends_with("__") => {
                return after.trim_matches('_').to_owned();
            }
            None => {
                out.push_str("__");
                rest = after.get(2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// `1 day`, `2 weeks`: what `strfmt.ParseDuration` reads beside Go's durations.
fn wordy_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&[&str], i64); 8] = [
        (&["ns", "nano"], 1),
        (&["us", "µs", "micro"], 1_000),
        (&["ms", "milli"], 1_000_000),
        (&["s", "sec"], 1_000_000_000),
        (&["m", "min"], 60_000_000_000),
        (&["h", "hr", "hour"], 3_600_000_000_000),
        (&["d", "day"], 86_400_000_000_000),
        (&["w", "week", "wk"], 604_800_000_000_000),
    ];
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim().to_lowercase();
    // Only the last spelling may go on: `days`.
    let is = |names: &[&str]| {
        names.contains(&unit.as_str()) || names.last().is_some_and(|last| unit.starts_with(last))
    };
    let (_, size) = UNITS.iter().find(|(names, _)| is(names))?;
    number.parse::<i64>().ok()?.checked_mul(*size).map(Duration)
}
