//! What a line reaches: for people and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::explain::Reach;
use crate::finding::Label;
use crate::lint::Names;
use crate::source::{Sources, Span};

use super::pretty::{Look, Paint, snippets};
use super::{count, text, to_json};

/// Fields shown of an object and objects shown of an app, for people; the rest is counted.
const SHOWN: usize = 12;

/// The answer for people.
pub fn reach_text(reach: &Reach, sources: &Sources, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    let fields: usize =
        reach.apps.iter().flat_map(|app| &app.objects).map(|reached| reached.fields.len()).sum();
    let objects: usize = reach.apps.iter().map(|app| app.objects.len()).sum();
    let (name, line) = (text::plain(reach.file.name()), reach.lines.start());
    let verdict = match fields {
        0 => "reaches nothing that is rendered".to_owned(),
        _ => format!(
            "reaches {} of {} in {}",
            count(fields, "field"),
            count(objects, "object"),
            count(reach.apps.iter().filter(|app| !app.objects.is_empty()).count(), "app")
        ),
    };
    let _ = writeln!(out, "{}", paint.bold(&format!("{name}:{line} {verdict}")));
    if let Some(at) = reach.file.line_span(*line as usize - 1) {
        let written = reach.file.slice(at);
        let indent = (written.len() - written.trim_start().len()) as u32;
        let at = Span::new(at.file, at.start + indent, at.end);
        let mut source = String::new();
        let label = Label { at, message: String::new() };
        snippets(&mut source, [(&label, true)].into_iter(), sources, &Names::default(), look);
        out.push_str(&source);
    }
    for app in &reach.apps {
        let _ = writeln!(out, "{}", paint.bold(&text::plain(&app.name)));
        for (key, effect) in app.values.iter().take(SHOWN) {
            let _ = writeln!(out, "  value {}  {}", text::plain(key), paint.dim(&effect.words().join(", ")));
        }
        if let Some(rest) = app.values.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
            let _ = writeln!(out, "  and {}", count(rest, "more value"));
        }
        for reached in app.objects.iter().take(SHOWN) {
            let object = &reached.object;
            let _ = writeln!(out, "  {}", text::plain(&format!("{}/{}", object.kind, object.name)));
            for (field, effect) in reached.fields.iter().take(SHOWN) {
                let _ = writeln!(
                    out,
                    "    {}  {}",
                    text::plain(&field.to_string()),
                    paint.dim(&effect.words().join(", "))
                );
            }
            if let Some(rest) = reached.fields.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
                let _ = writeln!(out, "    and {}", count(rest, "more field"));
            }
        }
        if let Some(rest) = app.objects.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
            let _ = writeln!(out, "  and {}", count(rest, "more object"));
        }
    }
    if !reach.unknown.is_empty() {
        let named: Vec<&str> = reach.unknown.iter().take(3).map(String::as_str).collect();
        let more = reach.unknown.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(
            out,
            "{}",
            paint.dim(&text::plain(&format!("not fully rendered: {}{more}", named.join(", "))))
        );
    }
    out
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Root<'a> {
    version: u32,
    file: &'a str,
    line: u32,
    end_line: u32,
    apps: Vec<App<'a>>,
    not_fully_rendered: Vec<&'a str>,
}

#[derive(Serialize)]
struct App<'a> {
    name: &'a str,
    values: Vec<Key<'a>>,
    objects: Vec<Object<'a>>,
}

#[derive(Serialize)]
struct Key<'a> {
    key: &'a str,
    roles: Vec<&'static str>,
}

#[derive(Serialize)]
struct Object<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Field {
    field: String,
    roles: Vec<&'static str>,
}

/// The answer for machines, version 1.
pub fn reach_json(reach: &Reach) -> String {
    let apps = reach.apps.iter().map(|app| App {
        name: &app.name,
        values: app.values.iter().map(|(key, effect)| Key { key, roles: effect.words() }).collect(),
        objects: app
            .objects
            .iter()
            .map(|reached| Object {
                group: &reached.object.group,
                kind: &reached.object.kind,
                namespace: &reached.object.namespace,
                name: &reached.object.name,
                fields: reached
                    .fields
                    .iter()
                    .map(|(field, effect)| Field { field: field.to_string(), roles: effect.words() })
                    .collect(),
            })
            .collect(),
    });
    to_json(&Root {
        version: 1,
        file: reach.file.name(),
        line: *reach.lines.start(),
        end_line: *reach.lines.end(),
        apps: apps.collect(),
        not_fully_rendered: reach.unknown.iter().map(String::as_str).collect(),
    })
}
