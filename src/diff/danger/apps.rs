//! Apps as they are defined: where they go, how they are synced, and whether they are still there.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::diff::{AppChange, Definition, Diff, FieldChange, How};
use crate::finding::{Severity, plain_path};

use super::fields::numbers;
use super::{Danger, Prune, at, severity_of, shown, text_at};

/// A line that reaches so many apps or objects is worth a second look.
const MANY_APPS: usize = 10;
const MANY_OBJECTS: usize = 100;

/// Sync options that make a sync more forceful.
const FORCEFUL: [&str; 5] = [
    "Replace=true",
    "Force=true",
    "Validate=false",
    "SkipDryRunOnMissingResource=true",
    "FailOnSharedResource=false",
];

/// An app that is gone.
pub(super) fn unapplied(app: &AppChange, diff: &Diff, found: &mut Vec<Danger>) {
    let count = app.objects.len();
    let one = count == 1;
    let (words, severity) = match app.prune {
        Prune::Always if one => ("is deleted", Severity::Error),
        Prune::Always => ("are deleted", Severity::Error),
        Prune::Never if one => ("stays, and nobody looks after it", Severity::Warning),
        Prune::Never => ("stay, and nobody looks after them", Severity::Warning),
        _ if one => ("is deleted, or stays and nobody looks after it", Severity::Warning),
        _ => ("are deleted, or stay and nobody looks after them", Severity::Warning),
    };
    let cause = app.objects.iter().flat_map(|object| &object.fields).find_map(|field| field.cause);
    let plural = if one { "object" } else { "objects" };
    found.push(Danger {
        name: "unapplied-app",
        severity,
        app: app.name.clone(),
        object: None,
        field: String::new(),
        line: cause.and_then(|at| diff.causes.get(at)).map(|cause| cause.line.clone()),
        message: format!("`{}` is not applied any more: its {count} {plural} {words}", app.plain),
        help: "remove the app in a step of its own, once nothing needs it",
    });
}

/// What changes in the definition of an app.
pub(super) fn look(definition: &Definition, diff: &Diff, found: &mut Vec<Danger>) {
    for field in &definition.fields {
        let line = field.cause.and_then(|at| diff.causes.get(at)).map(|cause| &cause.line);
        let path = plain_path(&field.path);
        // What the template of a set says its Applications say, where it is known which there are.
        let inner =
            path.strip_prefix("spec.template.").filter(|_| definition.object.kind == "ApplicationSet");
        if inner.is_some() && is_told(definition, field, diff) {
            continue;
        }
        let path = inner.map_or(path.clone(), ToOwned::to_owned);
        for (name, message, help) in judged(definition, field, &path, diff) {
            found.push(Danger {
                name,
                severity: severity_of(name),
                app: definition.app.clone(),
                object: Some(definition.object.clone()),
                field: field.path.clone(),
                line: line.cloned(),
                message,
                help,
            });
        }
    }
}

/// Whether another app is defined otherwise for the same line.
fn is_told(definition: &Definition, field: &FieldChange, diff: &Diff) -> bool {
    let others = diff.definitions.iter().filter(|it| it.object != definition.object);
    field.cause.is_some() && others.flat_map(|it| &it.fields).any(|it| it.cause == field.cause)
}

type Judged = Vec<(&'static str, String, &'static str)>;

