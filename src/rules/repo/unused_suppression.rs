//! `unused-suppression`: reported by `lint`, which alone knows what comments hide.

use crate::rules::{Rule, RuleMeta, meta};

meta!(
    "unused-suppression",
    "repo",
    Warning,
    Recommended,
    "0.1.0",
    "A comment suppresses a rule that finds nothing there."
);

/// Only its name and page are here.
pub(in crate::rules) struct UnusedSuppression;

impl Rule for UnusedSuppression {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }
}
