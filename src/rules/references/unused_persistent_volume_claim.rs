//! `unused-persistent-volume-claim`: see the page.

use rustc_hash::FxHashMap;

use crate::relations::NamePattern;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing};
use crate::world::World;

meta!(
    "unused-persistent-volume-claim",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A PersistentVolumeClaim is applied that nothing mounts and nothing names."
);

const KIND: &str = "PersistentVolumeClaim";

pub(crate) struct UnusedPersistentVolumeClaim;

impl Rule for UnusedPersistentVolumeClaim {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let used = Used::of(inventory);
        let is_candidate = |claim: &&ObjectFacts| {
            claim.is("", KIND)
                && !claim.name.is_empty()
                && !claim.hook
                && missing::is_deployed(inventory, claim)
                // Where no workload is, pods come from elsewhere; where operators and charts that are not here are, too.
                && inventory.objects_of(claim.app).iter().any(|other| {
                    other.namespace == claim.namespace && other.pod.is_some()
                })
                && world.open(claim.app, &claim.namespace, false).is_none()
                && !world.has_unknown_operator(claim.app, &claim.namespace, None)
                && !used.has(claim)
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

/// The claims that something mounts, or could: by name, with the namespaces of who does.
struct Used<'a> {
    named: FxHashMap<&'a str, Vec<&'a str>>,
    /// A StatefulSet takes over the claims that bear the names of its own.
    patterns: Vec<(&'a str, &'a NamePattern)>,
}

impl<'a> Used<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let mut used = Self { named: FxHashMap::default(), patterns: Vec::new() };
        for object in &inventory.objects {
            let mounted = object.pod.iter().flat_map(|pod| &pod.claims).map(|(name, ..)| name);
            let claims = object.references.iter().filter(|it| it.kind == KIND).map(|it| &it.name);
            for name in mounted.chain(claims).chain(&object.mentions) {
                used.named.entry(name).or_default().push(&object.namespace);
            }
            for provided in object.provides.iter().filter(|it| it.kind == KIND) {
                match &provided.name {
                    NamePattern::Exact(name) => used.named.entry(name).or_default().push(&object.namespace),
                    pattern @ NamePattern::Prefix(_) => used.patterns.push((&object.namespace, pattern)),
                }
            }
        }
        used
    }

    fn has(&self, claim: &ObjectFacts) -> bool {
        let here = |namespace: &str| namespace.is_empty() || namespace == claim.namespace;
        let named = self.named.get(claim.name.as_str());
        named.is_some_and(|namespaces| namespaces.iter().any(|it| here(it)))
            || self.patterns.iter().any(|(namespace, name)| here(namespace) && name.matches(&claim.name))
    }
}