fn judged(definition: &Definition, field: &FieldChange, path: &str, diff: &Diff) -> Judged {
    let app = &definition.object.name;
    let (before, after) = (field.before.as_ref(), field.after.as_ref());
    let (old, new) = (shown(before), shown(after));
    let on = |value: Option<&Json>| value.and_then(Json::as_bool) == Some(true);
    let mut all = Vec::new();
    let moved = "look what stays behind where it was";
    match path {
        "spec.project" => {
            all.push((
                "moved-app",
                format!("`{app}` goes from project {old} to {new}"),
                "look what the other project permits",
            ));
        }
        "spec.destination.server" | "spec.destination.name" | "spec.kubeConfig.secretRef.name" => {
            all.push(("moved-app", format!("`{app}` goes from cluster {old} to {new}"), moved));
        }
        "spec.destination.namespace" | "spec.targetNamespace" => {
            all.push(("moved-app", format!("`{app}` goes from namespace {old} to {new}"), moved));
        }
        "spec.source.targetRevision" | "spec.sources.targetRevision" | "spec.chart.spec.version"
            if definition.chart =>
        {
            let of = |value: Option<&Json>| major(value?.as_str()?);
            if let (Some(from), Some(to)) = (of(before), of(after))
                && from != to
            {
                let message =
                    format!("the chart of `{app}` goes from {old} to {new}{}", kinds(&definition.app, diff));
                all.push(("major-chart-bump", message, UPGRADE));
            }
        }
        "spec.syncPolicy.automated.prune" | "spec.prune" if on(after) && !on(before) => {
            all.push((
                "loosened-sync",
                format!("`{app}` begins to prune"),
                "look what it would delete first",
            ));
        }
        "spec.syncPolicy.automated.selfHeal" if !on(after) && on(before) => {
            all.push(("loosened-sync", format!("`{app}` does not heal itself any more"), "say until when"));
        }
        "spec.syncPolicy.automated" | "spec.syncPolicy" => {
            let automated =
                |value| if path.ends_with("automated") { value } else { at(value, &["automated"]) };
            if automated(before).is_some() && automated(after).is_none() {
                all.push((
                    "loosened-sync",
                    format!("`{app}` is not synced by itself any more"),
                    "say until when",
                ));
            }
            let prunes = |value| at(automated(value), &["prune"]).is_some_and(|it| on(Some(it)));
            if prunes(after) && !prunes(before) {
                all.push((
                    "loosened-sync",
                    format!("`{app}` begins to prune"),
                    "look what it would delete first",
                ));
            }
        }
        "spec.syncPolicy.syncOptions" => {
            let options: Vec<&str> = match after {
                Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
                Some(Json::String(text)) => vec![text],
                _ => Vec::new(),
            };
            let had = before.map(ToString::to_string).unwrap_or_default();
            for option in options.iter().filter(|it| FORCEFUL.contains(it) && !had.contains(**it)) {
                all.push((
                    "loosened-sync",
                    format!("`{app}` is synced with `{option}`"),
                    "set it on the one object that needs it",
                ));
            }
        }
        "spec.force" if on(after) => {
            all.push((
                "loosened-sync",
                format!("`{app}` recreates what cannot be changed"),
                "set `kustomize.toolkit.fluxcd.io/force` on the one object that needs it",
            ));
        }
        "spec.suspend" if on(after) => {
            all.push((
                "unapplied-app",
                format!("`{app}` is suspended: later changes are not applied"),
                "say until when",
            ));
        }
        "metadata.finalizers" if before.is_some() && removes(before, after) => {
            all.push((
                "removed-finalizer",
                format!("`{app}` loses a finalizer: what it applied stays when it is deleted"),
                "look what it guarded",
            ));
        }
        _ if path.starts_with("spec.ignoreDifferences") && after.is_some() => {
            let what = match text_at(after, &["kind"]) {
                "" => "more".to_owned(),
                kind => format!("more of {kind}"),
            };
            all.push((
                "loosened-sync",
                format!("`{app}` looks away from {what}: such differences are not healed"),
                "name the one field",
            ));
        }
        _ => {}
    }
    all
}

/// The first number of a version or of the simplest ranges.
fn major(text: &str) -> Option<u64> {
    numbers(text.trim_start_matches(['^', '~', '=', '>', 'v'])).and_then(|numbers| numbers.first().copied())
}

