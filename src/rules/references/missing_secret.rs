//! `missing-secret`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-secret",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A pod needs a Secret that nothing provides."
);

pub(crate) struct MissingSecret;

impl Rule for MissingSecret {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| reference.kind == "Secret" && reference.group.is_empty(),
            known: &|_, _| false,
            help: "add the Secret (or the ExternalSecret, SealedSecret, ... that makes it), or declare it under `external:`",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
