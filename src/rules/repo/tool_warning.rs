//! `tool-warning`: see the page.

use crate::finding::{Confidence, ProblemKind};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, problems};

meta!(
    "tool-warning",
    "repo",
    Warning,
    Recommended,
    "0.1.0",
    "Helm or Argo CD renders the app, but leaves something out or ignores it."
);

pub(crate) struct ToolWarning;

impl Rule for ToolWarning {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for problem in rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::Warning) {
            let message = problem.message.as_str();
            // What layers of values do to each other, and fields of kustomizations, have rules of their own.
            let elsewhere = message.starts_with("warning: ")
                || message.ends_with("Skipping")
                || message.ends_with("Skipping.")
                || message.contains("is deprecated");
            let place = problem.place.filter(|place| cx.workspace.is_editable(place.at.file));
            if elsewhere || place.is_none() {
                continue;
            }
            // The owner of the control plane decides what it does not manage.
            let sure = message.ends_with("is excluded in the settings").then_some(Confidence::Possible);
            problems::report_one(app, rendered, cx, problem, "correct the line, or remove it", sure);
        }
    }
}
