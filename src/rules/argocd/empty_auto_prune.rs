//! `empty-auto-prune`: see the page.

use crate::repo::{App, Rendered, Spec, Status};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "empty-auto-prune",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An Application renders nothing, and prunes what is on the cluster."
);

pub(crate) struct EmptyAutoPrune;

impl Rule for EmptyAutoPrune {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Spec::Argo(application) = &app.spec else { return };
        let Some(automated) = application.automated.as_ref().filter(|automated| automated.prune) else { return };
        let renders = application.sources.iter().any(|source| !(application.multi && source.is_ref_only()));
        if rendered.status() != Status::Rendered || !rendered.objects.is_empty() || !renders {
            return;
        }
        let (message, help) = if automated.allow_empty {
            (
                "the Application renders nothing, so everything it deployed is deleted",
                "remove the Application, or `allowEmpty`",
            )
        } else {
            (
                "the Application renders nothing: Argo CD refuses to delete everything it deployed, and the sync fails",
                "correct the source, or remove the Application",
            )
        };
        let report = cx.report(automated.place, message).help(help);
        if let Some(path) = application.sources.first().and_then(|source| source.path.as_ref()) {
            report.related(path.place, "nothing is rendered from here");
        }
    }
}
