//! `unmatched-patch`: see the page.

use crate::kustomize::NoOpKind;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, no_ops};

meta!(
    "unmatched-patch",
    "kustomize",
    Warning,
    Recommended,
    "0.1.0",
    "A patch selects nothing, so it changes nothing."
);

pub(crate) struct UnmatchedPatch;

impl Rule for UnmatchedPatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let message = |what: &str| format!("no resource matches the target of this patch ({what})");
        no_ops::report(
            inventory,
            NoOpKind::PatchTarget,
            cx,
            &message,
            "correct the target, or delete the patch",
        );
    }
}
