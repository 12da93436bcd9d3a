//! What files and lines reach: for people and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::explain::Impact;

use super::diff_pretty::title;
use super::pretty::{Look, Paint};
use super::{count, text, to_json};

/// Objects shown of an app, for people; the rest is counted.
const SHOWN: usize = 12;

/// The answer for people.
pub fn impact_text(impact: &Impact, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    let verdict = match impact.apps.len() {
        0 => "reaches no app".to_owned(),
        apps => format!(
            "reaches {} in {} on {}",
            count(impact.objects(), "object"),
            count(apps, "app"),
            count(impact.clusters().len().max(1), "cluster"),
        ),
    };
    let named: Vec<String> = impact
        .targets
        .iter()
        .map(|(file, line)| line.map_or_else(|| file.clone(), |line| format!("{file}:{line}")))
        .collect();
    let _ = writeln!(out, "{}", paint.bold(&text::plain(&format!("{} {verdict}", named.join(", ")))));
    for app in &impact.apps {
        let cluster = if app.cluster.is_empty() {
            String::new()
        } else {
            format!("  {}", paint.dim(&text::plain(&app.cluster)))
        };
        let _ = writeln!(out, "{}{cluster}", paint.bold(&text::plain(&app.name)));
        for object in app.objects.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}", title(object));
        }
        if let Some(rest) = app.objects.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
            let _ = writeln!(out, "  and {}", count(rest, "more object"));
        }
        if app.objects.is_empty() {
            let _ = writeln!(out, "  {}", paint.dim("reads it, and nothing of it is in an object"));
        }
    }
    if !impact.unknown.is_empty() {
        let named: Vec<&str> = impact.unknown.iter().take(3).map(String::as_str).collect();
        let more = impact.unknown.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let words = text::plain(&format!("not fully rendered: {}{more}", named.join(", ")));
        let _ = writeln!(out, "{}", paint.dim(&words));
    }
    out
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Root<'a> {
    version: u32,
    targets: Vec<Target<'a>>,
    clusters: Vec<&'a str>,
    apps: Vec<App<'a>>,
    not_fully_rendered: Vec<&'a str>,
}

#[derive(Serialize)]
struct Target<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct App<'a> {
    name: &'a str,
    cluster: &'a str,
    objects: Vec<Object<'a>>,
}

#[derive(Serialize)]
struct Object<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

/// The answer for machines, version 1.
pub fn impact_json(impact: &Impact) -> String {
    let apps = impact.apps.iter().map(|app| App {
        name: &app.name,
        cluster: &app.cluster,
        objects: app
            .objects
            .iter()
            .map(|object| Object {
                group: &object.group,
                kind: &object.kind,
                namespace: &object.namespace,
                name: &object.name,
            })
            .collect(),
    });
    to_json(&Root {
        version: 1,
        targets: impact.targets.iter().map(|(file, line)| Target { file, line: *line }).collect(),
        clusters: impact.clusters().into_iter().collect(),
        apps: apps.collect(),
        not_fully_rendered: impact.unknown.iter().map(String::as_str).collect(),
    })
}
