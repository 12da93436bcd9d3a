//! `schema-violation`: see the page.

use crate::finding::{Confidence, Severity};
use crate::k8s;
use crate::repo::{self, App, AppId, AppKind, Inventory, Object, Rendered};
use crate::rules::schemas::{self, Said};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::What;
use crate::yaml::Node;

meta!(
    "schema-violation",
    "schema",
    Error,
    Recommended,
    "0.2.0",
    "A value is not what the schema of its kind allows, or a required field is missing."
);

pub(crate) struct SchemaViolation;

impl Rule for SchemaViolation {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn judges_parts(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !schemas::defines_apps(&object.group, &object.kind) {
            check(object, None, !cx.is_unclaimed(), cx);
        }
    }

    /// Flux's apps, as they are defined.
    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        if let (AppKind::Kustomization | AppKind::HelmRelease, Some(node)) = (app.kind, &app.node)
            && let Some(object) = Object::new(Node::clone(node))
        {
            // What no app renders may be patched by the one that is not here.
            let rendered = app.parent.is_some() && !app.provisional;
            check(&object, None, rendered, cx);
        }
    }

    /// Argo CD's apps and projects, as they are defined.
    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for declared in inventory.declared.iter().filter(|it| schemas::defines_apps("argoproj.io", &it.kind))
        {
            if let Some(object) = Object::new(Node::clone(&declared.node)) {
                check(&object, Some(declared.app.as_slice()), declared.app.is_some(), cx);
            }
        }
    }
}

/// Whether an entry of a Secret is for a tool that fills it in.
fn is_for_tool(object: &Object, path: &str) -> bool {
    let key = path.strip_prefix("data[").and_then(|rest| rest.strip_suffix(']'));
    let value = key.filter(|_| object.is("", "Secret")).and_then(|key| object.at(&["data", key])?.as_str());
    value.is_some_and(k8s::is_for_tool)
}

/// Whether the text that is told is a word in capitals, such as `CA_BUNDLE`, that somebody replaces.
fn stands_for_another(words: &str) -> bool {
    words.rsplit('`').nth(1).is_some_and(|text| text.contains('_') && repo::has_capitals(text))
}

/// `apps`: which ones are affected, where it is not the one being checked. `whole`: nothing is added before it is applied.
fn check(object: &Object, apps: Option<&[AppId]>, whole: bool, cx: &mut Context<'_>) {
    let minor = cx.minor();
    for violation in schemas::violations(object, cx) {
        let said = Said::of(object);
        let path = schemas::plain(&violation.path);
        let subject = match path.as_str() {
            "" => said.one(),
            path => format!("`{path}` of {}", said.one()),
        };
        let missing = matches!(violation.what, What::Missing(_));
        let (message, help) = match &violation.what {
            What::UnknownField { .. } => continue,
            What::Broken(words) => (format!("{subject} breaks a rule of its definition: {words}"), None),
            What::Unchecked(words) => {
                (format!("{subject} was not checked against a rule of its definition: {words}"), None)
            }
            // What nothing applies may be a patch, or an example of one; what is not on this machine may say it.
            What::Missing(_) if !whole || cx.is_partial() => continue,
            // Nobody says that it is applied as it stands.
            What::Wrong { .. } if !cx.is_applied() && is_for_tool(object, &violation.path) => continue,
            What::Missing(fields) => {
                let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
                let words = names.join(" and ");
                (format!("{subject} lacks {words}"), Some(format!("add {words}: the API server requires it")))
            }
            What::Wrong { words, meant, .. } => {
                let help = meant.as_ref().map(|meant| format!("did you mean `{meant}`?"));
                (format!("{subject} {words}"), help)
            }
        };
        // Others may build on an overlay; a newer version of a project may require less, or let more pass.
        let once = schemas::is_known_once(object, cx);
        let published = schemas::is_published(object, cx).then_some(Confidence::Likely);
        let bound = matches!(violation.what, What::Wrong { bound: true, .. });
        let doubt = cx.completed(object).filter(|_| missing).into_iter();
        let doubt = doubt.chain(published.filter(|_| missing || bound)).min();
        // A newer version of a project may list more.
        let unlisted = matches!(&violation.what, What::Wrong { meant: None, listed: true, .. })
            && schemas::is_published(object, cx);
        let definition = cx.workspace.given_by(object);
        // kustomize-controller drops labels of which one is no text.
        let dropped = cx.is_of_flux() && violation.path.starts_with("metadata.labels");
        let is_applied = cx.is_applied();
        let mut report = cx
            .report(violation.place, message)
            .given_by(definition)
            .object(object, Some(&violation.path))
            .lacking(missing && apps.is_none());
        if dropped {
            report = report.at_most(Severity::Warning);
        }
        if let Some(help) = help {
            report = report.help(help);
        }
        if let What::Wrong { meant: Some(meant), .. } = &violation.what {
            report = report
                .mend(|at, mender| Some(mender.respell(at, meant)?.changing([violation.path.as_str()])));
        }
        if violation.of_minor {
            report = report.by_version(minor);
        }
        if let Some(apps) = apps {
            report = report.apps(apps.iter().copied());
        }
        let unsure = once && matches!(violation.what, What::Missing(_) | What::Wrong { meant: None, .. });
        let unsure = unsure || missing && schemas::is_bare(object);
        let bare = schemas::is_installed_bare(object) && matches!(violation.what, What::Wrong { .. });
        let filled_in = !is_applied
            && matches!(&violation.what, What::Wrong { words, meant: None, .. } if stands_for_another(words));
        if unlisted || unsure || bare || filled_in || matches!(violation.what, What::Unchecked(_)) {
            report.possible();
        } else if let Some(sure) = doubt {
            report.confidence(sure);
        }
    }
}
