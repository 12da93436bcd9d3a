//! `missing-service`: see the page.

use crate::finding::Confidence;
use crate::relations::{Reference, Via};
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::{World, near_miss};

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
            near_miss::is_nowhere(inventory, object, namespace, reference)
                && world.named(object.app, "", "Service", &reference.name).next().is_some()
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
                || !world.is_ours(object.app, namespace) && !is_misplaced(object, namespace, reference)
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
    }
}