/// What becomes of the kinds that the charts of an app define, as far as both versions are here: the end of a sentence.
fn kinds(app: &str, diff: &Diff) -> String {
    let of = diff.apps.iter().filter(|it| it.name == app).flat_map(|it| &it.objects);
    let of = of.filter(|it| it.object.kind == "CustomResourceDefinition");
    let (mut gone, mut dropped, mut changed) = (Vec::new(), Vec::new(), 0);
    for object in of {
        let name = &object.object.name;
        match (object.how, &object.dropped) {
            (How::Removed, _) => gone.push(format!("`{name}`")),
            (How::Same, Some(it)) if !it.versions.is_empty() => {
                dropped.push(format!("`{}` of `{name}`", it.versions.join("`, `")));
            }
            (How::Same, _) => changed += 1,
            _ => {}
        }
    }
    let listed = |what: &str, mut names: Vec<String>| {
        let more = names.len().saturating_sub(SHOWN);
        names.truncate(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!names.is_empty()).then(|| format!("{what} {}{more}", names.join(", ")))
    };
    let changed = (changed > 0).then(|| {
        let plural =
            if changed == 1 { "definition of a kind changes" } else { "definitions of kinds change" };
        format!("{changed} {plural}")
    });
    let parts = [listed("it defines no more", gone), listed("it serves no more", dropped), changed];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join("; ")) }
}

/// Names in one message.
const SHOWN: usize = 3;

/// Charts whose objects say that they are of another major version, where the version is not said by the app itself: in a chart
/// around them, in a kustomization, in an artifact.
pub(super) fn bumped(diff: &Diff, found: &mut Vec<Danger>) {
    for app in &diff.apps {
        let mut told: BTreeSet<&str> = BTreeSet::new();
        let known = found.iter().any(|it| it.name == "major-chart-bump" && it.app == app.name);
        let fields = app.objects.iter().filter(|it| it.how == How::Same);
        for field in fields.flat_map(|it| &it.fields).filter(|_| !known) {
            if field.path != "metadata.labels[\"helm.sh/chart\"]" {
                continue;
            }
            let parts = |value: &'_ Option<Json>| {
                let (name, version) = versioned(value.as_ref()?.as_str()?)?;
                Some((name.to_owned(), version.to_owned()))
            };
            let Some(((was, old), (is, new))) = parts(&field.before).zip(parts(&field.after)) else {
                continue;
            };
            let Some(Json::String(label)) = &field.after else { continue };
            let differs = major(&old).zip(major(&new)).is_some_and(|(old, new)| old != new);
            if was != is || !differs || !told.insert(label) {
                continue;
            }
            let line = field.cause.and_then(|at| diff.causes.get(at)).map(|cause| cause.line.clone());
            found.push(Danger {
                name: "major-chart-bump",
                severity: severity_of("major-chart-bump"),
                app: app.name.clone(),
                object: None,
                field: String::new(),
                line,
                message: format!("the chart `{is}` goes from `{old}` to `{new}`{}", kinds(&app.name, diff)),
                help: UPGRADE,
            });
        }
    }
}

/// `cert-manager-v1.2.3` as name and version.
fn versioned(label: &str) -> Option<(&str, &str)> {
    let cuts = label.match_indices('-').map(|(at, _)| at);
    let cuts = cuts.filter_map(|at| Some((label.get(..at)?, label.get(at + 1..)?)));
    cuts.into_iter().find(|(_, version)| major(version).is_some())
}

const UPGRADE: &str = "read what the chart says about upgrading, and about its custom resources";

fn removes(before: Option<&Json>, after: Option<&Json>) -> bool {
    match (before, after) {
        (Some(Json::Array(before)), Some(Json::Array(after))) => before.iter().any(|it| !after.contains(it)),
        (before, after) => before != after,
    }
}

/// Lines that change unusually much.
pub(super) fn radius(diff: &Diff, found: &mut Vec<Danger>) {
    for cause in &diff.causes {
        let apps = cause.apps.len();
        if apps < MANY_APPS && cause.objects < MANY_OBJECTS {
            continue;
        }
        found.push(Danger {
            name: "wide-radius",
            severity: severity_of("wide-radius"),
            app: String::new(),
            object: None,
            field: String::new(),
            line: Some(cause.line.clone()),
            message: format!("this line changes {} objects in {apps} apps", cause.objects),
            help: "let it reach one environment first",
        });
    }
}
