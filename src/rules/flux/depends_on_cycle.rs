//! `depends-on-cycle`: see the page.

use std::collections::BTreeSet;

use crate::flux::ObjectName;
use crate::repo::{AppEntry, AppId, Inventory};
use crate::rules::flux_apps::{helm_release, kustomization};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::World;

meta!(
    "depends-on-cycle",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "Kustomizations or HelmReleases wait for each other."
);

pub(crate) struct DependsOnCycle;

impl Rule for DependsOnCycle {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let mut reported: BTreeSet<AppId> = BTreeSet::new();
        for entry in &inventory.apps {
            if reported.contains(&entry.app.id) {
                continue;
            }
            let Some(cycle) = cycle_from(entry, inventory, &world) else { continue };
            reported.extend(cycle.iter().map(|(id, _)| *id));
            let name = |id: AppId| inventory.app(id).map_or("", |entry| &entry.app.name);
            let mut names: Vec<String> = cycle.iter().map(|(id, _)| format!("`{}`", name(*id))).collect();
            let message = match names.as_slice() {
                [only] => format!("{} {only} waits for itself: it is never applied", entry.app.kind),
                _ => {
                    names.extend(names.first().cloned());
                    format!(
                        "{}s wait for each other and are never applied: {}",
                        entry.app.kind,
                        names.join(" → ")
                    )
                }
            };
            let spot = |(id, name): &(AppId, &ObjectName)| Some(inventory.app(*id)?.app.spot(name.place));
            let Some(first) = cycle.first().and_then(spot) else { continue };
            let ids = cycle.iter().map(|(id, _)| *id);
            let mut report =
                cx.report(first, message).apps(ids).help("remove one of the `dependsOn` entries");
            for other in cycle.iter().skip(1).filter_map(spot) {
                report = report.related(other, "which waits for this");
            }
        }
    }
}

fn depends_on(entry: &AppEntry) -> &[ObjectName] {
    match (kustomization(entry), helm_release(entry)) {
        (Some((it, _)), _) => &it.depends_on,
        (_, Some((it, _))) => &it.depends_on,
        _ => &[],
    }
}

/// The shortest way from an app back to itself: each app with the entry that leads on.
fn cycle_from<'a>(
    start: &'a AppEntry,
    inventory: &'a Inventory,
    world: &World<'_>,
) -> Option<Vec<(AppId, &'a ObjectName)>> {
    if depends_on(start).is_empty() {
        return None;
    }
    let mut seen: BTreeSet<AppId> = BTreeSet::new();
    let mut ways: Vec<Vec<(AppId, &ObjectName)>> = vec![Vec::new()];
    let mut heads: Vec<&AppEntry> = vec![start];
    while !heads.is_empty() {
        let (mut next_ways, mut next_heads) = (Vec::new(), Vec::new());
        for (head, way) in heads.iter().zip(&ways) {
            for dependency in depends_on(head) {
                let target = inventory.apps_named(&dependency.name).find(|other| {
                    other.app.kind == head.app.kind
                        && other.app.namespace == dependency.namespace
                        && other.app.cluster == head.app.cluster
                        && world.may_serve(other.app.id, head.app.id)
                });
                let Some(target) = target else { continue };
                let mut longer = way.clone();
                longer.push((head.app.id, dependency));
                if target.app.id == start.app.id {
                    return Some(longer);
                }
                if seen.insert(target.app.id) {
                    next_ways.push(longer);
                    next_heads.push(target);
                }
            }
        }
        (ways, heads) = (next_ways, next_heads);
    }
    None
}
