//! `missing-storage-class`: see the page.

use crate::finding::Severity;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!("missing-storage-class", "references", Warning, Recommended, "0.1.0", "A claim names a StorageClass that nothing provides.");

pub(crate) struct MissingStorageClass;

impl Rule for MissingStorageClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Where none is defined at all, they are made outside of this repository.
        if !inventory.objects.iter().any(|object| object.group == "storage.k8s.io" && matches!(object.kind.as_str(), "StorageClass")) {
            return;
        }
        let rule = Missing {
            about: &|_, reference| reference.group == "storage.k8s.io" && matches!(reference.kind.as_str(), "StorageClass"),
            known: &|_, _| false,
            help: "name a class that is there, or declare the one that the platform brings under `external:`",
            unapplied: Severity::Warning,
            doubts: false,
            severity: None,
        };
        missing::report(inventory, cx, &rule);
    }
}
