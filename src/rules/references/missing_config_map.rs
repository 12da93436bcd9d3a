//! `missing-config-map`: see the page.

use crate::finding::Confidence;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-config-map",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "A pod needs a ConfigMap that nothing provides."
);

pub(crate) struct MissingConfigMap;

impl Rule for MissingConfigMap {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| reference.kind == "ConfigMap" && reference.group.is_empty(),
            known: &|_, reference| {
                matches!(
                    reference.name.as_str(),
                    "kube-root-ca.crt"
                        | "openshift-service-ca.crt"
                        | "istio-ca-root-cert"
                        | "config-trusted-cabundle"
                        | "config-service-cabundle"
                        | "odh-trusted-ca-bundle"
                )
            },
            help: "add the ConfigMap, or declare it under `external:`",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
