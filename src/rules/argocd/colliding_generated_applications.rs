//! `colliding-generated-applications`: see the page.

use crate::finding::Cause;
use crate::repo::{App, AppKind, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "colliding-generated-applications",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "An ApplicationSet generates two Applications of one name."
);

pub(crate) struct CollidingGeneratedApplications;

impl Rule for CollidingGeneratedApplications {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if app.kind != AppKind::ApplicationSet || app.provisional {
            return;
        }
        for problem in &rendered.problems {
            let (Some(place), Cause::DuplicateName { name }) = (problem.place, problem.cause()) else {
                continue;
            };
            cx.report(
                place,
                format!("two generated Applications are called `{name}`: Argo CD applies none of the set"),
            )
            .help("put every parameter that tells the elements apart into the name");
        }
    }
}
