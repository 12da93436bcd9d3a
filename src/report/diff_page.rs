//! What a change does, as one self-contained HTML page: dangers, the lines that cause it, and the objects of every app beside
//! the source lines that are behind them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diff::{Cause, DANGERS, Danger, Diff, FieldChange, How, ObjectChange, Version};
use crate::finding::ObjectRef;
use crate::lint::Names;

use super::danger_url;
use super::diff_pretty::{DEFINITIONS, headline, place, sign, since, story, title, touched, value_lines};
use super::page::assemble;

const STYLE: &str = include_str!("page/diff.css");
const SCRIPT: &str = include_str!("page/diff.js");

/// A longer line is cut.
const LONGEST_LINE: usize = 400;

#[derive(Serialize)]
struct Page<'a> {
    headline: String,
    base: &'a str,
    head: &'a str,
    dangers: Vec<DangerRow<'a>>,
    causes: Vec<CauseRow>,
    apps: Vec<AppRow<'a>>,
    open: Vec<OpenRow<'a>>,
    /// What there is to say of apps that are not rendered in full and that the change does not touch.
    rest: Option<String>,
}

#[derive(Serialize)]
struct DangerRow<'a> {
    name: &'a str,
    url: Option<String>,
    severity: &'static str,
    message: &'a str,
    help: &'a str,
    app: &'a str,
    place: Option<String>,
    /// The app and the object of it, as indexes.
    object: Option<(usize, usize)>,
}

#[derive(Serialize)]
struct CauseRow {
    place: String,
    certain: bool,
    objects: usize,
    apps: usize,
    /// Lines: a sign, a number, what it says.
    source: Vec<(char, u32, String)>,
}

#[derive(Serialize)]
struct AppRow<'a> {
    name: &'a str,
    cluster: &'a str,
    change: &'static str,
    objects: Vec<ObjectRow<'a>>,
}

#[derive(Serialize)]
struct ObjectRow<'a> {
    kind: &'a str,
    title: String,
    sign: char,
    story: String,
    /// Indexes of its dangers.
    dangers: Vec<usize>,
    fields: Vec<FieldRow<'a>>,
}

#[derive(Serialize)]
struct FieldRow<'a> {
    path: &'a str,
    note: &'static str,
    cause: Option<usize>,
    likely: bool,
    lines: Vec<(char, String)>,
}

#[derive(Serialize)]
struct OpenRow<'a> {
    app: &'a str,
    reason: &'a str,
    since: String,
}

/// The page.
pub fn diff_page(diff: &Diff, sides: &[String; 2], names: &Names) -> String {
    let [base, head] = sides;
    let mut about: BTreeMap<(&str, &ObjectRef), Vec<usize>> = BTreeMap::new();
    for (at, danger) in diff.dangers.iter().enumerate() {
        if let Some(object) = &danger.object {
            about.entry((danger.app.as_str(), object)).or_default().push(at);
        }
    }
    let mut places: Vec<Option<(usize, usize)>> = vec![None; diff.dangers.len()];
    let mut apps = Vec::new();
    for (app_at, app) in diff.apps.iter().enumerate() {
        let mut objects = Vec::new();
        for (object_at, object) in app.objects.iter().enumerate() {
            let names = [Some(&object.object), object.was.as_ref()];
            let dangers = names.into_iter().flatten().filter_map(|it| about.get(&(app.name.as_str(), it)));
            let dangers: Vec<usize> = dangers.flatten().copied().collect();
            for at in &dangers {
                if let Some(place) = places.get_mut(*at) {
                    *place = Some((app_at, object_at));
                }
            }
            objects.push(object_row(object, dangers));
        }
        let change = match app.how {
            How::Added => "new",
            How::Removed => "gone",
            _ => "",
        };
        apps.push(AppRow { name: &app.name, cluster: &app.cluster, change, objects });
    }
    if !diff.definitions.is_empty() {
        let mut objects = Vec::new();
        for (at, definition) in diff.definitions.iter().enumerate() {
            let own = about.get(&(definition.app.as_str(), &definition.object)).cloned().unwrap_or_default();
            for danger in &own {
                if let Some(place) = places.get_mut(*danger) {
                    *place = Some((apps.len(), at));
                }
            }
            objects.push(ObjectRow {
                kind: &definition.object.kind,
                title: title(&definition.object),
                sign: '~',
                story: "defined otherwise".to_owned(),
                dangers: own,
                fields: definition.fields.iter().map(field_row).collect(),
            });
        }
        apps.push(AppRow { name: DEFINITIONS, cluster: "", change: "", objects });
    }
    let (touched, rest) = touched(diff);
    let dangers = diff.dangers.iter().zip(places);
    let page = Page {
        headline: headline(diff),
        base,
        head,
        dangers: dangers.map(|(danger, object)| danger_row(danger, object, names)).collect(),
        causes: diff.causes.iter().map(|cause| cause_row(cause, names)).collect(),
        apps,
        open: touched
            .into_iter()
            .map(|open| OpenRow { app: &open.app, reason: &open.reason, since: since(open) })
            .collect(),
        rest,
    };
    assemble("diff", STYLE, SCRIPT, &page)
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_LINE).collect()
}

fn danger_row<'a>(danger: &'a Danger, object: Option<(usize, usize)>, names: &Names) -> DangerRow<'a> {
    DangerRow {
        name: danger.name,
        url: DANGERS.iter().find(|meta| meta.name == danger.name).map(danger_url),
        severity: danger.severity.as_str(),
        message: &danger.message,
        help: danger.help,
        app: &danger.app,
        place: danger.line.as_ref().map(|line| place(line, names)),
        object,
    }
}

fn cause_row(cause: &Cause, names: &Names) -> CauseRow {
    let source = cause.source.iter().map(|line| {
        let sign = match line.only {
            Some(Version::Base) => '-',
            Some(Version::Head) => '+',
            None => ' ',
        };
        (sign, line.number, cut(&line.text))
    });
    CauseRow {
        place: place(&cause.line, names),
        certain: cause.certain,
        objects: cause.objects,
        apps: cause.apps.len(),
        source: source.collect(),
    }
}

fn object_row(object: &ObjectChange, dangers: Vec<usize>) -> ObjectRow<'_> {
    ObjectRow {
        kind: &object.object.kind,
        title: title(&object.object),
        sign: sign(object.how),
        story: story(object),
        dangers,
        fields: object.fields.iter().map(field_row).collect(),
    }
}

fn field_row(field: &FieldChange) -> FieldRow<'_> {
    let note = match (field.reordered, field.follows) {
        (true, _) => "in another order",
        (_, true) => "follows",
        _ => "",
    };
    let lines = value_lines(field).into_iter().map(|(sign, line)| (sign, cut(&line)));
    FieldRow { path: &field.path, note, cause: field.cause, likely: field.likely, lines: lines.collect() }
}
