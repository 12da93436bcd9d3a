//! `missing-service`: see the page.

use std::collections::BTreeSet;

use crate::finding::Confidence;
use crate::relations::{Reference, Via};
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};
use crate::world::near_miss::{self, Evidence};
use crate::world::{Answer, Counterparts, World};

meta!(
    "missing-service",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "Traffic is sent to a Service that nothing provides."
);

pub(crate) struct MissingService;

/// The Services that every cluster has.
fn is_known(namespace: &str, name: &str) -> bool {
    namespace.starts_with("kube-")
        || namespace.starts_with("openshift")
        || (name == "kubernetes" && matches!(namespace, "" | "default"))
}

impl Rule for MissingService {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        // ... unless nothing deploys there at all, and ours of that name is in another one.
        let is_misplaced = |object: &ObjectFacts, namespace: &str, reference: &Reference| {
            near_miss::service(inventory, world, object, namespace, reference).is_some()
        };
        let foreign = |object: &ObjectFacts, reference: &Reference| {
            let namespace = reference.namespace.as_deref().unwrap_or(&object.namespace);
            // Of those `missing-secret-store-namespace` tells.
            let store = object.group == "external-secrets.io" && object.kind.ends_with("SecretStore");
            if store && near_miss::is_nowhere(inventory, object, namespace, reference) {
                return true;
            }
            // A namespace that none of our workloads is in belongs to somebody else.
            is_known(namespace, &reference.name)
                || world.has_operator(object.app, namespace)
                || !world.is_ours(object.app, namespace)
                    && !is_misplaced(object, namespace, reference)
                    && near_miss::of_release(inventory, world, object, namespace, reference).is_none()
        };
        let help = "add the Service, or name the one that is there; declare one that is made elsewhere under `external:`";
        let fields = Missing {
            about: &|_, reference| reference.kind == "Service" && reference.via == Via::Field,
            known: &foreign,
            help,
            doubts: false,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &fields);
        let texts = Missing {
            about: &|_, reference| reference.kind == "Service" && reference.via == Via::Dns,
            sure: Confidence::Likely,
            ..fields
        };
        missing::report(inventory, cx, &texts);
        short(inventory, &world, cx);
    }
}

/// What texts call `http://name:port` may be anything; it is a Service of ours where only a slip or the rest of a name is wrong.
fn short(inventory: &Inventory, world: &World<'_>, cx: &mut Context<'_>) {
    let counterparts = Counterparts::new(inventory, *world, cx.sources());
    let mut seen = BTreeSet::new();
    for object in inventory.objects.iter().filter(|it| missing::is_deployed(inventory, it)) {
        let texts = object.references.iter().filter(|it| it.optional && it.via == Via::Dns);
        for reference in texts {
            let namespace = reference.namespace.as_deref().unwrap_or(&object.namespace);
            if namespace.is_empty()
                || is_known(namespace, &reference.name)
                || matches!(world.look_up(object.app, &object.namespace, reference), Answer::Provided(..))
                || world.external("", "Service", namespace, &reference.name).is_some()
                || !seen.insert((object.app, namespace, reference.name.as_str()))
            {
                continue;
            }
            let slip = || {
                let meant = counterparts.slip(object.app, namespace, reference)?;
                let shown = Some((meant.object.place, meant.words));
                let why = "which nothing provides".to_owned();
                Some(Evidence {
                    why,
                    help: Some(meant.help),
                    shown,
                    file: None,
                    kind: false,
                    sure: Confidence::Likely,
                })
            };
            let near = near_miss::find(inventory, *world, object, namespace, reference).or_else(slip);
            if let Some(near) = near {
                let message = format!(
                    "{} `{}` needs Service `{}`, {}",
                    object.kind, object.name, reference.name, near.why
                );
                let mut report = cx
                    .report(reference.place, message)
                    .apps([object.app])
                    .object_ref(workloads::field_ref(inventory, object, &reference.field))
                    .help(near.help.unwrap_or_default())
                    .confidence(near.sure);
                if let Some((place, words)) = near.shown {
                    report = report.related(place, words);
                }
            }
        }
    }
}
