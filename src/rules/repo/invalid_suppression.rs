//! `invalid-suppression`: reported by `lint`, which alone knows what comments hide.

use crate::rules::{Rule, RuleMeta, meta};

meta!(
    "invalid-suppression",
    "repo",
    Error,
    Recommended,
    "0.1.0",
    "A suppressing comment cannot be understood, or is not allowed."
);

/// Only its name and page are here.
pub(in crate::rules) struct InvalidSuppression;

impl Rule for InvalidSuppression {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }
}
