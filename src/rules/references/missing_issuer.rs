//! `missing-issuer`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-issuer",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A certificate names an issuer that nothing provides."
);

pub(crate) struct MissingIssuer;

impl Rule for MissingIssuer {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Where none is defined at all, they are made outside of this repository.
        if !inventory.objects.iter().any(|object| {
            object.group == "cert-manager.io" && matches!(object.kind.as_str(), "Issuer" | "ClusterIssuer")
        }) {
            return;
        }
        let rule = Missing {
            about: &|_, reference| {
                reference.group == "cert-manager.io"
                    && matches!(reference.kind.as_str(), "Issuer" | "ClusterIssuer")
            },
            known: &|_, _| false,
            help: "name an issuer that is there: mind `kind` (an `Issuer` is looked up in the namespace)",
            doubts: false,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
