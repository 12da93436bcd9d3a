//! `missing-secret-provider-class`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-secret-provider-class",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A pod mounts a SecretProviderClass that nothing provides."
);

pub(crate) struct MissingSecretProviderClass;

impl Rule for MissingSecretProviderClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| {
                reference.group == "secrets-store.csi.x-k8s.io"
                    && matches!(reference.kind.as_str(), "SecretProviderClass")
            },
            known: &|_, _| false,
            help: "add the SecretProviderClass to the namespace of the pod",
            doubts: false,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
