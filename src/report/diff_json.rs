//! What a change does, for machines: version 1.

use serde::Serialize;
use serde_json::Value;

use crate::diff::{Diff, FieldChange, How, Version};
use crate::finding::ObjectRef;
use crate::lint::Names;

use super::to_json;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Root<'a> {
    version: u32,
    base: &'a str,
    head: &'a str,
    summary: Summary,
    causes: Vec<Cause<'a>>,
    apps: Vec<App<'a>>,
    definitions: Vec<Definition<'a>>,
    not_fully_rendered: Vec<Open<'a>>,
    unread: Vec<&'a str>,
    dangers: Vec<Danger<'a>>,
}

#[derive(Serialize)]
struct Summary {
    apps: usize,
    objects: usize,
    added: usize,
    removed: usize,
    changed: usize,
    renamed: usize,
    moved: usize,
    definitions: usize,
    dangers: usize,
}

/// An app whose own object differs, and that no app applies.
#[derive(Serialize)]
struct Definition<'a> {
    app: &'a str,
    #[serde(flatten)]
    identity: Identity<'a>,
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Danger<'a> {
    name: &'a str,
    severity: &'static str,
    message: &'a str,
    help: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    app: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Identity<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
}

#[derive(Serialize)]
struct Cause<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    side: &'static str,
    text: &'a str,
    certain: bool,
    apps: Vec<&'a str>,
    objects: usize,
    fields: usize,
}

#[derive(Serialize)]
struct App<'a> {
    name: &'a str,
    cluster: &'a str,
    change: &'static str,
    objects: Vec<Object<'a>>,
}

#[derive(Serialize)]
struct Identity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a str>,
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    #[serde(flatten)]
    identity: Identity<'a>,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<Identity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_app: Option<&'a str>,
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Value>,
    #[serde(skip_serializing_if = "is_false")]
    secret: bool,
    #[serde(skip_serializing_if = "is_false")]
    follows: bool,
    #[serde(skip_serializing_if = "is_false")]
    reordered: bool,
    /// Index into `causes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
    #[serde(skip_serializing_if = "is_false")]
    likely: bool,
}

#[derive(Serialize)]
struct Open<'a> {
    app: &'a str,
    reason: &'a str,
    new: bool,
    /// Number of its objects now, where the reason is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    mended: Option<usize>,
    touched: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

fn identity(object: &ObjectRef) -> Identity<'_> {
    Identity {
        cluster: object.cluster.as_deref(),
        group: &object.group,
        kind: &object.kind,
        namespace: &object.namespace,
        name: &object.name,
    }
}

fn field(field: &FieldChange) -> Field<'_> {
    Field {
        path: &field.path,
        before: field.before.as_ref(),
        after: field.after.as_ref(),
        secret: field.secret,
        follows: field.follows,
        reordered: field.reordered,
        cause: field.cause,
        likely: field.likely,
    }
}

fn side(version: Version) -> &'static str {
    match version {
        Version::Base => "base",
        Version::Head => "head",
    }
}

/// All of it. Files are named from the top of the repository.
pub fn diff_json(diff: &Diff, sides: &[String; 2], names: &Names) -> String {
    let [base, head] = sides;
    let app_name = |at: &usize| diff.apps.get(*at).map(|app| app.name.as_str());
    let causes = diff.causes.iter().map(|cause| Cause {
        file: names.in_repository(&cause.line.file),
        line: Some(cause.line.line).filter(|line| *line > 0),
        side: side(cause.line.version),
        text: &cause.text,
        certain: cause.certain,
        apps: cause.apps.iter().filter_map(app_name).collect(),
        objects: cause.objects,
        fields: cause.fields,
    });
    let apps = diff.apps.iter().map(|app| App {
        name: &app.name,
        cluster: &app.cluster,
        change: app.how.as_str(),
        objects: app
            .objects
            .iter()
            .map(|object| Object {
                identity: identity(&object.object),
                change: object.how.as_str(),
                was: object.was.as_ref().map(identity),
                from_app: object.from_app.as_deref(),
                fields: object.fields.iter().map(field).collect(),
            })
            .collect(),
    });
    let definitions = diff.definitions.iter().map(|definition| Definition {
        app: &definition.app,
        identity: identity(&definition.object),
        fields: definition.fields.iter().map(field).collect(),
    });
    let of = |how: How| diff.objects().filter(|it| it.how == how).count();
    to_json(&Root {
        version: 1,
        base,
        head,
        summary: Summary {
            apps: diff.apps.len(),
            objects: diff.objects().count(),
            added: of(How::Added),
            removed: of(How::Removed),
            changed: of(How::Same),
            renamed: of(How::Renamed),
            moved: of(How::Moved),
            definitions: diff.definitions.len(),
            dangers: diff.dangers.len(),
        },
        causes: causes.collect(),
        apps: apps.collect(),
        definitions: definitions.collect(),
        not_fully_rendered: diff
            .open
            .iter()
            .map(|open| Open {
                app: &open.app,
                reason: &open.reason,
                new: open.is_new,
                mended: open.mended,
                touched: open.touched,
            })
            .collect(),
        unread: diff.unread.iter().map(crate::source::TreePath::as_str).collect(),
        dangers: diff
            .dangers
            .iter()
            .map(|danger| Danger {
                name: danger.name,
                severity: danger.severity.as_str(),
                message: &danger.message,
                help: danger.help,
                app: &danger.app,
                object: danger.object.as_ref().map(identity),
                field: &danger.field,
                file: danger.line.as_ref().map(|line| names.in_repository(&line.file)),
                line: danger.line.as_ref().map(|line| line.line).filter(|line| *line > 0),
                side: danger.line.as_ref().map(|line| side(line.version)),
            })
            .collect(),
    })
}
