//! `missing-secret-store`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

const GROUP: &str = "external-secrets.io";
const STORES: [&str; 2] = ["SecretStore", "ClusterSecretStore"];

meta!(
    "missing-secret-store",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "An ExternalSecret names a secret store that nothing provides."
);

pub(crate) struct MissingSecretStore;

impl Rule for MissingSecretStore {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Where no store is defined at all, they are made outside of this repository.
        if !inventory.objects.iter().any(|object| STORES.iter().any(|kind| object.is(GROUP, kind))) {
            return;
        }
        let rule = Missing {
            about: &|_, reference| reference.group == GROUP && STORES.contains(&reference.kind.as_str()),
            known: &|_, _| false,
            help: "name a store that is there: mind `kind` (`SecretStore` is looked up in the namespace, `ClusterSecretStore` is not)",
            doubts: false,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
