//! The rules about `schema`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod invalid_object;
mod schema_violation;
mod unknown_field;
mod unknown_kind;
mod unserved_api_version;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &invalid_object::InvalidObject,
    &schema_violation::SchemaViolation,
    &unknown_field::UnknownField,
    &unknown_kind::UnknownKind,
    &unserved_api_version::UnservedApiVersion,
];
