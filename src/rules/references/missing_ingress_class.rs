//! `missing-ingress-class`: see the page.

use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, missing};

meta!(
    "missing-ingress-class",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "An Ingress names an IngressClass that nothing provides."
);

pub(crate) struct MissingIngressClass;

impl Rule for MissingIngressClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        missing::report_class(
            inventory,
            cx,
            ("networking.k8s.io", "IngressClass"),
            &|_| false,
            missing::PLATFORM,
        );
    }
}
