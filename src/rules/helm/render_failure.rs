//! `render-failure`: see the page.

use crate::finding::ProblemKind;
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
            // Two mistakes in ApplicationSets have rules of their own.
            let told = ["contains applications with duplicate name", "map has no entry for key"];
            // A number or truth value among annotations is one mistake, whoever stumbles over it.
            let is_type =
                problem.message.starts_with("`metadata.") && problem.message.ends_with("is not a string");
            let is_set = app.kind == AppKind::ApplicationSet;
            let is_ours =
                matches!(problem.kind, ProblemKind::Render | ProblemKind::Limit | ProblemKind::Syntax);
            let is_told = is_set && told.iter().any(|words| problem.message.contains(words));
            is_ours && !rendered.may_follow_from_absence(problem) && !is_type && !is_told
        });
    }
}
