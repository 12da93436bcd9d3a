//! `missing-destination`: see the page.

use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "missing-destination",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "An Application does not say which cluster it deploys to."
);

pub(crate) struct MissingDestination;

impl Rule for MissingDestination {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        // Without a spec it is no definition: unfinished, or the body of a `kubectl patch`.
        if application.node.get("spec").is_none_or(Node::is_null) {
            return;
        }
        // What is written but no text is another rule's business.
        let given = |key| {
            let value = application.node.at_path(&["spec", "destination", key])?;
            Some(value).filter(|value| !value.is_null() && value.as_str() != Some(""))
        };
        match (given("server"), given("name")) {
            (None, None) => {
                let destination = application.node.at_path(&["spec", "destination"]);
                let place = destination.filter(|it| !it.is_null()).map_or(application.place, Node::place);
                cx.report(place, format!("the Application `{}` has no destination cluster", app.name))
                    .help("add `server` or `name` to `spec.destination`");
            }
            (Some(server), Some(name)) => {
                cx.report(name.place(), "a destination has either `server` or `name`, not both")
                    .related(server.place(), "the server")
                    .help("remove one of them: Argo CD refuses the Application");
            }
            _ => {}
        }
    }
}
