//! `missing-admission-policy`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-admission-policy",
    "references",
    Warning,
    Recommended,
    "0.2.0",
    "A binding names an admission policy that nothing provides."
);

pub(crate) struct MissingAdmissionPolicy;

impl Rule for MissingAdmissionPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| reference.group == "admissionregistration.k8s.io",
            known: &|_, _| false,
            help: "name a policy that is there, or add it; declare one that is made elsewhere under `external:`",
            doubts: false,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
