//! `depends-on-cycle`: see the page.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

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
        let graph = Graph::new(inventory, &world);
        let mut reported: BTreeSet<AppId> = BTreeSet::new();
        let mut steps = STEPS;
        for entry in inventory.apps.iter().filter(|entry| graph.waits_for_itself(entry.app.id)) {
            if reported.contains(&entry.app.id) {
                continue;
            }
            let Some(cycle) = graph.cycle_from(entry.app.id, &mut steps) else { continue };
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

/// How many `dependsOn` entries are followed to find the shortest cycle of each app: a stranger can write apps by the thousand that
/// all wait for each other. Those that are left then have been told of with the others.
const STEPS: usize = 1_000_000;

/// Which apps wait for which.
struct Graph<'a> {
    /// By app: what it waits for, with the entry that says so.
    edges: FxHashMap<AppId, Vec<(AppId, &'a ObjectName)>>,
    /// By app that waits for itself, directly or through others: the lowest of those that wait for each other.
    circles: FxHashMap<AppId, AppId>,
}

impl<'a> Graph<'a> {
    fn new(inventory: &'a Inventory, world: &World<'_>) -> Self {
        let mut edges: FxHashMap<AppId, Vec<(AppId, &ObjectName)>> = FxHashMap::default();
        for head in &inventory.apps {
            let targets = depends_on(head).iter().filter_map(|dependency| {
                let target = inventory.apps_named(&dependency.name).find(|other| {
                    other.app.kind == head.app.kind
                        && other.app.namespace == dependency.namespace
                        && other.app.cluster == head.app.cluster
                        && world.may_serve(other.app.id, head.app.id)
                })?;
                Some((target.app.id, dependency))
            });
            let targets: Vec<_> = targets.collect();
            if !targets.is_empty() {
                edges.insert(head.app.id, targets);
            }
        }
        let circles = circles(inventory, &edges);
        Self { edges, circles }
    }

    fn waits_for_itself(&self, app: AppId) -> bool {
        self.circles.contains_key(&app)
    }

    /// The shortest way from an app back to itself: each app with the entry that leads on. `steps` are those that may still be taken.
    fn cycle_from(&self, start: AppId, steps: &mut usize) -> Option<Vec<(AppId, &'a ObjectName)>> {
        let circle = self.circles.get(&start)?;
        let mut from: FxHashMap<AppId, (AppId, &ObjectName)> = FxHashMap::default();
        let mut queue = VecDeque::from([start]);
        while let Some(head) = queue.pop_front() {
            for (target, dependency) in self.edges.get(&head).into_iter().flatten() {
                *steps = steps.checked_sub(1)?;
                if self.circles.get(target) != Some(circle) || from.contains_key(target) {
                    continue;
                }
                from.insert(*target, (head, dependency));
                if *target != start {
                    queue.push_back(*target);
                    continue;
                }
                let mut way = Vec::new();
                let mut at = start;
                while let Some((head, dependency)) = from.get(&at) {
                    way.push((*head, *dependency));
                    at = *head;
                    if at == start {
                        break;
                    }
                }
                way.reverse();
                return Some(way);
            }
        }
        None
    }
}

/// Apps that wait for themselves, each with the lowest app that it waits for and that waits for it (Tarjan's components).
fn circles(
    inventory: &Inventory,
    edges: &FxHashMap<AppId, Vec<(AppId, &ObjectName)>>,
) -> FxHashMap<AppId, AppId> {
    struct Visit {
        app: AppId,
        next: usize,
    }
    let mut circles = FxHashMap::default();
    // By app: when it was first seen, and the earliest that it leads back to; `usize::MAX` where that is settled.
    let mut seen: FxHashMap<AppId, (usize, usize)> = FxHashMap::default();
    let mut open: Vec<AppId> = Vec::new();
    for entry in &inventory.apps {
        if seen.contains_key(&entry.app.id) {
            continue;
        }
        let mut visits = vec![Visit { app: entry.app.id, next: 0 }];
        seen.insert(entry.app.id, (seen.len(), seen.len()));
        open.push(entry.app.id);
        while let Some(visit) = visits.last_mut() {
            let app = visit.app;
            if let Some((target, _)) = edges.get(&app).and_then(|targets| targets.get(visit.next)) {
                visit.next += 1;
                match seen.get(target) {
                    None => {
                        seen.insert(*target, (seen.len(), seen.len()));
                        open.push(*target);
                        visits.push(Visit { app: *target, next: 0 });
                    }
                    Some(&(first, low)) if low != usize::MAX => {
                        if let Some(own) = seen.get_mut(&app) {
                            own.1 = own.1.min(first);
                        }
                    }
                    Some(_) => {}
                }
                continue;
            }
            visits.pop();
            let Some(&(first, low)) = seen.get(&app) else { continue };
            if let Some(parent) = visits.last().and_then(|visit| seen.get_mut(&visit.app)) {
                parent.1 = parent.1.min(low);
            }
            if first != low {
                continue;
            }
            let start = open.iter().rposition(|other| *other == app).unwrap_or(open.len());
            let members = open.split_off(start);
            for member in &members {
                if let Some(state) = seen.get_mut(member) {
                    state.1 = usize::MAX;
                }
            }
            let own = edges.get(&app).is_some_and(|targets| targets.iter().any(|(target, _)| *target == app));
            if members.len() > 1 || own {
                let lowest = members.iter().min().copied().unwrap_or(app);
                circles.extend(members.iter().map(|member| (*member, lowest)));
            }
        }
    }
    circles
}
