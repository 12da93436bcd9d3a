//! `expired-suppression`: reported by `lint`, which alone knows what comments hide.

use crate::rules::{Rule, RuleMeta, meta};

meta!(
    "expired-suppression",
    "repo",
    Warning,
    Recommended,
    "0.1.0",
    "The day until which a comment suppresses a rule has passed."
);

/// Only its name and page are here.
pub(in crate::rules) struct ExpiredSuppression;

impl Rule for ExpiredSuppression {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }
}
