//! `kustomize-build-failure`: see the page.

use crate::finding::ProblemKind;
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
        let help = "`kustomize build` fails here as well; correct the line";
        problems::report(app, rendered, cx, help, &|problem| problem.kind == ProblemKind::Kustomize);
    }
}
