//! The rules about `schema`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod invalid_object;
mod schema_violation;
mod unknown_field;
mod unknown_kind;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &invalid_object::InvalidObject,
    &schema_violation::SchemaViolation,
    &unknown_field::UnknownField,
    &unknown_kind::UnknownKind,
];
