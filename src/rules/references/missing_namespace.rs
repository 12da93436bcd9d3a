//! `missing-namespace`: see the page.

use std::collections::BTreeSet;

use crate::k8s;
use crate::relations::{Reference, Via};
use crate::repo::{App, Inventory, Labels, ObjectFacts};
use crate::rules::missing;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::Scope;
use crate::world::{Answer, World};

meta!(
    "missing-namespace",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "An app deploys into a namespace that nothing creates."
);

pub(crate) struct MissingNamespace;

/// Namespaces that every cluster or the installation of its GitOps tool brings.
fn is_known(name: &str, app: &App) -> bool {
    name == app.namespace || missing::is_brought_along(name)
}

impl Rule for MissingNamespace {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let mut made = inventory
            .objects
            .iter()
            .filter(|it| it.is("", "Namespace") || it.is("project.openshift.io", "Project"));
        // Where nothing here makes a single namespace, somebody else makes them all.
        if made.next().is_none() {
            return;
        }
        let habit = Habit::of(inventory, &world);
        let mut seen = BTreeSet::new();
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(entry) = inventory.app(object.app) else { continue };
            let name = object.namespace.as_str();
            if name.is_empty()
                || is_known(name, &entry.app)
                || object.scope == Some(Scope::Cluster)
                || !(k8s::is_built_in(&object.group) || object.group.ends_with(".toolkit.fluxcd.io"))
                || !seen.insert((object.app, name))
                || world.makes_namespace(object.app, name)
                || world.external("", "Namespace", "", name).is_some()
                || world.is_written("Namespace", name)
                || is_made(&world, object, name)
            {
                continue;
            }
            // What is not seen may make it, unless this repository makes its namespaces itself.
            let open = world.open(object.app, "", true).is_some();
            if open && (!habit.is_exception() || world.may_make_for_flux(object.app, name)) {
                continue;
            }
            let destination =
                entry.app.node.as_ref().and_then(|node| node.at_path(&["spec", "destination", "namespace"]));
            let of_app = destination.filter(|node| node.as_str() == Some(name));
            let cluster = entry.app.cluster.as_str();
            let message =
                format!("`{}` deploys into namespace `{name}`, which nothing creates", entry.app.name);
            let help = "add the Namespace, or `CreateNamespace=true` to the app's syncOptions, or declare it under `external:`";
            let labels = match of_app {
                Some(node) => Labels::of(node.place(), &entry.app.origins, cx.workspace),
                None => Labels::of(object.place, &inventory.origins, cx.workspace),
            };
            let report = cx
                .report_labels(labels, message)
                .apps([object.app])
                .object_ref(object.to_ref(cluster))
                .help(help);
            if open {
                drop(report.likely());
            }
        }
    }
}

/// How many of the namespaces that apps deploy into are made here.
struct Habit {
    made: usize,
    missing: usize,
}

/// So many namespaces that are made here make a habit.
const SEVERAL: usize = 5;

impl Habit {
    fn of(inventory: &Inventory, world: &World<'_>) -> Self {
        let mut names = BTreeSet::new();
        let mut habit = Self { made: 0, missing: 0 };
        for object in inventory.objects.iter().filter(|it| missing::is_deployed(inventory, it)) {
            let name = object.namespace.as_str();
            let Some(entry) = inventory.app(object.app) else { continue };
            if name.is_empty() || is_known(name, &entry.app) || !names.insert(name) {
                continue;
            }
            let made = world.makes_namespace(object.app, name) || world.is_written("Namespace", name);
            *(if made { &mut habit.made } else { &mut habit.missing }) += 1;
        }
        habit
    }

    /// Whether one that is missing is an exception.
    fn is_exception(&self) -> bool {
        self.made >= SEVERAL && self.missing * SEVERAL <= self.made
    }
}

/// Whether something makes it as it makes other objects, as a ResourceSet of the Flux operator does.
fn is_made(world: &World<'_>, object: &ObjectFacts, name: &str) -> bool {
    let reference = Reference {
        group: "".into(),
        kind: "Namespace".into(),
        namespace: None,
        name: name.into(),
        key: None,
        optional: false,
        place: object.place,
        key_place: None,
        field: "".into(),
        via: Via::Field,
    };
    matches!(world.look_up(object.app, "", &reference), Answer::Provided(..))
}
