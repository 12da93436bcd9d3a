//! `missing-persistent-volume-claim`: see the page.

use std::cell::OnceCell;

use crate::finding::Confidence;
use crate::relations::{Reference, Via};
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::{Answer, Counterparts, World};

meta!(
    "missing-persistent-volume-claim",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A pod mounts a PersistentVolumeClaim that nothing provides."
);

const KIND: &str = "PersistentVolumeClaim";

pub(crate) struct MissingPersistentVolumeClaim;

impl Rule for MissingPersistentVolumeClaim {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Claims outlive what is in Git: many were made by hand or restored from a backup. Where nearly all that values name
        // are in Git, one that is not is a slip.
        let world = World::new(inventory, &cx.workspace.config);
        let (mut here, mut gone) = (0usize, 0usize);
        for object in inventory.of_kind("HelmRelease") {
            let named = object.references.iter().filter(|it| it.kind == KIND && it.via == Via::Values);
            for reference in named {
                match world.look_up(object.app, &object.namespace, reference) {
                    Answer::Provided(..) => here += 1,
                    _ => gone += 1,
                }
            }
        }
        let kept = here >= 3 && here >= gone * 4;
        let sources = cx.sources();
        let counterparts = OnceCell::new();
        let is_misspelt = |object: &ObjectFacts, reference: &Reference| {
            let counterparts = counterparts.get_or_init(|| Counterparts::new(inventory, world, sources));
            let namespace = reference.namespace.as_deref().unwrap_or(&object.namespace);
            counterparts.find(object.app, object.place, namespace, reference).is_some()
        };
        let rule = Missing {
            about: &|_, reference| reference.kind == KIND && reference.group.is_empty(),
            known: &|object, reference| {
                reference.via == Via::Values && !kept && !is_misspelt(object, reference)
            },
            help: "add the PersistentVolumeClaim, or declare it under `external:`",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
