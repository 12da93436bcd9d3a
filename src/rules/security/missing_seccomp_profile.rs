//! `missing-seccomp-profile`: see the page.

use crate::k8s::Control;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, pod_security};

meta!(
    "missing-seccomp-profile",
    "security",
    Error,
    Recommended,
    "0.1.0",
    "A pod lacks the seccompProfile that its namespace enforces."
);

pub(crate) struct MissingSeccompProfile;

impl Rule for MissingSeccompProfile {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let help = "set `seccompProfile: {type: RuntimeDefault}` in the pod's securityContext";
        pod_security::report(inventory, cx, &|it| it.control == Control::SeccompProfile, &|_| help);
    }
}
