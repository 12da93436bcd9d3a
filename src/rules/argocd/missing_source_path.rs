//! `missing-source-path`: see the page.

use crate::finding::Missing;
use crate::finding::ProblemKind;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-source-path",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "An Application renders a path that does not exist."
);

pub(crate) struct MissingSourcePath;

impl Rule for MissingSourcePath {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Where another revision stands in, the path may exist at the one that is meant.
        let stand_in = rendered.incomplete.iter().any(|it| it.missing == Missing::StandIn);
        if app.application().is_none() {
            return;
        }
        if stand_in {
            return;
        }
        for problem in rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::MissingPath) {
            // A parameter that nothing filled in is another rule's business.
            let Some(place) = problem.place.filter(|_| !problem.message.contains("{{")) else { continue };
            let help = problem.help.clone().unwrap_or_else(|| "correct the path, or remove the source".to_owned());
            cx.report(place, problem.message.clone()).help(help);
        }
    }
}
