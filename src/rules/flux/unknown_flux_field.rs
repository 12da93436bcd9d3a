//! `unknown-flux-field`: see the page.

use crate::flux::SOURCE_GROUP;
use crate::repo::{App, AppKind, Object, Rendered};
use crate::rules::schemas::{UnknownField, unknown_fields};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::Meant;
use crate::yaml::Node;

meta!(
    "unknown-flux-field",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A Kustomization, HelmRelease or source of Flux has a field that does not exist."
);

pub(crate) struct UnknownFluxField;

impl Rule for UnknownFluxField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if let (AppKind::Kustomization | AppKind::HelmRelease, Some(node)) = (app.kind, &app.node) {
            check(app.kind.as_str(), node, cx);
        }
        for object in rendered.objects.iter().filter(|object: &&Object| object.group == SOURCE_GROUP) {
            check(&object.kind, &object.node, cx);
        }
    }
}

fn check(kind: &str, object: &Node, cx: &mut Context<'_>) {
    let fields = unknown_fields(object, cx);
    for siblings in fields.chunk_by(|a, b| a.parent == b.parent) {
        let [first, ..] = siblings else { continue };
        let names: Vec<String> = siblings.iter().map(|field| format!("`{}`", field.name)).collect();
        let parent = if first.parent.is_empty() { "it".to_owned() } else { format!("`{}`", first.parent) };
        match siblings {
            // A whole block that slipped into another is one mistake.
            [_, _, _, ..] => {
                let message = format!("{parent} of a {kind} has no fields {}", names.join(", "));
                let below = |field: &UnknownField| {
                    meant(field).filter(|_| matches!(field.meant, Some(Meant::Below(_))))
                };
                let help =
                    siblings.iter().find_map(below).unwrap_or_else(|| "check the indentation".to_owned());
                cx.report(first.place, message).help(help);
            }
            few => {
                for field in few {
                    let name = &field.name;
                    let message = match field.parent.as_str() {
                        "" => format!("a {kind} has no field `{name}`: it has no effect"),
                        parent => format!("`{parent}` of a {kind} has no field `{name}`: it has no effect"),
                    };
                    let help = meant(field).unwrap_or_else(|| "remove it".to_owned());
                    let known = match &field.meant {
                        Some(Meant::Name(known)) => Some(known),
                        _ => None,
                    };
                    let below = matches!(field.meant, Some(Meant::Below(_)));
                    let path = if field.parent.is_empty() {
                        name.to_string()
                    } else {
                        format!("{}.{name}", field.parent)
                    };
                    cx.report(field.place, message).help(help).mend(|at, mender| match known {
                        Some(known) => Some(mender.spell(at, name, known)?.changing_apps()),
                        None if below => None,
                        None => Some(mender.delete(at)?.changing([path.as_str()])),
                    });
                }
            }
        }
    }
}

fn meant(field: &UnknownField) -> Option<String> {
    Some(match field.meant.as_ref()? {
        Meant::Name(known) => format!("did you mean `{known}`?"),
        Meant::Below(path) => format!("`{}` belongs to `{path}`", field.name),
    })
}
