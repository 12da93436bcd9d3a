//! `missing-flux-path`: see the page.

use crate::finding::{Cause, Missing, ProblemKind};
use crate::repo::{AppKind, Inventory};
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

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for entry in &inventory.apps {
            let ours = matches!(entry.app.kind, AppKind::Kustomization | AppKind::HelmRelease);
            // Where another revision stands in, the path may exist at the one that is meant.
            let stand_in = entry.incomplete.iter().any(|it| it.missing == Missing::StandIn);
            if !ours || entry.app.provisional || stand_in || !inventory.is_alive(entry) {
                continue;
            }
            let missing = entry.problems.iter().filter(|problem| match problem.kind {
                ProblemKind::MissingPath => true,
                // `valuesFiles` of a chart; objects of `valuesFrom` have a rule of their own.
                ProblemKind::MissingValuesFile => problem.message.starts_with("no values file found"),
                _ => false,
            });
            for problem in missing {
                let Some(place) = problem.place.filter(|_| *problem.cause() != Cause::Unresolved) else {
                    continue;
                };
                let help = "correct the path; it is relative to the root of the source";
                cx.report(place, problem.message.clone()).apps([entry.app.id]).help(help);
            }
        }
    }
}
