//! The compiled form of a schema, whatever it was written in.

use std::sync::OnceLock;

use serde_json::Value;
use smol_str::SmolStr;

use crate::golang::regexp::Regexp;
use crate::yaml::Node;

use super::validations::Validation;

/// A set of JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Types(pub(super) u8);

impl Types {
    pub(super) const OBJECT: Self = Self(1);
    pub(super) const ARRAY: Self = Self(2);
    pub(super) const STRING: Self = Self(4);
    pub(super) const INTEGER: Self = Self(8);
    pub(super) const NUMBER: Self = Self(16);
    pub(super) const BOOLEAN: Self = Self(32);
    pub(super) const NULL: Self = Self(64);

    /// All names, in the order in which they are told.
    const NAMES: [(Self, &'static str, &'static str); 7] = [
        (Self::OBJECT, "object", "a mapping"),
        (Self::ARRAY, "array", "a list"),
        (Self::STRING, "string", "a string"),
        (Self::INTEGER, "integer", "an integer"),
        (Self::NUMBER, "number", "a number"),
        (Self::BOOLEAN, "boolean", "a boolean"),
        (Self::NULL, "null", "null"),
    ];

    /// The type of that name in JSON Schema.
    pub(super) fn named(name: &str) -> Self {
        Self::NAMES.iter().find(|(_, known, _)| *known == name).map_or(Self(0), |(types, ..)| *types)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether anything is allowed.
    pub(super) fn is_any(self) -> bool {
        self.0 == 0
    }

    /// `an integer or a string`.
    pub(super) fn words(self) -> String {
        let known = Self::NAMES.iter().filter(|(types, ..)| self.has(*types));
        known.map(|(_, _, words)| *words).collect::<Vec<_>>().join(" or ")
    }
}

/// What a string or number has to be beside its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Any,
    Int32,
    Int64,
    /// `100m`, `1Gi`, or a number.
    Quantity,
    /// Base64 with padding, as Go decodes it.
    Byte,
    /// RFC 3339.
    DateTime,
    Date,
    /// `1h30m`.
    Duration,
    Ipv4,
    Ipv6,
    /// Either.
    Ip,
    Cidr,
    Uri,
    Uuid,
    Email,
    HostName,
    Mac,
}

/// What a list is to a merge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum ListType {
    #[default]
    Atomic,
    /// No two elements are equal.
    Set,
    /// No two elements agree in all of these fields.
    Map(Box<[SmolStr]>),
}

/// Fields that are not named.
#[derive(Debug, Default)]
pub(super) enum Others {
    /// There are none: an object without named fields may hold anything.
    #[default]
    Closed,
    /// There are none, and an object without named fields is empty.
    Nothing,
    /// Anything may be there.
    Open,
    /// All have this schema.
    Values(Schema),
}

/// A schema in place, or one of a document that is compiled when it is met.
#[derive(Debug)]
pub(super) enum Schema {
    Here(Box<Def>),
    Named(u32),
}

/// A named field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: SmolStr,
    pub(super) schema: Schema,
    /// What stands in for it where it is absent.
    pub(super) default: Option<Box<Node>>,
}

/// What one value may be.
#[derive(Debug, Default)]
pub struct Def {
    pub(super) types: Types,
    pub(super) nullable: bool,
    pub(super) format: Format,
    /// By name.
    pub(super) fields: Vec<Field>,
    pub(super) required: Vec<SmolStr>,
    pub(super) others: Others,
    pub(super) items: Option<Schema>,
    pub(super) list: ListType,
    /// An object of its own, with `apiVersion`, `kind` and `metadata`.
    pub(super) embedded: bool,
    /// The type of the built-in table that this was compiled from.
    pub(super) built_in: Option<u32>,
    pub(super) limits: Option<Box<Limits>>,
    /// `x-kubernetes-validations`.
    pub(super) validations: Vec<Validation>,
    /// Whether this or something in it has validations.
    pub(super) validated: bool,
}

/// What few schemas say.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) one_of_values: Vec<Value>,
    pub(super) pattern: Option<Pattern>,
    pub(super) length: Bounds,
    pub(super) items: Bounds,
    pub(super) properties: Bounds,
    pub(super) minimum: Option<(f64, bool)>,
    pub(super) maximum: Option<(f64, bool)>,
    pub(super) multiple_of: Option<f64>,
    pub(super) unique: bool,
    pub(super) all_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) not: Option<Schema>,
}

/// Both ends are allowed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) least: Option<u64>,
    pub(super) most: Option<u64>,
}

impl Bounds {
    pub(super) fn hold(self, count: usize) -> bool {
        let count = count as u64;
        self.least.is_none_or(|least| count >= least) && self.most.is_none_or(|most| count <= most)
    }
}

/// An expression, compiled when it is first needed; one that cannot be compiled matches everything.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    compiled: OnceLock<Option<Regexp>>,
}

impl Pattern {
    pub(super) fn new(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regexp::new(&self.text).ok());
        compiled.as_ref().is_none_or(|compiled| compiled.is_match(text))
    }
}

impl Def {
    pub(super) fn of(types: Types) -> Self {
        Self { types, ..Self::default() }
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        let index = self.fields.binary_search_by(|field| field.name.as_str().cmp(name)).ok()?;
        self.fields.get(index)
    }

    /// The schema of what is under a name.
    pub(super) fn below(&self, name: &str) -> Option<&Schema> {
        match (self.field(name), &self.others) {
            (Some(field), _) => Some(&field.schema),
            (None, Others::Values(values)) => Some(values),
            (None, _) => None,
        }
    }

    /// Whether fields that are not named are judged at all.
    pub(super) fn is_free(&self) -> bool {
        match self.others {
            Others::Open => true,
            Others::Values(_) | Others::Nothing => false,
            Others::Closed => self.fields.is_empty() && !self.embedded,
        }
    }
}
