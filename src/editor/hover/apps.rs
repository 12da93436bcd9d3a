//! What an app's definition comes to: the Applications that a set generates, what an Application, Kustomization or HelmRelease
//! renders, from where, to where, and how far that got.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::Severity;
use crate::repo::{AppEntry, AppKind, Labels, Object, Spec};
use crate::source::Span;

use super::super::cursor::Cursor;
use super::super::session::Checked;
use super::super::words::{counted, escaped};
use super::SHOWN;

/// Whether an object defines apps.
pub(super) fn defines(object: &Object) -> bool {
    matches!(
        (object.group.as_str(), object.kind.as_str()),
        ("argoproj.io", "Application" | "ApplicationSet")
            | ("kustomize.toolkit.fluxcd.io", "Kustomization")
            | ("helm.toolkit.fluxcd.io", "HelmRelease")
    )
}

/// What the apps that are defined by the document of a place come to.
pub(super) fn hover(cursor: &Cursor, checked: &Checked, object: &Object) -> Option<String> {
    let document = cursor.document()?.at;
    let here = |entry: &&AppEntry| {
        let app = &entry.app;
        let at = || Labels::of(app.place, &app.origins, &checked.workspace).primary.at;
        let within =
            |at: Span| at.file == document.file && document.start <= at.start && at.start <= document.end;
        app.kind.as_str() == object.kind && (within(app.place.at) || within(at()))
    };
    let entries: Vec<&AppEntry> = checked
        .inventory
        .apps
        .iter()
        .filter(|it| it.app.path.as_ref() == Some(&cursor.path))
        .filter(here)
        .collect();
    let mut out = String::new();
    for entry in entries.iter().take(SHOWN) {
        if entry.app.kind == AppKind::ApplicationSet {
            set(checked, entry, &mut out);
        } else {
            app(checked, entry, &mut out);
        }
    }
    if entries.len() > SHOWN {
        let _ = writeln!(out, "\nand {} more", entries.len() - SHOWN);
    }
    (!out.is_empty()).then_some(out)
}

fn set(checked: &Checked, set: &AppEntry, out: &mut String) {
    let is_child = |entry: &&AppEntry| entry.app.parent == Some(set.app.id);
    let made: Vec<&AppEntry> = checked.inventory.apps.iter().filter(is_child).collect();
    let name = escaped(&set.app.name);
    let _ = writeln!(out, "**ApplicationSet {name}** generates {}\n", counted(made.len(), "Application"));
    if let Some(reason) = &set.reason {
        let _ = writeln!(out, "- {}: {}", set.status.as_str(), escaped(reason));
    }
    for entry in made.iter().take(SHOWN) {
        let _ = writeln!(out, "- `{}`{}: {}", escaped(&entry.app.name), way(entry), state(entry));
    }
    if made.len() > SHOWN {
        let _ = writeln!(out, "- and {} more", made.len() - SHOWN);
    }
}

fn app(checked: &Checked, entry: &AppEntry, out: &mut String) {
    let app = &entry.app;
    let _ = writeln!(
        out,
        "**{} {}** renders {}\n",
        app.kind,
        escaped(&app.name),
        counted(entry.objects, "object")
    );
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for object in checked.inventory.objects_of(app.id) {
        *kinds.entry(&object.kind).or_default() += 1;
    }
    let listed: Vec<String> =
        kinds.iter().take(SHOWN).map(|(kind, count)| format!("{count} {}", escaped(kind))).collect();
    if !listed.is_empty() {
        let more = kinds.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more kinds") } else { String::new() };
        let _ = writeln!(out, "- {}{more}", listed.join(", "));
    }
    let way = way(entry);
    if !way.is_empty() {
        let _ = writeln!(out, "-{way}");
    }
    let reason = entry.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", escaped(reason)));
    let _ = writeln!(out, "- {}{reason}", entry.status.as_str());
    if let Some(parent) = app.parent.and_then(|parent| checked.inventory.app(parent)) {
        let _ = writeln!(out, "- rendered by {} `{}`", parent.app.kind, escaped(&parent.app.name));
    }
    let of_app = |severity: Severity| {
        let findings = checked.report.findings.iter().map(|it| &it.finding);
        let own = findings.filter(|it| it.severity == severity);
        own.filter(|it| it.apps.iter().any(|name| **name == *app.name)).count()
    };
    let (errors, warnings) = (of_app(Severity::Error), of_app(Severity::Warning));
    if errors + warnings > 0 {
        let _ = writeln!(out, "- found: {}, {}", counted(errors, "error"), counted(warnings, "warning"));
    }
}

/// ` from X to Y`, as far as that is said.
fn way(entry: &AppEntry) -> String {
    let app = &entry.app;
    let from: Vec<String> = match &app.spec {
        Spec::Argo(application) => {
            let words = |source: &crate::argocd::Source| match &source.chart {
                Some(chart) => format!("chart `{}` {}", chart.value, source.target_revision()),
                None if source.path().is_empty() => String::new(),
                None => format!("`{}`", source.path()),
            };
            application.sources.iter().map(words).filter(|words| !words.is_empty()).collect()
        }
        Spec::FluxKustomization(kustomization, _) => vec![format!("`{}`", kustomization.path())],
        Spec::FluxRelease(release, _) => vec![format!("chart `{}`", release.chart_words().0)],
        _ => Vec::new(),
    };
    let mut out = String::new();
    if !from.is_empty() {
        let _ = write!(out, " from {}", from.join(", ").trim_end());
    }
    let to: Vec<&str> = [app.target_namespace.as_str(), app.cluster.as_str()]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    if !to.is_empty() {
        let _ = write!(out, " to `{}`", to.join("@"));
    }
    out
}

fn state(entry: &AppEntry) -> String {
    let reason = entry.reason.as_deref().map_or_else(String::new, |reason| format!(" ({})", escaped(reason)));
    format!("{}, {}{reason}", entry.status.as_str(), counted(entry.objects, "object"))
}
