//! Where a field comes from.

use smol_str::SmolStr;

use crate::finding::ObjectRef;
use crate::helm::OverrideKind;
use crate::k8s::is_secret_key;
use crate::repo::{Object, Workspace};
use crate::yaml::{Data, Node};

use super::causes::{Cause, Role, Teller};
use super::field::FieldPath;
use super::{Subject, find_object};

/// The answer to "why does this field have this value?".
#[derive(Debug)]
pub struct Story {
    /// The app.
    pub app: String,
    /// The object and the field.
    pub object: ObjectRef,
    /// The value. `None` when the object does not have the field.
    pub value: Option<Node>,
    /// The value must not be shown.
    pub secret: bool,
    /// Who had a say, in order.
    pub causes: Vec<Cause>,
    /// The object has no such field; why not is what `causes` tell of the values of the same name.
    pub absent: Option<String>,
}

/// Tells where a field comes from. `Err` says what is not there and what is near.
pub fn why(workspace: &Workspace, subject: &Subject, object: &str, field: &str) -> Result<Story, String> {
    let object = find_object(&subject.rendered, object)?;
    let teller = Teller::new(&subject.rendered, &workspace.cache);
    let mut story = Story {
        app: subject.app.name.to_string(),
        object: object.to_ref(&subject.app.cluster, Some(field)),
        value: None,
        secret: false,
        causes: Vec::new(),
        absent: None,
    };
    match FieldPath::find(field, &object.node) {
        Ok((path, node)) => {
            story.object.field = Some(path.to_string());
            story.causes = teller.causes(node.place());
            story.secret = is_secret(object, &path) && node.scalar().is_some();
            story.value = Some(node.clone());
        }
        Err(words) => {
            story.causes = emptied(subject, &teller, field);
            if story.causes.is_empty() {
                return Err(format!("{}/{}: {words}", object.kind, object.name));
            }
            story.absent = Some(words);
        }
    }
    for cause in &mut story.causes {
        cause.editable = cause.at.is_none_or(|at| workspace.is_editable(at.file));
    }
    if story.secret {
        hide(workspace, &story);
    }
    Ok(story)
}

/// Whether a field of an object is a secret: all data of a Secret, and what is called like one.
pub(super) fn is_secret(object: &Object, path: &FieldPath) -> bool {
    let in_data = path.keys().next().is_some_and(|key| matches!(key, "data" | "stringData"));
    (object.is("", "Secret") && in_data) || is_secret_key(path.last_key())
}

/// Marks the places of a secret so that no snippet shows them.
fn hide(workspace: &Workspace, story: &Story) {
    for cause in &story.causes {
        let value = matches!(cause.role, Role::Set | Role::Overridden(_));
        if let Some(at) = cause.at.filter(|_| value)
            && let Some(file) = workspace.sources.get(at.file)
        {
            file.mark_secret(at);
        }
    }
}

/// What emptied the value that would have been the field: values of the same name that stand over something and
/// hold nothing themselves.
fn emptied(subject: &Subject, teller: &Teller<'_>, field: &str) -> Vec<Cause> {
    let last = field.rsplit(['.', '/', '[']).next().unwrap_or(field).trim_end_matches(']');
    let mut causes = Vec::new();
    for release in &subject.rendered.releases {
        for over in &release.overrides {
            if over.path.last().map(SmolStr::as_str) != Some(last) {
                continue;
            }
            let keys: Vec<&str> = over.path.iter().map(SmolStr::as_str).collect();
            let value = release.values.at_path(&keys);
            let empty = match value.map(|node| &node.data) {
                None => true,
                Some(Data::Scalar(_)) => {
                    value.is_some_and(|node| node.is_null() || node.as_str() == Some(""))
                }
                Some(Data::Seq(items)) => items.is_empty(),
                Some(Data::Map(map)) => map.is_empty(),
            };
            if !empty {
                continue;
            }
            let place = value.map_or(over.winner, Node::place);
            let mut told = teller.causes(place);
            for loser in &over.losers {
                told.extend(teller.causes(*loser).into_iter().filter(|cause| cause.role == Role::Set).map(
                    |cause| {
                        let kind = if value.is_none() { OverrideKind::Nulled } else { over.kind };
                        Cause { role: Role::Overridden(kind), ..cause }
                    },
                ));
            }
            for cause in told {
                if !causes.iter().any(|known: &Cause| known.at == cause.at) {
                    causes.push(cause);
                }
            }
        }
    }
    causes
}
