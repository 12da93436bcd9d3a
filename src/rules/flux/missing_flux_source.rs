//! `missing-flux-source`: see the page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::flux::ObjectName;
use crate::near::did_you_mean;
use crate::repo::{AppEntry, Inventory, ObjectFacts};
use crate::rules::flux_apps::{helm_release, is_deployed, kustomization, namespace_of};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::World;

meta!(
    "missing-flux-source",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A Kustomization or HelmRelease names a source that nothing defines."
);

/// Of the names that many ask for, how many are looked at.
const MOST_HABITS: usize = 50;

pub(crate) struct MissingFluxSource;

impl Rule for MissingFluxSource {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let mut missing: BTreeMap<(&str, &str, &str), Users<'_>> = BTreeMap::new();
        for entry in inventory.apps.iter().filter(|entry| is_deployed(inventory, entry)) {
            for source in sources(entry) {
                let key = (source.kind.as_str(), source.namespace.as_str(), source.name.as_str());
                missing.entry(key).or_default().push((entry, source));
            }
        }
        // What most of them name is what the bootstrap makes, which is not in the repository.
        let most = missing
            .iter()
            .filter(|(_, users)| users.iter().any(|(entry, _)| kustomization(entry).is_some()))
            .max_by_key(|(_, users)| users.len())
            .map(|(key, _)| *key);
        // How many Kustomizations name each source, whether it is defined or not.
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for (it, _) in inventory.apps.iter().filter_map(kustomization) {
            *named.entry(it.source.as_ref().map_or("", |source| source.name.as_str())).or_default() += 1;
        }
        let mut gone: BTreeMap<&str, usize> = BTreeMap::new();
        for (kind, ..) in missing.keys() {
            *gone.entry(kind).or_default() += 1;
        }
        let mut habits: BTreeMap<(&str, &str), Vec<(&str, usize)>> = BTreeMap::new();
        for ((kind, namespace, name), users) in missing.iter().filter(|(_, users)| users.len() > FEW) {
            habits.entry((kind, namespace)).or_default().push((name, users.len()));
        }
        for habits in habits.values_mut() {
            habits.sort_by_key(|(_, many)| Reverse(*many));
            habits.truncate(MOST_HABITS);
        }
        for (key, users) in &missing {
            let Some((first, source)) = users.first() else { continue };
            let (kind, namespace, name) = *key;
            let external = world.external("source.toolkit.fluxcd.io", kind, namespace, name).is_some();
            if external {
                continue;
            }
            let known = world.of_kind_in(first.app.id, "", kind);
            let known: Vec<&ObjectFacts> =
                known.filter(|object| object.group == "source.toolkit.fluxcd.io").collect();
            // An object of that name would have been found, unless it came too late.
            if known.iter().any(|object| object.name == name && object.namespace == namespace) {
                continue;
            }
            let closed = world.is_closed(first.app.id);
            // Sources that are kept elsewhere are all kept there.
            let few = gone.get(kind).is_some_and(|gone| gone * 4 <= known.len());
            let elsewhere = known.iter().find(|object| object.name == name);
            let close = did_you_mean(name, known.iter().map(|object| object.name.as_str()));
            let near = elsewhere.is_some() || close.is_some();
            // What many name is there, wherever it is made.
            let habits = habits.get(&(kind, namespace)).into_iter().flatten();
            let habits = habits.filter(|(other, many)| *other != name && *many > FEW * users.len());
            let habit = did_you_mean(name, habits.map(|(other, _)| *other));
            let close = close.or(habit);
            // A slip is named by few, and what was meant by many.
            let is_slip = habit.is_some()
                || close
                    .is_some_and(|close| named.get(close).is_some_and(|count| *count > FEW * users.len()));
            if Some(*key) == most && !is_slip {
                continue;
            }
            if !closed && !is_slip && (!few || !near && world.may_make_for_flux(first.app.id, name)) {
                continue;
            }
            let help = match elsewhere {
                Some(object) => format!(
                    "it is in namespace `{}`: add `namespace: {}`",
                    object.namespace, object.namespace
                ),
                None => match close {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("add the {kind}, or declare it under `external:`"),
                },
            };
            let message = format!(
                "{} `{}` reads from {kind} `{namespace}/{name}`, which nothing defines",
                first.app.kind, first.app.name
            );
            let mut report = cx
                .report(first.app.spot(source.place), message)
                .apps(users.iter().map(|(entry, _)| entry.app.id))
                .help(help)
                .mend(|at, mender| {
                    let fix = match elsewhere {
                        Some(object) => mender
                            .insert(at, "namespace", &object.namespace, Some("name"))
                            .or_else(|| mender.insert_beside(at, "namespace", &object.namespace)),
                        None => mender.spell(at, name, close?),
                    };
                    Some(fix?.changing_apps().not_safe())
                });
            if !closed {
                report = report.likely();
            }
            if let Some(place) = namespace_of(first, source) {
                report = report.related(first.app.spot(place), "it is looked for in this namespace");
            }
            if let Some(object) = elsewhere {
                report = report.related(object.place, "one of that name is here");
            }
            for (user, other) in users.iter().skip(1).take(3) {
                report = report.related(user.app.spot(other.place), "named here too");
            }
        }
    }
}

/// So many times more name a source than name a misspelling of it.
const FEW: usize = 4;

/// The apps that name a source, and where.
type Users<'a> = Vec<(&'a AppEntry, &'a ObjectName)>;

/// The sources of an app that were not found.
fn sources(entry: &AppEntry) -> Vec<&ObjectName> {
    let mut named: Vec<&ObjectName> = Vec::new();
    if let Some((it, inputs)) = kustomization(entry) {
        // What was built without a source is the repository itself, which the bootstrap names.
        named.extend(it.source.iter().filter(|source| entry.built.is_none() && inputs.get(source).is_none()));
    }
    if let Some((it, inputs)) = helm_release(entry) {
        let templated = it.chart.iter().filter_map(|chart| chart.source.as_ref());
        named.extend(templated.chain(&it.chart_ref).filter(|source| inputs.get(source).is_none()));
    }
    // Who makes those is seldom in the repository.
    named.retain(|source| source.kind != "ExternalArtifact");
    named
}
