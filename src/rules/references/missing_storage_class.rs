//! `missing-storage-class`: see the page.

use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, missing};

meta!(
    "missing-storage-class",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A claim names a StorageClass that nothing provides."
);

pub(crate) struct MissingStorageClass;

impl Rule for MissingStorageClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        missing::report_class(
            inventory,
            cx,
            ("storage.k8s.io", "StorageClass"),
            &|_| false,
            missing::PLATFORM,
        );
    }
}
