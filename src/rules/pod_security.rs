//! What the rules about the Pod Security Standards share: the level that a namespace enforces.

use super::mend::Mender;
use crate::finding::Fix;
use crate::k8s::{PodSecurityLevel, Violation};
use crate::origin::Place;
use crate::repo::{Inventory, ObjectFacts, World};
use crate::source::Span;
use crate::yaml::Node;

use super::{Context, missing};

/// The label that makes admission refuse pods.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// A level that is enforced, and where that is said.
pub(super) struct Enforced {
    pub(super) level: PodSecurityLevel,
    pub(super) word: String,
    pub(super) place: Place,
}

/// The level that the object's namespace enforces.
pub(super) fn enforced(inventory: &Inventory, cx: &Context<'_>, object: &ObjectFacts) -> Option<Enforced> {
    let world = World::new(inventory, &cx.workspace.config);
    let of_label = |label: &Node, place: Place| {
        let word = label.as_str()?;
        Some(Enforced { level: PodSecurityLevel::from_name(word)?, word: word.to_owned(), place })
    };
    // Two overlays that nothing deploys need not go together.
    let together = |namespace: &&ObjectFacts| {
        namespace.app == object.app
            || (missing::is_deployed(inventory, namespace) && missing::is_deployed(inventory, object))
    };
    let mut namespaces = world.named(object.app, "", "Namespace", &object.namespace).filter(together);
    let label =
        namespaces.find_map(|namespace| namespace.node.as_ref()?.at_path(&["metadata", "labels", ENFORCE]));
    if let Some(label) = label {
        return of_label(label, label.place());
    }
    // An Application may label the namespace that it creates.
    let managed = ["spec", "syncPolicy", "managedNamespaceMetadata", "labels", ENFORCE];
    let mut apps = inventory
        .apps
        .iter()
        .filter(|entry| !object.namespace.is_empty() && entry.app.target_namespace == object.namespace);
    let label = apps.find_map(|entry| {
        let label = entry.app.node.as_ref()?.at_path(&managed)?;
        world.may_serve(entry.app.id, object.app).then_some(label)
    })?;
    // The steps behind it are in the app's own arena, so its bytes must do.
    of_label(label, Place::written(label.at))
}

/// The setting that a pod or container lacks, where it belongs: a securityContext, or the value that feeds it. What was refused before is
/// admitted then; whether a program runs as another user only the program knows.
pub(super) fn tightened(violation: &Violation, at: Span, mender: Mender<'_>) -> Option<Fix> {
    let key = violation.lacks?;
    let source = match key {
        "seccompProfile" => "type: RuntimeDefault\n",
        "capabilities" => "drop:\n  - ALL\n",
        "allowPrivilegeEscalation" => "false",
        "runAsNonRoot" => "true",
        _ => return None,
    };
    let field = format!("**.securityContext.{key}");
    let fix = mender.tighten(at, key, source)?.changing([field.as_str()]);
    Some(if key == "runAsNonRoot" { fix.not_safe() } else { fix })
}

/// Reports those violations of an object's pods that its namespace forbids.
pub(super) fn report(
    inventory: &Inventory,
    cx: &mut Context<'_>,
    wanted: &dyn Fn(&Violation) -> bool,
    help: &dyn Fn(&Violation) -> &'static str,
) {
    for object in &inventory.objects {
        if !object.pod_violations.iter().any(wanted) {
            continue;
        }
        let Some(enforced) = enforced(inventory, cx, object) else { continue };
        let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
        for violation in object.pod_violations.iter().filter(|it| wanted(it) && it.level <= enforced.level) {
            let mut object_ref = object.to_ref(cluster);
            object_ref.field = Some(violation.field.clone());
            let message = format!(
                "{}, but namespace `{}` enforces `{}`",
                violation.message, object.namespace, enforced.word
            );
            cx.report(violation.place, message)
                .related(enforced.place, "enforced here")
                .apps([object.app])
                .object_ref(object_ref)
                .help(help(violation))
                .mend(|at, mender| tightened(violation, at, mender));
        }
    }
}
