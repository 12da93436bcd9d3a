//! `missing-flux-path`: see the page.

use crate::finding::{Missing, ProblemKind};
use crate::repo::{App, AppKind, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-flux-path",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A Kustomization builds a path, or a HelmRelease a chart, that does not exist."
);

pub(crate) struct MissingFluxPath;

impl Rule for MissingFluxPath {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Where another revision stands in, the path may exist at the one that is meant.
        let stand_in = rendered.incomplete.iter().any(|it| it.missing == Missing::StandIn);
        if !matches!(app.kind, AppKind::Kustomization | AppKind::HelmRelease) || app.provisional || stand_in {
            return;
        }
        for problem in rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::MissingPath) {
            let Some(place) = problem.place.filter(|_| !problem.message.contains("${")) else { continue };
            cx.report(place, problem.message.clone()).help("correct the path; it is relative to the root of the source");
        }
    }
}
