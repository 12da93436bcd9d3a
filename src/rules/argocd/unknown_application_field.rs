//! `unknown-application-field`: see the page.

use crate::finding::GivenBy;
use crate::repo::{Declared, Inventory, Object};
use crate::rules::schemas::{UnknownField, defines_apps, unknown_fields};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::Meant;
use crate::yaml::Node;

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
        for object in inventory.declared.iter().filter(|it| defines_apps("argoproj.io", &it.kind)) {
            let fields = unknown_fields(&object.node, cx);
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

/// The definition of the repository that knows no such field, if it is one of these: a copy that nothing applies may be of an older
/// Argo CD than the one that is there.
fn given(object: &Declared, cx: &Context<'_>) -> Option<GivenBy> {
    cx.workspace.given_by(&Object::new(Node::clone(&object.node))?)
}

fn misplaced(object: &Declared, first: &UnknownField, all: &[UnknownField], cx: &mut Context<'_>) {
    let names: Vec<String> = all.iter().map(|field| format!("`{}`", field.name)).collect();
    let message =
        format!("`{}` has no fields {}: they are dropped without a word", first.parent, names.join(", "));
    let below = |field: &UnknownField| match &field.meant {
        Some(Meant::Below(path)) => Some(format!("`{}` belongs to `{path}`", field.name)),
        _ => None,
    };
    let help = all.iter().find_map(below).unwrap_or_else(|| "check the indentation".to_owned());
    let given = given(object, cx);
    cx.report(first.place, message).given_by(given).apps(object.app).help(help);
}

fn report(object: &Declared, field: &UnknownField, cx: &mut Context<'_>) {
    let name = &field.name;
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
    let path = |name: &str| {
        if field.parent.is_empty() { name.to_owned() } else { format!("{}.{name}", field.parent) }
    };
    let (old, new) = match &field.meant {
        Some(Meant::Name(known)) => (path(name), Some(known)),
        Some(Meant::Below(_)) => (path(name), None),
        None => (path(name), None),
    };
    let alone = field.meant.is_none();
    let given = given(object, cx);
    cx.report(field.place, message).given_by(given).apps(object.app).help(help).mend(
        |at, mender| match new {
            Some(known) => Some(mender.spell(at, name, known)?.changing_apps()),
            None if alone => Some(mender.delete(at)?.changing([old.as_str()])),
            None => None,
        },
    );
}
