//! `missing-gateway`: see the page.

use crate::finding::Confidence;
use crate::relations::Reference;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-gateway",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A route names a Gateway that nothing provides."
);

pub(crate) struct MissingGateway;

impl Rule for MissingGateway {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Where none is defined at all, they are made outside of this repository.
        if !inventory.objects.iter().any(|object| {
            object.group == "gateway.networking.k8s.io" && matches!(object.kind.as_str(), "Gateway")
        }) {
            return;
        }
        let rule = Missing {
            about: &|_, reference| is_gateway(reference),
            known: &|_, _| false,
            help: "name a Gateway that is there; `namespace` defaults to that of the route",
            doubts: false,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}

fn is_gateway(reference: &Reference) -> bool {
    reference.group == "gateway.networking.k8s.io" && reference.kind == "Gateway"
}
