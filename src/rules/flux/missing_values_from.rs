//! `missing-values-from`: see the page.

use std::cell::OnceCell;

use smol_str::SmolStr;

use crate::finding::Severity;
use crate::flux::ObjectName;
use crate::near::did_you_mean;
use crate::relations::Keys;
use crate::repo::{AppEntry, Inventory, ObjectFacts};
use crate::rules::flux_apps::{helm_release, is_deployed, kustomization, reference};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::TreePath;
use crate::world::{Answer, Counterparts, Scripts, World};

meta!(
    "missing-values-from",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A `valuesFrom` or `substituteFrom` names a ConfigMap, Secret or key that nothing provides."
);

pub(crate) struct MissingValuesFrom;

impl Rule for MissingValuesFrom {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let sources = cx.sources();
        let counterparts = OnceCell::new();
        let counterparts = || counterparts.get_or_init(|| Counterparts::new(inventory, world, sources));
        for entry in inventory.apps.iter().filter(|entry| is_deployed(inventory, entry)) {
            if let Some((release, _)) = helm_release(entry) {
                for values in release.values_from.iter().filter(|values| !values.optional) {
                    let key = Some(values.key.as_str());
                    let field = "spec.valuesFrom.name";
                    look(entry, &values.object, key, field, inventory, &world, &counterparts, cx);
                }
            }
            if let Some((kustomization, _)) = kustomization(entry) {
                let needed = kustomization.substitute_from.iter().filter(|(_, optional)| !optional);
                for (object, _) in needed {
                    let field = "spec.postBuild.substituteFrom.name";
                    look(entry, object, None, field, inventory, &world, &counterparts, cx);
                }
            }
        }
    }
}

fn look<'c>(
    entry: &AppEntry,
    object: &ObjectName,
    key: Option<&str>,
    field: &str,
    inventory: &Inventory,
    world: &World<'_>,
    counterparts: &dyn Fn() -> &'c Counterparts<'c>,
    cx: &mut Context<'_>,
) {
    if object.name.contains("${") || object.namespace.is_empty() {
        return;
    }
    let (kind, name) = (&object.kind, &object.name);
    let who = format!("{} `{}`", entry.app.kind, entry.app.name);
    let reference = reference(object, field);
    let meant = || counterparts().find(entry.app.id, entry.app.place, &object.namespace, &reference);
    let answer = world.look_up(entry.app.id, &object.namespace, &reference);
    if matches!(answer, Answer::Missing(_) | Answer::Unapplied(_) | Answer::Unknown(_))
        && let Some(at) = Scripts::of(inventory, cx.workspace).made(kind, name)
    {
        let message = format!("{who} needs {kind} `{}/{name}`, which is made by hand only", object.namespace);
        cx.report(entry.app.spot(object.place), message)
            .severity(Severity::Note)
            .apps([entry.app.id])
            .related_at(at, "made here")
            .help("declare it under `external:`");
        return;
    }
    if matches!(answer, Answer::Missing(_) | Answer::Unknown(_))
        && let Some(meant) = meant()
    {
        let message = format!("{who} needs {kind} `{}/{name}`, which nothing provides", object.namespace);
        let report = cx.report(entry.app.spot(object.place), message).apps([entry.app.id]).help(meant.help);
        let report = report.related(meant.object.place, meant.words);
        if matches!(answer, Answer::Unknown(_)) {
            drop(report.likely());
        }
        return;
    }
    if matches!(answer, Answer::Missing(_) | Answer::Unapplied(_) | Answer::Unknown(_))
        && let Some(other) = of_other_kind(entry, object, world)
    {
        let message = format!(
            "{who} needs {kind} `{}/{name}`, which nothing provides: that name is a {}",
            object.namespace, other.kind
        );
        let report = cx
            .report(entry.app.spot(object.place), message)
            .apps([entry.app.id])
            .help(format!("say `kind: {}`", other.kind))
            .related(other.place, format!("this {} has the name", other.kind));
        if matches!(answer, Answer::Unknown(_)) {
            drop(report.likely());
        }
        return;
    }
    match answer {
        Answer::Provided(providers, Keys::Known(keys)) => {
            let Some(key) = key.filter(|key| !keys.contains(*key)) else { return };
            let close = did_you_mean(key, keys.iter().map(SmolStr::as_str));
            let help = match close {
                Some(close) => format!("did you mean `{close}`?"),
                None => {
                    format!("its keys: {}", keys.iter().take(8).cloned().collect::<Vec<_>>().join(", "))
                }
            };
            let message = format!("{who} needs key `{key}` of {kind} `{name}`, which has no such key");
            let mut report = cx.report(entry.app.spot(object.place), message).apps([entry.app.id]).help(help);
            for provider in providers.iter().take(3) {
                report = report.related(provider.place, format!("provided by this {}", provider.kind));
            }
        }
        Answer::Provided(..) | Answer::Unknown(_) => {}
        // Secrets are often made by hand, before there is a cluster.
        Answer::Missing(None) | Answer::Unapplied(_) if kind == "Secret" => {}
        _ if !world.is_closed(entry.app.id) => {}
        // What lies beside the Kustomizations that nothing renders is applied with them.
        Answer::Unapplied(path) if is_beside_root(inventory, entry, path) => {}
        Answer::Unapplied(path) => {
            let message =
                format!("{who} needs {kind} `{name}`: `{path}` defines it, but nothing applies that file");
            cx.report(entry.app.spot(object.place), message)
                .apps([entry.app.id])
                .help("apply that file, or mark the entry `optional`");
        }
        Answer::Missing(elsewhere) => {
            let help = "add it to that namespace, or mark the entry `optional`";
            let message = format!("{who} needs {kind} `{}/{name}`, which nothing provides", object.namespace);
            let report = cx.report(entry.app.spot(object.place), message).apps([entry.app.id]).help(help);
            if let Some(other) = elsewhere {
                drop(
                    report.related(
                        other.place,
                        format!("one of that name is in namespace `{}`", other.namespace),
                    ),
                );
            }
        }
    }
}

/// The Secret that has the name where a ConfigMap is wanted, or the other way round.
fn of_other_kind<'a>(entry: &AppEntry, object: &ObjectName, world: &World<'a>) -> Option<&'a ObjectFacts> {
    let kind = match object.kind.as_str() {
        "ConfigMap" => "Secret",
        "Secret" => "ConfigMap",
        _ => return None,
    };
    let other = world.named(entry.app.id, "", kind, &object.name);
    let mut other = other.filter(|it| it.namespace == object.namespace);
    other.next()
}

/// Whether a file is in the directory of the Kustomization that leads to an app, or below.
fn is_beside_root(inventory: &Inventory, entry: &AppEntry, path: &TreePath) -> bool {
    let root = inventory.app(entry.root).and_then(|root| root.app.path.as_ref()?.parent());
    root.is_some_and(|dir| path.starts_with(&dir))
}
