//! `missing-service-account`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-service-account",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "A pod runs as a ServiceAccount that nothing creates."
);

pub(crate) struct MissingServiceAccount;

impl Rule for MissingServiceAccount {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| reference.kind == "ServiceAccount",
            known: &|_, reference| reference.name == "default",
            help: "add the ServiceAccount, or drop `serviceAccountName` to run as `default`",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
