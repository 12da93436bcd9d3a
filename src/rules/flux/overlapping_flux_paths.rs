//! `overlapping-flux-paths`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::origin::Place;
use crate::repo::{AppEntry, AppId, AppKind, Inventory};
use crate::rules::flux_apps::{contains, kustomization};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::TreePath;

meta!(
    "overlapping-flux-paths",
    "flux",
    Warning,
    Recommended,
    "0.1.0",
    "Two Kustomizations apply the same files, because one builds a directory that the other's path contains."
);

pub(crate) struct OverlappingFluxPaths;

impl Rule for OverlappingFluxPaths {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Paths alone prove nothing: the outer directory may have a kustomization that leaves the inner one out.
        let mut owners: BTreeMap<_, BTreeSet<AppId>> = BTreeMap::new();
        for object in inventory.objects.iter().filter(|object| is_built(inventory, object.app)) {
            let identity = (&object.group, &object.kind, &object.namespace, &object.name, object.place.at);
            owners.entry(identity).or_default().insert(object.app);
        }
        let mut shared: BTreeMap<(AppId, AppId), usize> = BTreeMap::new();
        for apps in owners.values().filter(|apps| apps.len() > 1) {
            let mut built: FxHashMap<&TreePath, Vec<AppId>> = FxHashMap::default();
            for app in apps {
                if let Some(dir) = inventory.app(*app).and_then(|entry| entry.built.as_ref()) {
                    built.entry(dir).or_default().push(*app);
                }
            }
            for inner in apps {
                let mut above = inventory.app(*inner).and_then(|entry| entry.built.as_ref()?.parent());
                while let Some(dir) = above {
                    for outer in built.get(&dir).into_iter().flatten() {
                        if contains(inventory, *outer, *inner) {
                            *shared.entry((*outer, *inner)).or_default() += 1;
                        }
                    }
                    above = dir.parent();
                }
            }
        }
        for ((outer, inner), count) in shared {
            let (Some(outer), Some(inner)) = (inventory.app(outer), inventory.app(inner)) else { continue };
            let (Some(outer_dir), Some(inner_dir)) = (&outer.built, &inner.built) else { continue };
            let objects = if count == 1 { "an object".to_owned() } else { format!("{count} objects") };
            let message = format!(
                "Kustomizations `{}` and `{}` both apply {objects} of `{inner_dir}`: they undo each other's changes",
                inner.app.name, outer.app.name
            );
            let help = format!(
                "move `{inner_dir}` out of `{outer_dir}`, or give `{outer_dir}` a kustomization.yaml that leaves it out"
            );
            let place = |entry: &AppEntry| {
                kustomization(entry)
                    .and_then(|(it, _)| it.path.as_ref())
                    .map_or(entry.app.place, |path| path.place)
            };
            let (at, other): (Place, Place) = (place(inner), place(outer));
            cx.report(at, message)
                .apps([inner.app.id, outer.app.id])
                .help(help)
                .related(other, "the path that contains it");
        }
    }
}

fn is_built(inventory: &Inventory, app: AppId) -> bool {
    inventory.app(app).is_some_and(|entry| entry.app.kind == AppKind::Kustomization && entry.built.is_some())
}
