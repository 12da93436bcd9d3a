//! `unrestricted-pod`: see the page.

use crate::finding::Severity;
use crate::k8s::PodSecurityLevel;
use crate::repo::Inventory;
use crate::rules::pod_security::{self, Levels};
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};

meta!(
    "unrestricted-pod",
    "security",
    Note,
    Strict,
    "0.1.0",
    "A pod may do what the Pod Security Standards forbid, and its namespace enforces no level."
);

pub(crate) struct UnrestrictedPod;

impl Rule for UnrestrictedPod {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let levels = Levels::new(inventory, cx);
        for object in inventory.objects.iter().filter(|object| !object.pod_violations.is_empty()) {
            if levels.enforced(object).is_some() {
                continue;
            }
            for violation in &object.pod_violations {
                let baseline = violation.level == PodSecurityLevel::Baseline;
                let level = if baseline { "baseline" } else { "restricted" };
                let message = format!("{}, which level `{level}` forbids", violation.message);
                let object_ref = workloads::field_ref(inventory, object, &violation.field);
                let report = cx.report(violation.place, message)
                    .apps([object.app])
                    .object_ref(object_ref)
                    .mend(|at, mender| Some(pod_security::tightened(violation, at, mender)?.not_safe()))
                    .help("tighten the securityContext, and label the namespace with the level that holds there");
                if baseline {
                    report.severity(Severity::Warning);
                }
            }
        }
    }
}
