//! `missing-priority-class`: see the page.

use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, missing};

meta!(
    "missing-priority-class",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A pod names a PriorityClass that nothing provides."
);

pub(crate) struct MissingPriorityClass;

impl Rule for MissingPriorityClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let known = |name: &str| name.starts_with("system-") || name.starts_with("openshift-");
        missing::report_class(
            inventory,
            cx,
            ("scheduling.k8s.io", "PriorityClass"),
            &known,
            "name a class that is there, or add it",
        );
    }
}
