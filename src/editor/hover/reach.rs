//! Which values of which apps a line sets, and which fields it reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::explain::{self, Effect, FieldPath, InApp, Role, Teller};
use crate::repo::Rendered;
use crate::source::{SourceFile, Span};

use super::super::cursor::{Cursor, MAX_APPS, Reader};
use super::super::links::Spot;
use super::super::session::Checked;
use super::super::words::{counted, escaped, place, shown, some};
use super::SHOWN;

pub(super) fn hover(cursor: &Cursor, checked: &Checked, spot: &Spot<'_>) -> Option<String> {
    let lines = cursor.lines(checked);
    let (readers, more) = cursor.readers(checked, MAX_APPS);
    let reached: Vec<(&Reader<'_>, InApp)> = readers
        .iter()
        .filter_map(|reader| {
            let app = explain::in_app(&cursor.file, &lines, &reader.entry.app, &reader.rendered)?;
            Some((reader, app.1))
        })
        .collect();
    if reached.is_empty() {
        return None;
    }
    let mut out = String::new();
    let title = match (spot.path.is_empty(), cursor.is_template()) {
        (false, _) => spot.path.join("."),
        (true, true) => "line".to_owned(),
        // What stands behind a key may be a secret.
        (true, false) => {
            let line = cursor.file.slice(cursor.line_span()?);
            line.split_once(':').map_or("line", |(key, _)| key.trim()).to_owned()
        }
    };
    let _ = writeln!(out, "**{}** reaches {}\n", escaped(&title), counted(reached.len(), "app"));
    tell_values(checked, &reached, &mut out);
    tell_fields(checked, &reached, &cursor.file, &mut out);
    if more > 0 {
        let _ = writeln!(out, "\n{more} more apps read this file and were not looked at.");
    }
    Some(out)
}

/// The values that the line sets or loses, by app.
fn tell_values(checked: &Checked, reached: &[(&Reader<'_>, InApp)], out: &mut String) {
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (reader, app) in reached {
        let teller = Teller::new(&reader.rendered, &checked.workspace.cache);
        for (key, effect) in app.values.iter().take(SHOWN) {
            let mut nodes = reader.rendered.releases.iter();
            let node =
                nodes.find_map(|release| FieldPath::find(key, &release.values).ok().map(|(_, node)| node));
            let Some(node) = node else { continue };
            let mut words = format!("`{key}` = {}", shown(key, node));
            if *effect == Effect::LOSES {
                let causes = teller.causes(node.place());
                let set = causes.iter().find(|cause| cause.role == Role::Set).and_then(|cause| cause.at);
                let by = set.map_or_else(String::new, |at| format!(" by `{}`", place(checked, at)));
                let _ = write!(words, ", overridden{by}");
            }
            told.entry(words).or_default().push(&reader.entry.app.name);
        }
    }
    for (words, apps) in told.iter().take(SHOWN) {
        let _ = writeln!(out, "- {words}: {}", some(apps));
    }
    if told.len() > SHOWN {
        let _ = writeln!(out, "- and {} more", told.len() - SHOWN);
    }
}

/// The fields that a line reaches, by object.
fn tell_fields(checked: &Checked, reached: &[(&Reader<'_>, InApp)], file: &SourceFile, out: &mut String) {
    let mut told: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (reader, app) in reached {
        let teller = Teller::new(&reader.rendered, &checked.workspace.cache);
        for reached in &app.objects {
            let object = &reached.object;
            for (field, effect) in reached.fields.iter().take(SHOWN) {
                let mut words = format!("{} `{}`", object.kind, field);
                if *effect == Effect::LOSES
                    && let Some(at) =
                        winner(&reader.rendered, &teller, object, field).filter(|at| at.file != file.id())
                {
                    let _ = write!(words, ", overridden by `{}`", place(checked, at));
                } else if let Some(word) = effect.words().first().filter(|word| **word != "set") {
                    let _ = write!(words, " ({word})");
                }
                told.entry(words).or_default().insert(&reader.entry.app.name);
            }
        }
    }
    for (words, apps) in told.iter().take(SHOWN) {
        let apps: Vec<&str> = apps.iter().copied().collect();
        let _ = writeln!(out, "- {words}: {}", some(&apps));
    }
    if told.len() > SHOWN {
        let _ = writeln!(out, "- and {} more fields", told.len() - SHOWN);
    }
}

/// Where the value of a field of an object is set.
fn winner(
    rendered: &Rendered,
    teller: &Teller<'_>,
    object: &crate::finding::ObjectRef,
    field: &FieldPath,
) -> Option<Span> {
    let mut objects = rendered.objects.iter();
    let object = objects
        .find(|it| it.kind == object.kind && it.name == object.name && it.namespace == object.namespace)?;
    let (_, node) = FieldPath::find(&field.to_string(), &object.node).ok()?;
    teller.causes(node.place()).iter().find(|cause| cause.role == Role::Set)?.at
}
