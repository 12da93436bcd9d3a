//! `missing-depends-on`: see the page.

use std::cell::LazyCell;

use rustc_hash::FxHashMap;

use crate::near::Suggestions;
use crate::repo::{AppEntry, Inventory};
use crate::rules::flux_apps::{helm_release, is_deployed, kustomization, namespace_of};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::world::World;

meta!(
    "missing-depends-on",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A `dependsOn` names a Kustomization or HelmRelease that does not exist."
);

pub(crate) struct MissingDependsOn;

impl Rule for MissingDependsOn {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let names = LazyCell::new(|| {
            let mut names: FxHashMap<_, Vec<&str>> = FxHashMap::default();
            for entry in &inventory.apps {
                names.entry(entry.app.kind).or_default().push(&*entry.app.name);
            }
            names
                .into_iter()
                .map(|(kind, names)| (kind, Suggestions::new(names)))
                .collect::<FxHashMap<_, _>>()
        });
        let is_flux = |entry: &AppEntry| kustomization(entry).is_some() || helm_release(entry).is_some();
        for entry in inventory.apps.iter().filter(|entry| is_deployed(inventory, entry)) {
            let depends_on = match (kustomization(entry), helm_release(entry)) {
                (Some((it, _)), _) => &it.depends_on,
                (_, Some((it, _))) => &it.depends_on,
                _ => continue,
            };
            for dependency in depends_on {
                let (kind, namespace, name) =
                    (dependency.kind.as_str(), dependency.namespace.as_str(), dependency.name.as_str());
                let same_kind = |other: &&AppEntry| {
                    other.app.kind == entry.app.kind && world.may_serve(other.app.id, entry.app.id)
                };
                let is_it =
                    |other: &AppEntry| other.app.namespace == namespace || other.app.namespace.is_empty();
                let mut candidates = inventory.apps_named(name).filter(same_kind);
                if candidates.any(is_it)
                    || name.contains("${")
                    || world.external(dependency.group(), kind, namespace, name).is_some()
                {
                    continue;
                }
                let closed = world.is_closed(entry.app.id);
                let elsewhere = inventory.apps_named(name).find(same_kind);
                let mut written = world.written(name);
                let written = written
                    .find(|document| document.kind == kind && !inventory.scan.is_input(&document.path));
                let meant = LazyCell::new(|| {
                    let close = names.get(&entry.app.kind)?.near(name)?;
                    inventory.apps_named(close).any(|other| same_kind(&other)).then_some(close)
                });
                // Kustomizations wait for Kustomizations, releases for releases.
                let other = inventory.apps_named(name).find(|other| {
                    other.app.kind != entry.app.kind
                        && is_flux(other)
                        && world.may_serve(other.app.id, entry.app.id)
                });
                let near = || elsewhere.is_some() || other.is_some() || written.is_some() || meant.is_some();
                if !closed && world.may_make_for_flux(entry.app.id, name) && !near() {
                    continue;
                }
                let meant = *meant;
                let help = match (elsewhere, written) {
                    (None, None) if other.is_some() => format!(
                        "that name is one of another kind: a {kind} waits for objects of its own kind only"
                    ),
                    (Some(other), _) => format!(
                        "it is in namespace `{}`: add `namespace: {}`",
                        other.app.namespace, other.app.namespace
                    ),
                    (None, Some(document)) => {
                        format!("`{}` defines it, but nothing applies that file", document.path)
                    }
                    (None, None) => match meant {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "remove the entry, or add what it names".to_owned(),
                    },
                };
                let message = format!(
                    "{kind} `{}` waits for `{namespace}/{name}`, which does not exist: it is never applied",
                    entry.app.name
                );
                let mut report =
                    cx.report(entry.app.spot(dependency.place), message).apps([entry.app.id]).help(help);
                let alone = elsewhere.is_none() && written.is_none() && other.is_none();
                report = report.mend(|at, mender| {
                    let fix = match elsewhere {
                        Some(other) => mender
                            .insert(at, "namespace", &other.app.namespace, Some("name"))
                            .or_else(|| mender.insert_beside(at, "namespace", &other.app.namespace)),
                        None => mender.spell(at, name, meant.filter(|_| alone)?),
                    };
                    Some(fix?.changing(["spec.dependsOn"]).not_safe())
                });
                if !closed {
                    report = report.likely();
                }
                if let Some(place) = namespace_of(entry, dependency) {
                    report = report.related(entry.app.spot(place), "it is looked for in this namespace");
                }
                if let Some(other) = elsewhere {
                    report = report.related(other.app.spot(other.app.place), "one of that name is here");
                }
            }
        }
    }
}
