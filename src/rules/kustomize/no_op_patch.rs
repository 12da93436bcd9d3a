//! `no-op-patch`: see the page.

use crate::kustomize::NoOpKind;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, no_ops};

meta!("no-op-patch", "kustomize", Warning, Recommended, "0.1.0", "A patch sets what its target has already.");

pub(crate) struct NoOpPatch;

impl Rule for NoOpPatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let message =
            |what: &str| format!("this patch changes nothing: its target has this already ({what})");
        no_ops::report(inventory, NoOpKind::PatchEffect, cx, &message, "delete it, or correct what it sets");
    }
}
