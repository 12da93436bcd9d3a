//! What the rules about the Pod Security Standards share: the level that a namespace enforces.

use rustc_hash::FxHashMap;

use super::mend::Mender;
use crate::finding::Fix;
use crate::k8s::{PodSecurityLevel, Violation};
use crate::origin::Place;
use crate::repo::{AppId, Inventory, ObjectFacts};
use crate::source::Span;
use crate::world::World;
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

/// The levels that namespaces enforce.
pub(super) struct Levels<'a> {
    inventory: &'a Inventory,
    world: World<'a>,
    /// Labels of the namespaces that Applications create, by namespace.
    managed: FxHashMap<&'a str, Vec<(AppId, &'a Node)>>,
}

impl<'a> Levels<'a> {
    /// Looks at all apps.
    pub(super) fn new(inventory: &'a Inventory, cx: &Context<'a>) -> Self {
        let path = ["spec", "syncPolicy", "managedNamespaceMetadata", "labels", ENFORCE];
        let mut managed: FxHashMap<&str, Vec<(AppId, &Node)>> = FxHashMap::default();
        for entry in &inventory.apps {
            if let Some(label) = entry.app.node.as_ref().and_then(|node| node.at_path(&path)) {
                managed.entry(&entry.app.target_namespace).or_default().push((entry.app.id, label));
            }
        }
        Self { inventory, world: World::new(inventory, &cx.workspace.config), managed }
    }

    /// The level that the object's namespace enforces.
    pub(super) fn enforced(&self, object: &ObjectFacts) -> Option<Enforced> {
        let of_label = |label: &Node, place: Place| {
            let word = label.as_str()?;
            Some(Enforced { level: PodSecurityLevel::from_name(word)?, word: word.to_owned(), place })
        };
        // Two overlays that nothing deploys need not go together.
        let is_deployed = |object: &ObjectFacts| missing::is_deployed(self.inventory, object);
        let together = |namespace: &&ObjectFacts| {
            namespace.app == object.app || (is_deployed(namespace) && is_deployed(object))
        };
        let mut namespaces =
            self.world.named(object.app, "", "Namespace", &object.namespace).filter(together);
        let label = namespaces
            .find_map(|namespace| namespace.node.as_ref()?.at_path(&["metadata", "labels", ENFORCE]));
        if let Some(label) = label {
            return of_label(label, label.place());
        }
        // An Application may label the namespace that it creates.
        let labelled =
            self.managed.get(object.namespace.as_str()).filter(|_| !object.namespace.is_empty())?;
        let (_, label) = labelled.iter().find(|(app, _)| self.world.may_serve(*app, object.app))?;
        // The steps behind it are in the app's own arena, so its bytes must do.
        of_label(label, Place::written(label.at))
    }
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
    let levels = Levels::new(inventory, cx);
    for object in &inventory.objects {
        if !object.pod_violations.iter().any(wanted) {
            continue;
        }
        let Some(enforced) = levels.enforced(object) else { continue };
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
