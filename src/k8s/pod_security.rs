//! The Pod Security Standards: what the `baseline` and `restricted` levels forbid.
//!
//! Mirrors `k8s.io/pod-security-admission/policy`. Each violation names the field that would have to change: where it is
//! missing, the nearest block that could hold it.

use crate::origin::Place;
use crate::yaml::Node;

use super::PodTemplate;

/// A level of the standards, as in the label `pod-security.kubernetes.io/enforce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodSecurityLevel {
    /// Anything goes.
    Privileged,
    /// No known privilege escalation.
    Baseline,
    /// Hardened.
    Restricted,
}

impl PodSecurityLevel {
    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "privileged" => Some(Self::Privileged),
            "baseline" => Some(Self::Baseline),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }
}

/// A control of the standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// `seccompProfile` must be `RuntimeDefault` or `Localhost`.
    SeccompProfile,
}

/// Something that a level forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The control.
    pub control: Control,
    /// The least strict level that forbids it.
    pub level: PodSecurityLevel,
    /// Path of the field from the object.
    pub field: String,
    /// The value, or the block that lacks it.
    pub place: Place,
    /// What is wrong, ready for a message.
    pub message: String,
}

/// Everything that some level forbids about a pod.
pub fn violations(pod: &PodTemplate<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    seccomp(pod, &mut found);
    found
}

/// The type of a seccomp profile: absent is not the same as wrong.
fn profile(context: Option<&Node>) -> Option<&Node> {
    context?.at_path(&["seccompProfile", "type"])
}

fn seccomp(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
    let allowed = |node: &Node| matches!(node.as_str(), Some("RuntimeDefault" | "Localhost"));
    let pod_context = pod.spec.get("securityContext");
    let pod_profile = profile(pod_context);
    let wrong = |node: &Node, field: String, found: &mut Vec<Violation>| {
        let value = node.as_str().unwrap_or_default();
        let level =
            if value == "Unconfined" { PodSecurityLevel::Baseline } else { PodSecurityLevel::Restricted };
        found.push(Violation {
            control: Control::SeccompProfile,
            level,
            field,
            place: node.place(),
            message: format!("seccompProfile `{value}` is not allowed"),
        });
    };
    if let Some(node) = pod_profile.filter(|node| !allowed(node)) {
        wrong(node, format!("{}.securityContext.seccompProfile.type", pod.path), found);
    }
    let mut lacking = Vec::new();
    for container in pod.containers() {
        match profile(container.node.get("securityContext")) {
            Some(node) if allowed(node) => {}
            Some(node) => wrong(node, container.path(pod, "securityContext.seccompProfile.type"), found),
            None if pod_profile.is_some() => {}
            None => lacking.push(container),
        }
    }
    if let Some(first) = lacking.first() {
        // All containers lack it: the pod is the place to set it once. Otherwise it is the container's omission.
        let all = lacking.len() == pod.containers().count();
        let (block, field) = if all {
            (pod_context.unwrap_or(pod.spec), format!("{}.securityContext.seccompProfile", pod.path))
        } else {
            let block = first.node.get("securityContext").unwrap_or(first.node);
            (block, first.path(pod, "securityContext.seccompProfile"))
        };
        let names: Vec<String> = lacking
            .iter()
            .map(|container| format!("{} `{}`", container.kind.noun(), container.name()))
            .collect();
        found.push(Violation {
            control: Control::SeccompProfile,
            level: PodSecurityLevel::Restricted,
            field,
            place: block.place(),
            message: format!("no seccompProfile for {}", names.join(", ")),
        });
    }
}
