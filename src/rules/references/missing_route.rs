//! `missing-route`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-route",
    "references",
    Warning,
    Recommended,
    "0.3.0",
    "A policy is attached to a route that nothing provides."
);

pub(crate) struct MissingRoute;

impl Rule for MissingRoute {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| {
                reference.group == "gateway.networking.k8s.io" && reference.kind.ends_with("Route")
            },
            known: &|_, _| false,
            help: "name a route that is there, in the namespace of the policy",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
