//! Names of what exists, where a field names an object: which field that is, the relations of the kind say.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::origin::Verbatim;
use crate::relations::{Keys, Reference, Via};
use crate::repo::{AppEntry, Object};
use crate::yaml::{Dialect, parse_text};

use super::super::cursor::Cursor;
use super::super::named;
use super::super::session::Checked;
use super::super::words::some;
use super::typing::Typing;
use super::{Proposal, Sort};

/// Stands for the name that is being typed.
const TYPED: &str = "name-being-typed";

/// Fields that hold the name of a namespace, in any object.
const NAMESPACES: [&str; 4] = ["namespace", "targetNamespace", "storageNamespace", "releaseNamespace"];

pub(super) fn complete(cursor: &Cursor, checked: &Checked, typing: &Typing<'_>) -> BTreeSet<Proposal> {
    let Some(key) =
        typing.value_of.or(typing.path.last().copied()).filter(|_| typing.value_of.is_some() || typing.item)
    else {
        return BTreeSet::new();
    };
    let mut found: BTreeMap<SmolStr, BTreeSet<String>> = BTreeMap::new();
    if NAMESPACES.contains(&key) && !cursor.is_template() {
        namespaces(checked, &mut found);
    } else if let Some((reference, is_key)) = meant(cursor, typing) {
        if is_key {
            keys(checked, &reference, &mut found);
        } else {
            objects(checked, &reference, &mut found);
        }
    }
    let proposal = |(name, whose): (SmolStr, BTreeSet<String>)| {
        let whose: Vec<&str> = whose.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
        Proposal::new(name.as_str(), some(&whose), Sort::Name)
    };
    found.into_iter().map(proposal).collect()
}

/// What the name that is being typed would name, and whether it is the key of that. A document without it that cannot be read
/// says nothing.
fn meant(cursor: &Cursor, typing: &Typing<'_>) -> Option<(Reference, bool)> {
    let text = cursor.file.text_or_empty();
    let end = text.get(typing.range.end..)?.find('\n').map_or(text.len(), |at| typing.range.end + at);
    let start = typing.range.start;
    let start = start - usize::from(text.get(..start)?.ends_with(['"', '\'']));
    let before = text.get(typing.document.start..start)?;
    let document = format!("{before}{TYPED}{}", text.get(end..typing.document.end)?);
    let mut parsed = parse_text(&document, Dialect::Sigs, &mut Verbatim(cursor.file.id()));
    let mut root = parsed.documents.first_mut()?.root.take()?;
    root.canonicalize(Dialect::Sigs).ok()?;
    let all = named::all(&Object::new(root)?);
    let is_field = |it: &&Reference| matches!(it.via, Via::Field | Via::Custom);
    let named = all.iter().filter(is_field).find(|it| it.name == TYPED).map(|it| (it.clone(), false));
    named.or_else(|| all.iter().find(|it| it.key.as_deref() == Some(TYPED)).map(|it| (it.clone(), true)))
}

/// The objects of a kind, rendered, made by others, or written; whose they are.
fn objects(checked: &Checked, reference: &Reference, found: &mut BTreeMap<SmolStr, BTreeSet<String>>) {
    let inventory = &checked.inventory;
    let (group, kind) = (&reference.group, &reference.kind);
    let fits = |namespace: &str| {
        reference.namespace.as_deref().is_none_or(|it| it == namespace || namespace.is_empty())
    };
    for object in &inventory.objects {
        let is_it = object.kind == *kind && object.group == *group && fits(&object.namespace);
        let mut add = |name: &SmolStr| {
            if !name.is_empty() {
                let whose = if object.namespace.is_empty() {
                    String::new()
                } else {
                    format!("in {}", object.namespace)
                };
                found.entry(name.clone()).or_default().insert(whose);
            }
        };
        if is_it {
            add(&object.name);
        }
        let provided = object.provides.iter().filter(|it| it.kind == *kind && it.group == *group);
        provided.filter_map(|it| it.name.exact()).for_each(&mut add);
    }
    for document in inventory.scan.documents.iter().filter(|it| it.kind == *kind && it.group == *group) {
        if !document.name.is_empty() && fits(&document.namespace) {
            found.entry(document.name.clone()).or_default();
        }
    }
    if kind == "AppProject" {
        found.entry("default".into()).or_default();
    }
}

/// The keys of a Secret or ConfigMap, or the ports of what else has some.
fn keys(checked: &Checked, reference: &Reference, found: &mut BTreeMap<SmolStr, BTreeSet<String>>) {
    for object in &checked.inventory.objects {
        let own =
            object.keys.iter().filter(|_| object.kind == reference.kind && object.name == reference.name);
        let provides = object.provides.iter();
        let made = provides.filter(|it| it.kind == reference.kind && it.name.matches(&reference.name));
        for keys in own.chain(made.map(|it| &it.keys)) {
            if let Keys::Known(keys) = keys {
                for key in keys {
                    found.entry(key.clone()).or_default();
                }
            }
        }
    }
}

fn namespaces(checked: &Checked, found: &mut BTreeMap<SmolStr, BTreeSet<String>>) {
    for object in checked.inventory.of_kind("Namespace").filter(|it| it.group.is_empty()) {
        found.entry(object.name.clone()).or_default();
    }
    let deployed = |entry: &&AppEntry| !entry.app.target_namespace.is_empty();
    for entry in checked.inventory.apps.iter().filter(deployed) {
        let whose = found.entry(entry.app.target_namespace.clone()).or_default();
        whose.insert(format!("of {}", entry.app.name));
    }
}
