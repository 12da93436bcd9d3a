//! `missing-secret-key`: see the page.

use crate::repo::Inventory;
use crate::rules::missing_keys;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-secret-key",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "A pod needs a key that its Secret does not have."
);

pub(crate) struct MissingSecretKey;

impl Rule for MissingSecretKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        missing_keys::report(inventory, cx, "Secret");
    }
}
