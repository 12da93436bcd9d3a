//! `unknown-application-field`: see the page.

use crate::argocd::unknown_fields;
use crate::k8s::{Meant, UnknownField};
use crate::repo::{Declared, Inventory};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unknown-application-field",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "An Application, ApplicationSet or AppProject has a field that does not exist."
);

pub(crate) struct UnknownApplicationField;

impl Rule for UnknownApplicationField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for object in &inventory.declared {
            let fields = unknown_fields(&object.kind, &object.node);
            for siblings in fields.chunk_by(|a, b| a.parent == b.parent) {
                match siblings {
                    // A whole block that slipped into another is one mistake.
                    [first, _, _, ..] => misplaced(object, first, siblings, cx),
                    few => few.iter().for_each(|field| report(object, field, cx)),
                }
            }
        }
    }
}

fn misplaced(object: &Declared, first: &UnknownField<'_>, all: &[UnknownField<'_>], cx: &mut Context<'_>) {
    let names: Vec<String> = all.iter().map(|field| format!("`{}`", field.entry.key.text)).collect();
    let message =
        format!("`{}` has no fields {}: they are dropped without a word", first.parent, names.join(", "));
    let below = |field: &UnknownField<'_>| match &field.meant {
        Some(Meant::Below(path)) => Some(format!("`{}` belongs to `{path}`", field.entry.key.text)),
        _ => None,
    };
    let help = all.iter().find_map(below).unwrap_or_else(|| "check the indentation".to_owned());
    cx.report(first.entry.key.place(), message).apps(object.app).help(help);
}

fn report(object: &Declared, field: &UnknownField<'_>, cx: &mut Context<'_>) {
    let name = &field.entry.key.text;
    let kind = &object.kind;
    let article = if kind.starts_with('A') { "an" } else { "a" };
    let message = match field.parent.as_str() {
        "" => format!("{article} {kind} has no field `{name}`: it is dropped without a word"),
        parent => {
            format!("`{parent}` of {article} {kind} has no field `{name}`: it is dropped without a word")
        }
    };
    let help = match &field.meant {
        Some(Meant::Name(known)) => format!("did you mean `{known}`?"),
        Some(Meant::Below(path)) => format!("`{name}` belongs to `{path}`"),
        None => "remove it: it has no effect".to_owned(),
    };
    cx.report(field.entry.key.place(), message).apps(object.app).help(help);
}
