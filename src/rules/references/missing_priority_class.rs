//! `missing-priority-class`: see the page.

use crate::finding::Severity;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!("missing-priority-class", "references", Warning, Recommended, "0.1.0", "A pod names a PriorityClass that nothing provides.");

pub(crate) struct MissingPriorityClass;

impl Rule for MissingPriorityClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Where none is defined at all, they are made outside of this repository.
        if !inventory.objects.iter().any(|object| object.group == "scheduling.k8s.io" && matches!(object.kind.as_str(), "PriorityClass")) {
            return;
        }
        let rule = Missing {
            about: &|_, reference| reference.group == "scheduling.k8s.io" && matches!(reference.kind.as_str(), "PriorityClass"),
            known: &|_, reference| reference.name.starts_with("system-") || reference.name.starts_with("openshift-"),
            help: "name a class that is there, or add it",
            unapplied: Severity::Warning,
            doubts: false,
            severity: None,
        };
        missing::report(inventory, cx, &rule);
    }
}
