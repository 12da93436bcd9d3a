//! `failed-app`: reported by `lint`, which alone knows what the other rules told.

use crate::rules::{Rule, RuleMeta, meta};

meta!(
    "failed-app",
    "repo",
    Error,
    Recommended,
    "0.1.0",
    "An app cannot be rendered, and no other rule says why."
);

/// Only its name and page are here.
pub(in crate::rules) struct FailedApp;

impl Rule for FailedApp {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }
}
