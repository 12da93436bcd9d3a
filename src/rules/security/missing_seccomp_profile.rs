//! `missing-seccomp-profile`: see the page.

use crate::k8s::{Control, PodSecurityLevel};
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "missing-seccomp-profile",
    "security",
    Error,
    Recommended,
    "0.1.0",
    "A pod lacks the seccompProfile that its namespace enforces."
);

pub(crate) struct MissingSeccompProfile;

/// The label that makes admission refuse pods.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

impl Rule for MissingSeccompProfile {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for object in &inventory.objects {
            let mut violations =
                object.pod_violations.iter().filter(|violation| violation.control == Control::SeccompProfile).peekable();
            if violations.peek().is_none() {
                continue;
            }
            let Some((level, enforce)) = enforced(inventory, object) else { continue };
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            for violation in violations.filter(|violation| violation.level <= level) {
                let mut object_ref = object.to_ref(cluster);
                object_ref.field = Some(violation.field.clone());
                let level = enforce.as_str().unwrap_or_default();
                let message = format!("{}, but namespace `{}` enforces `{level}`", violation.message, object.namespace);
                cx.report(violation.place, message)
                    .related(enforce.place(), "enforced here")
                    .apps([object.app])
                    .object_ref(object_ref)
                    .help("set `seccompProfile: {type: RuntimeDefault}` in the pod's securityContext");
            }
        }
    }
}

/// The level that the object's namespace enforces, and the label that says so.
fn enforced<'a>(inventory: &'a Inventory, object: &ObjectFacts) -> Option<(PodSecurityLevel, &'a Node)> {
    let namespaces = inventory.objects.iter().filter(|it| it.is("", "Namespace") && it.name == object.namespace);
    let mut labels = namespaces
        .filter(|namespace| inventory.may_meet(namespace.app, object.app))
        .filter_map(|namespace| namespace.node.as_ref()?.at_path(&["metadata", "labels", ENFORCE]));
    let label = labels.next()?;
    Some((PodSecurityLevel::from_name(label.as_str()?)?, label))
}
