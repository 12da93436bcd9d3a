//! `render-failure`: see the page.

use crate::argocd::NO_REVISION;
use crate::finding::{Cause, ProblemKind};
use crate::repo::{App, AppKind, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, problems};

meta!(
    "render-failure",
    "helm",
    Error,
    Recommended,
    "0.1.0",
    "An app cannot be rendered: a template fails, or what it prints is not valid."
);

pub(crate) struct RenderFailure;

impl Rule for RenderFailure {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let help = "correct the line, or the value that it stumbles over";
        problems::report(app, rendered, cx, help, &|problem| {
            let told = match problem.cause() {
                // A number or truth value among annotations is one mistake, whoever stumbles over it.
                Cause::NotText => true,
                // Two mistakes in ApplicationSets have rules of their own.
                Cause::DuplicateName { .. } | Cause::MissingKey { .. } => app.kind == AppKind::ApplicationSet,
                // `missing-target-revision` says which chart it is.
                _ => problem.message == NO_REVISION,
            };
            let is_ours =
                matches!(problem.kind, ProblemKind::Render | ProblemKind::Limit | ProblemKind::Syntax);
            is_ours && !told && !rendered.may_follow_from_absence(problem)
        });
    }
}
