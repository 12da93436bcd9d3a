//! The controls that the restricted level adds, apart from seccomp.

use crate::k8s::{Container, PodTemplate};
use crate::yaml::Node;

use super::PodSecurityLevel::Restricted;
use super::{Control, Violation, contexts, is_windows, who, wrong};

const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) fn check(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
    volume_types(pod, found);
    run_as(pod, found);
    if is_windows(pod) {
        return;
    }
    let mut lacking = Vec::new();
    for container in pod.containers() {
        let own = container.node.at_path(&["securityContext", "allowPrivilegeEscalation"]);
        match own.filter(|node| !node.is_null()) {
            None => lacking.push(container),
            Some(node) if node.as_bool() == Some(false) => {}
            Some(node) => {
                let message = format!("{} allows privilege escalation", who(&container));
                let field = container.path(pod, "securityContext.allowPrivilegeEscalation");
                wrong(found, Control::PrivilegeEscalation, Restricted, field, node, message);
            }
        }
    }
    let what = ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation");
    lacks(pod, &lacking, Control::PrivilegeEscalation, what, found);
    let drops = |context: &Node| {
        context.items(&["capabilities", "drop"]).iter().any(|name| name.as_str() == Some("ALL"))
    };
    let lacking: Vec<Container<'_>> =
        pod.containers().filter(|it| !it.node.get("securityContext").is_some_and(drops)).collect();
    lacks(pod, &lacking, Control::Capabilities, ("capabilities.drop: [ALL]", "capabilities"), found);
    for (context, path, who) in contexts(pod) {
        for (index, node) in context.items(&["capabilities", "add"]).iter().enumerate() {
            if let Some(name) = node.as_str().filter(|name| *name != "NET_BIND_SERVICE") {
                let message = format!("{who} adds capability `{name}`, which is not allowed");
                let field = format!("{path}.capabilities.add[{index}]");
                wrong(found, Control::Capabilities, Restricted, field, node, message);
            }
        }
    }
}

fn volume_types(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
    for (index, volume) in pod.spec.items(&["volumes"]).iter().enumerate() {
        for entry in volume.entries() {
            let kind = entry.key.text.as_str();
            // A hostPath is forbidden by the baseline already.
            if kind != "name" && kind != "hostPath" && !VOLUMES.contains(&kind) && !entry.value.is_null() {
                let name = volume.get("name").and_then(Node::as_str).unwrap_or_default();
                let message = format!("volume `{name}` is of type `{kind}`, which is not allowed");
                let field = format!("{}.volumes[{index}].{kind}", pod.path);
                wrong(found, Control::VolumeTypes, Restricted, field, &entry.value, message);
            }
        }
    }
}

fn run_as(pod: &PodTemplate<'_>, found: &mut Vec<Violation>) {
    let non_root = |context: Option<&Node>| context?.get("runAsNonRoot")?.as_bool();
    let own = non_root(pod.spec.get("securityContext"));
    let mut lacking = Vec::new();
    for container in pod.containers() {
        let context = container.node.get("securityContext");
        match non_root(context) {
            Some(true) => {}
            None if own == Some(true) => {}
            None => lacking.push(container),
            Some(false) => {
                let node = context.and_then(|context| context.get("runAsNonRoot")).unwrap_or(container.node);
                let message = format!("{} sets runAsNonRoot to false", who(&container));
                let field = container.path(pod, "securityContext.runAsNonRoot");
                wrong(found, Control::RunAsNonRoot, Restricted, field, node, message);
            }
        }
    }
    lacks(pod, &lacking, Control::RunAsNonRoot, ("runAsNonRoot: true", "runAsNonRoot"), found);
    for (context, path, who) in contexts(pod) {
        if let Some(node) = context.get("runAsUser").filter(|node| node.as_i64() == Some(0)) {
            let message = format!("{who} runs as user 0, which is not allowed");
            wrong(found, Control::RunAsUser, Restricted, format!("{path}.runAsUser"), node, message);
        }
    }
}

/// One violation for all containers that lack something.
fn lacks(
    pod: &PodTemplate<'_>,
    lacking: &[Container<'_>],
    control: Control,
    (what, key): (&str, &'static str),
    found: &mut Vec<Violation>,
) {
    let Some(first) = lacking.first() else { return };
    let names: Vec<String> = lacking.iter().map(who).collect();
    let place = first.node.get("securityContext").unwrap_or(first.node);
    let field = first.path(pod, &format!("securityContext.{key}"));
    wrong(found, control, Restricted, field, place, format!("no `{what}` for {}", names.join(", ")));
    if let Some(violation) = found.last_mut() {
        violation.lacks = Some(key);
    }
}
