//! What is wrong with a value, in words.

use smol_str::SmolStr;

use crate::origin::Place;

/// Something that the API server refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Path of the field, `spec.template.spec.containers[0].image`; empty for the object itself.
    pub path: String,
    /// The value, or the key of an unknown field.
    pub place: Place,
    /// What is wrong.
    pub what: What,
    /// Whether another minor of Kubernetes takes it, so that the version of the cluster decides. Whoever asked knows.
    pub of_minor: bool,
}

impl Violation {
    /// Whether a field that is missing is the one that stands here, a level too high: `backend.port` instead of
    /// `backend.service.port`.
    pub fn is_misplaced(&self, missing: &str) -> bool {
        let What::UnknownField { name, parent, meant: Some(Meant::Below(_)), .. } = &self.what else {
            return false;
        };
        let below = missing.strip_prefix(parent.as_str()).filter(|rest| rest.starts_with('.'));
        below.and_then(|rest| rest.rsplit('.').next()) == Some(name.as_str())
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The mapping at the path has no field of that name.
    UnknownField {
        /// The name.
        name: SmolStr,
        /// Path of the mapping.
        parent: String,
        /// Another field of the same mapping, or the path of a mapping near by that has this field.
        meant: Option<Meant>,
        /// The minors that know it, where this one does not.
        minors: Option<(u32, u32)>,
    },
    /// Required fields are not there.
    Missing(Vec<SmolStr>),
    /// A rule of its definition is broken: what the definition says then.
    Broken(String),
    /// A rule of its definition could not be evaluated, and why.
    Unchecked(String),
    /// Anything else: what follows `must be` or `must`, whole.
    Wrong {
        /// `must be an integer, and is a string`.
        words: String,
        /// Another value that is allowed, near to this one.
        meant: Option<String>,
        /// Whether it had to be one of a list.
        listed: bool,
        /// Whether it had to keep to a bound, a length or a pattern.
        bound: bool,
    },
}

/// What an unknown field was probably meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// Another field of the same mapping.
    Name(SmolStr),
    /// This field, in the mapping at this path.
    Below(String),
}
