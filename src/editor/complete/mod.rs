//! What could be typed at a place: fields and words that a schema knows, keys of values, names of what exists, paths, rules.

mod names;
mod paths;
mod typing;
mod values;

use std::collections::BTreeSet;

use crate::kustomize;
use crate::origin::Verbatim;
use crate::repo::Object;
use crate::rules::{Registry, RuleMeta};
use crate::schema::{self, Found, Kubernetes, Outline};
use crate::source::Span;
use crate::yaml::{Dialect, parse_text};

use super::cursor::Cursor;
use super::session::{Checked, Session};
use typing::{Typing, identity};

/// What an editor shows beside a proposal, by the protocol's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// A key.
    Key = 10,
    /// A word of an enumeration.
    Word = 12,
    /// The name of something that exists.
    Name = 18,
    /// A path.
    Path = 17,
}

/// Something to type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Proposal {
    pub(super) label: String,
    pub(super) detail: String,
    pub(super) sort: Sort,
}

impl Proposal {
    fn new(label: impl Into<String>, detail: impl Into<String>, sort: Sort) -> Self {
        Self { label: label.into(), detail: detail.into(), sort }
    }
}

/// What could be typed, and the bytes that it takes the place of.
pub(super) struct Proposals {
    pub(super) all: Vec<Proposal>,
    pub(super) at: Span,
    /// What goes behind a key.
    pub(super) behind_key: &'static str,
}

/// Fields of `metadata` that the API server fills in: nobody writes them.
const FILLED_IN: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Proposals at most.
const MAX: usize = 500;

/// What could stand at a place.
pub(super) fn complete(cursor: &Cursor, checked: &Checked, session: &Session) -> Option<Proposals> {
    let file = &cursor.file;
    let line = cursor.line_span()?;
    let before = file.slice(Span::new(line.file, line.start, cursor.offset));
    if let Some((_, rest)) = before.split_once("gitops-lint: ignore") {
        let (_, typed) =
            rest.rsplit_once(['[', ' ', ',']).filter(|_| rest.contains('[') && !rest.contains(']'))?;
        let start = cursor.offset - typed.len() as u32;
        let at = Span::new(file.id(), start, cursor.offset);
        return Some(Proposals { all: rule_names(checked), at, behind_key: "" });
    }
    let text = file.text_or_empty();
    let typing = Typing::at(text, cursor.offset as usize)?;
    let at = Span::new(file.id(), typing.range.start as u32, typing.range.end as u32);
    let document = text.get(typing.document.clone())?;
    let mut all: BTreeSet<Proposal> = BTreeSet::new();
    if cursor.is_kustomization() {
        all.extend(paths::complete(cursor, checked, &typing));
        offer(&kustomize::outline(&place(&typing)), &typing, &mut all);
    } else if let Some((api_version, kind)) = identity(document) {
        all.extend(names::complete(cursor, checked, &typing));
        if let Some(outline) = outline(cursor, checked, (api_version, kind), &place(&typing)) {
            offer(&outline, &typing, &mut all);
        }
        all.extend(values::inline(cursor, checked, session, (&typing, kind), line));
    } else if !cursor.is_template() {
        all.extend(values::complete(cursor, checked, &typing, line));
    }
    let all: Vec<Proposal> = all.into_iter().take(MAX).collect();
    let behind_key = if typing.is_end { ": " } else { "" };
    Some(Proposals { all, at, behind_key })
}

/// The keys that lead to what is typed.
fn place<'t>(typing: &Typing<'t>) -> Vec<&'t str> {
    typing.path.iter().copied().chain(typing.value_of).collect()
}

/// Adds fields where a key is typed, and words where a value is.
fn offer(outline: &Outline, typing: &Typing<'_>, all: &mut BTreeSet<Proposal>) {
    if typing.value_of.is_none() {
        let is_filled_in = |name: &str| match typing.path.last() {
            None => name == "status",
            Some(above) => *above == "metadata" && FILLED_IN.contains(&name),
        };
        let free = |name: &str| !typing.taken.contains(name) && !is_filled_in(name);
        for field in outline.fields.iter().filter(|field| free(&field.name)) {
            let need = if field.required { ", required" } else { "" };
            all.insert(Proposal::new(field.name.as_str(), format!("{}{need}", field.words), Sort::Key));
        }
    }
    if typing.value_of.is_some() || typing.item {
        all.extend(outline.values.iter().map(|word| Proposal::new(word.as_str(), "", Sort::Word)));
    }
}

/// What the schema of a kind allows at a place of its objects.
fn outline(
    cursor: &Cursor,
    checked: &Checked,
    (api_version, kind): (&str, &str),
    place: &[&str],
) -> Option<Outline> {
    // What is typed need not be readable: the identity is all that the schema is found by.
    let text = format!("apiVersion: {api_version}\nkind: {kind}\n");
    let mut parsed = parse_text(&text, Dialect::Sigs, &mut Verbatim(cursor.file.id()));
    let mut root = parsed.documents.first_mut()?.root.take()?;
    root.canonicalize(Dialect::Sigs).ok()?;
    let object = Object::new(root)?;
    let ids = checked.inventory.readers(&cursor.path);
    let app = ids.first().and_then(|id| checked.inventory.app(*id)).map(|entry| &entry.app);
    let minor = checked.workspace.minor_of(app);
    let newest = Kubernetes::minor(minor.number);
    Some(match checked.workspace.schema_of(&object, minor) {
        Found::Native(kubernetes, def) | Found::Published(kubernetes, def) => {
            schema::outline(def, kubernetes, place)
        }
        Found::File(def) => schema::outline(&def, newest, place),
        Found::Custom(version) => schema::outline(version.root()?, newest, place),
        _ => return None,
    })
}

fn rule_names(checked: &Checked) -> Vec<Proposal> {
    let proposal = |meta: &RuleMeta| Proposal::new(meta.name.as_str(), meta.summary.as_str(), Sort::Word);
    Registry::of(&checked.workspace).iter().map(|rule| proposal(rule.meta())).collect()
}
