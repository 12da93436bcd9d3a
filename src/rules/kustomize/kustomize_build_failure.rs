//! `kustomize-build-failure`: see the page.

use crate::finding::{Cause, Confidence, Problem, ProblemKind};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, problems};

meta!(
    "kustomize-build-failure",
    "kustomize",
    Error,
    Recommended,
    "0.1.0",
    "A kustomization cannot be built."
);

pub(crate) struct KustomizeBuildFailure;

impl Rule for KustomizeBuildFailure {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for problem in &rendered.problems {
            if problem.kind == ProblemKind::Kustomize && !rendered.may_follow_from_absence(problem) {
                report(app, rendered, problem, cx);
            }
        }
    }
}

fn report(app: &App, rendered: &Rendered, problem: &Problem, cx: &mut Context<'_>) {
    let restricted = matches!(problem.cause(), Cause::Outside { .. });
    let help = if restricted {
        "move the file below the kustomization, or build with `--load-restrictor LoadRestrictionsNone`: for Argo CD, set \
         `kustomize.buildOptions` in `argocd-cm`, and keep that ConfigMap in the repository"
    } else {
        "`kustomize build` fails here as well; correct the line"
    };
    // Options that are set where this repository does not show them would allow it.
    let sure =
        (restricted && !cx.workspace.control_plane().settings.is_known()).then_some(Confidence::Likely);
    let message = concise(problem);
    problems::report_one(app, rendered, cx, &Problem { message, ..problem.clone() }, help, sure);
}

/// kustomize's words without the way to them: which kustomization reads which is shown by the places.
fn concise(problem: &Problem) -> String {
    match problem.cause() {
        Cause::NotFound { path } => format!("`{path}` does not exist"),
        Cause::Outside { path } => format!("`{path}` is not in or below the directory of the kustomization"),
        _ => problem.brief().lines().collect::<Vec<_>>().join(" "),
    }
}
