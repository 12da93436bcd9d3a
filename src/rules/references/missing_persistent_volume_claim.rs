//! `missing-persistent-volume-claim`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-persistent-volume-claim",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A pod mounts a PersistentVolumeClaim that nothing provides."
);

pub(crate) struct MissingPersistentVolumeClaim;

impl Rule for MissingPersistentVolumeClaim {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| reference.kind == "PersistentVolumeClaim" && reference.group.is_empty(),
            known: &|_, _| false,
            help: "add the PersistentVolumeClaim, or declare it under `external:`",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
