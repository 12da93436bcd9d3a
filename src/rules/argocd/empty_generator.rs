//! `empty-generator`: see the page.

use crate::finding::ProblemKind;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "empty-generator",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A generator of an ApplicationSet finds nothing."
);

pub(crate) struct EmptyGenerator;

impl Rule for EmptyGenerator {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Where another revision stands in, or a generator is not known, the rest may be there.
        if app.provisional || !rendered.incomplete.is_empty() {
            return;
        }
        for problem in rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::EmptyGenerator)
        {
            let Some(place) = problem.place else { continue };
            let help =
                problem.help.clone().unwrap_or_else(|| "correct the pattern, or remove the entry".to_owned());
            cx.report(place, problem.message.clone()).help(help);
        }
    }
}
