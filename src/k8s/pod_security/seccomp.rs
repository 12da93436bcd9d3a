//! `seccompProfile`: baseline forbids `Unconfined`, restricted demands a profile.

use crate::k8s::PodTemplate;
use crate::yaml::Node;

use super::{Control, PodSecurityLevel, Violation};

/// The type of a seccomp profile: absent is not the same as wrong.
fn profile(context: Option<&Node>) -> Option<&Node> {
    context?.at_path(&["seccompProfile", "type"])
}

pub(super) fn check(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
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
            lacks: None,
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
    if super::is_windows(pod) {
        return;
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
            lacks: Some("seccompProfile"),
        });
    }
}
