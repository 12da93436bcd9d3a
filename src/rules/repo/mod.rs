//! The rules about `repo`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod expired_suppression;
mod invalid_suppression;
mod unused_suppression;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &expired_suppression::ExpiredSuppression,
    &invalid_suppression::InvalidSuppression,
    &unused_suppression::UnusedSuppression,
];
