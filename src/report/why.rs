//! The chain behind a field: for people with the lines it speaks of, and as JSON.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::explain::{Cause, Role, Story};
use crate::finding::Label;
use crate::helm::OverrideKind;
use crate::lint::Names;
use crate::origin::Step;
use crate::source::{Position, Sources};
use crate::yaml::{Data, Node};

use super::pretty::{Look, Paint, snippets};
use super::{padded, text, to_json, width_of};

/// What is shown of a secret.
pub(super) const MASK: &str = "********";

/// A longer value is cut.
const LONGEST_VALUE: usize = 120;

/// The chain for people.
pub fn story_text(story: &Story, sources: &Sources, look: Look) -> String {
    let paint = Paint { on: look.color };
    let mut out = String::new();
    let object = text::plain(&format!("{}/{} in {}", story.object.kind, story.object.name, story.app));
    let field = text::plain(story.object.field.as_deref().unwrap_or_default());
    match (&story.absent, &story.value) {
        (Some(_), _) | (None, None) => {
            let name = paint.bold(&format!("{field} of {object}"));
            let _ = writeln!(out, "{name} is not rendered; this emptied the value of that name");
        }
        (None, Some(value)) => {
            let shown = if story.secret { MASK.to_owned() } else { text::plain(&shown(value)) };
            let _ = writeln!(out, "{} {shown}", paint.bold(&format!("{field} of {object}:")));
        }
    }
    let rows: Vec<(String, String, String)> = story.causes.iter().map(|cause| row(cause, sources)).collect();
    let first = width_of(rows.iter().map(|row| row.0.as_str()));
    let second = width_of(rows.iter().map(|row| row.1.as_str()));
    for (role, at, words) in &rows {
        let line = format!("  {}  {}  {words}", padded(role, first), padded(at, second));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let labels: Vec<(Label, bool)> = story
        .causes
        .iter()
        .filter_map(|cause| Some((Label { at: cause.at?, message: label(cause) }, cause.role == Role::Set)))
        .collect();
    snippets(
        &mut out,
        labels.iter().map(|(label, primary)| (label, *primary)),
        sources,
        &Names::default(),
        look,
    );
    out
}

/// A value on one line.
pub(super) fn shown(node: &Node) -> String {
    match &node.data {
        Data::Seq(items) if !items.is_empty() => format!("a list of {}", items.len()),
        Data::Map(map) if !map.is_empty() => {
            let keys: Vec<&str> = map.iter().map(|entry| entry.key.text.as_str()).collect();
            format!("a mapping of {}", cut(&keys.join(", ")))
        }
        _ => cut(&node.to_json(crate::yaml::JsonStyle::default())),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The columns of a cause: what it did, where, in which words.
fn row(cause: &Cause, sources: &Sources) -> (String, String, String) {
    let at = cause.at.and_then(|at| sources.locate(at));
    let at = at.map_or_else(String::new, |(file, at, _)| format!("{file}:{}", at.line));
    let mut words = match &cause.key {
        Some(key) => format!("`{key}` {}", phrase(cause)),
        None => phrase(cause),
    };
    if !cause.editable {
        words.push_str(" (third-party)");
    }
    (role(cause.role).to_owned(), text::plain(&at), text::plain(&words))
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Set => "set",
        Role::Overridden(kind) => how(kind),
        Role::Computed => "computed",
        Role::Consumed => "consumed",
        Role::Called => "called",
        Role::Matched => "matched",
        Role::Decided => "decided",
    }
}

pub(super) fn how(kind: OverrideKind) -> &'static str {
    match kind {
        OverrideKind::Replaced => "replaced",
        OverrideKind::Merged => "merged",
        OverrideKind::Nulled => "nulled",
        OverrideKind::TypeChanged => "type changed",
    }
}

/// What happened at a line, beside its key.
fn phrase(cause: &Cause) -> String {
    match (cause.role, cause.by) {
        (_, Step::Computed(name)) => format!("through `{}`", name.as_str()),
        (_, Step::BuiltIn(name)) => format!("provided by the renderer ({})", name.as_str()),
        (Role::Overridden(_), Step::ChartValues) => "the chart's default".to_owned(),
        (Role::Overridden(_), Step::ValuesFile) => "from an earlier values file".to_owned(),
        (Role::Overridden(_), Step::InlineValues) => "from the inline values".to_owned(),
        (Role::Overridden(_), Step::Parameter) => "from a parameter".to_owned(),
        (Role::Overridden(_), _) => "what was there before".to_owned(),
        (Role::Set, Step::ChartValues) => "by the chart's default".to_owned(),
        (Role::Set, Step::ValuesFile) => "in this values file".to_owned(),
        (Role::Set, Step::InlineValues) => "by the inline values".to_owned(),
        (Role::Set, Step::Parameter) => "by this parameter".to_owned(),
        (Role::Set, Step::TemplateText) => "in the template itself".to_owned(),
        (Role::Consumed, Step::Templated) => "printed by this action".to_owned(),
        (Role::Consumed, Step::Parameterized) => "filled in here".to_owned(),
        (Role::Decided, Step::ChartValues) => "decides that it is rendered (the chart's default)".to_owned(),
        (Role::Decided, _) => "decides that it is rendered".to_owned(),
        (Role::Matched, _) => "directs the patch".to_owned(),
        (Role::Called, _) => "runs the template".to_owned(),
        _ => cause.by.words().to_owned(),
    }
}

/// The words at a source line.
fn label(cause: &Cause) -> String {
    match cause.role {
        Role::Overridden(kind) => format!("{}: {}", how(kind), phrase(cause)),
        Role::Set | Role::Matched | Role::Computed | Role::Consumed | Role::Called | Role::Decided => {
            phrase(cause)
        }
    }
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    app: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    field: &'a str,
    rendered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    causes: Vec<Row<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
    editable: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct At {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

/// The chain for machines, version 1.
pub fn story_json(story: &Story, sources: &Sources) -> String {
    let value = story.value.as_ref();
    let value = value.map(|node| if story.secret { Value::from(MASK) } else { node.to_value() });
    to_json(&Root {
        version: 1,
        app: &story.app,
        kind: &story.object.kind,
        namespace: &story.object.namespace,
        name: &story.object.name,
        field: story.object.field.as_deref().unwrap_or_default(),
        rendered: story.value.is_some(),
        value,
        causes: story.causes.iter().map(|cause| json_row(cause, sources)).collect(),
    })
}

fn json_row<'a>(cause: &'a Cause, sources: &Sources) -> Row<'a> {
    let at = cause.at.and_then(|at| sources.locate(at));
    let at = at.map(|(file, start, end): (_, Position, Position)| At {
        file: file.to_string(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    });
    Row {
        role: match cause.role {
            Role::Set => "set",
            Role::Overridden(_) => "overridden",
            Role::Computed => "computed",
            Role::Consumed => "consumed",
            Role::Called => "called",
            Role::Matched => "matched",
            Role::Decided => "decided",
        },
        how: match cause.role {
            Role::Overridden(kind) => Some(how(kind)),
            _ => None,
        },
        words: phrase(cause),
        function: match cause.by {
            Step::Computed(name) => Some(name.as_str()),
            _ => None,
        },
        key: cause.key.as_deref(),
        at,
        editable: cause.editable,
    }
}
