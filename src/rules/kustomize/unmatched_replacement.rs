//! `unmatched-replacement`: see the page.

use crate::kustomize::NoOpKind;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, no_ops};

meta!(
    "unmatched-replacement",
    "kustomize",
    Warning,
    Recommended,
    "0.1.0",
    "A target of a replacement selects nothing, so nothing is replaced there."
);

pub(crate) struct UnmatchedReplacement;

impl Rule for UnmatchedReplacement {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let message = |what: &str| format!("no resource matches this target of the replacement ({what})");
        no_ops::report(
            inventory,
            NoOpKind::ReplacementTarget,
            cx,
            &message,
            "correct the target, or delete it",
        );
    }
}
