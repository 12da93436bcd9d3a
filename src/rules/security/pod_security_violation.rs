//! `pod-security-violation`: see the page.

use crate::k8s::Control;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, pod_security};

meta!(
    "pod-security-violation",
    "security",
    Error,
    Recommended,
    "0.1.0",
    "A pod does what its namespace forbids."
);

pub(crate) struct PodSecurityViolation;

impl Rule for PodSecurityViolation {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        pod_security::report(inventory, cx, &|it| it.control != Control::SeccompProfile, &|it| match it
            .control
        {
            Control::Capabilities => {
                "set `capabilities: {drop: [ALL]}` and add nothing but `NET_BIND_SERVICE`"
            }
            Control::PrivilegeEscalation => {
                "set `allowPrivilegeEscalation: false` in the container's securityContext"
            }
            Control::RunAsNonRoot | Control::RunAsUser => {
                "set `runAsNonRoot: true`, and a user other than 0 if the image has none"
            }
            Control::VolumeTypes | Control::HostPathVolumes => {
                "use a claim, an emptyDir or another allowed volume"
            }
            _ => "remove the setting, or run the pod in a namespace that allows it",
        });
    }
}
