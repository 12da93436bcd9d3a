//! `unused-persistent-volume-claim`: see the page.

use smol_str::SmolStr;

use crate::repo::{Inventory, ObjectFacts, World};
use crate::rules::{Context, Rule, RuleMeta, meta, missing};

meta!(
    "unused-persistent-volume-claim",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A PersistentVolumeClaim is applied that nothing mounts and nothing names."
);

pub(crate) struct UnusedPersistentVolumeClaim;

impl Rule for UnusedPersistentVolumeClaim {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let is_candidate = |claim: &&ObjectFacts| {
            claim.is("", "PersistentVolumeClaim")
                && !claim.name.is_empty()
                && !claim.hook
                && missing::is_deployed(inventory, claim)
                // Where no workload is, pods come from elsewhere; where operators and charts that are not here are, too.
                && inventory.objects.iter().any(|other| {
                    other.app == claim.app && other.namespace == claim.namespace && other.pod.is_some()
                })
                && world.open(claim.app, &claim.namespace, false).is_none()
                && !world.has_unknown_operator(claim.app, &claim.namespace, None)
                && !inventory.objects.iter().any(|other| uses(other, claim))
        };
        let mut candidates: Vec<&ObjectFacts> = inventory.objects.iter().filter(is_candidate).collect();
        candidates.sort_by_key(|claim| claim.place.at);
        candidates.dedup_by_key(|claim| claim.place.at);
        // A values file of a chart that is not here, a script, a notebook: whoever names it may mount it.
        if !candidates.is_empty() {
            for (_, file) in cx.texts() {
                candidates.retain(|claim| {
                    let own = usize::from(claim.place.at.file == file.id());
                    file.text_or_empty().match_indices(claim.name.as_str()).count() <= own
                });
            }
        }
        // Several of them are a habit: something that starts pods by itself has use for them, as notebooks have.
        let alone = |claim: &&ObjectFacts, all: &[&ObjectFacts]| {
            all.iter().filter(|other| other.app == claim.app && other.namespace == claim.namespace).count()
                == 1
        };
        let all = candidates.clone();
        candidates.retain(|claim| alone(claim, &all));
        for claim in candidates {
            let message = format!("nothing mounts PersistentVolumeClaim `{}`", claim.name);
            let report = cx.report(claim.place, message).apps([claim.app]);
            let report = report.help("delete it, or mount it: its volume is paid for, and holds nothing");
            if inventory.app(claim.app).is_some_and(|entry| entry.app.provisional) {
                drop(report.possible());
            }
        }
    }
}

/// Whether an object mounts a claim, or could.
fn uses(other: &ObjectFacts, claim: &ObjectFacts) -> bool {
    if other.namespace != claim.namespace && !other.namespace.is_empty() {
        return false;
    }
    let mounts = |name: &SmolStr| *name == claim.name;
    other.pod.iter().flat_map(|pod| &pod.claims).any(|(name, _, _)| mounts(name))
        || other.references.iter().any(|it| it.kind == "PersistentVolumeClaim" && mounts(&it.name))
        || other.mentions.contains(&claim.name)
        // A StatefulSet takes over the claims that bear the names of its own.
        || other.provides.iter().any(|it| {
            it.kind == "PersistentVolumeClaim" && it.name.matches(&claim.name)
        })
}
