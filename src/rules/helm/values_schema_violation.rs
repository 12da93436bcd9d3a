//! `values-schema-violation`: see the page.

use crate::finding::ProblemKind;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, problems};

meta!(
    "values-schema-violation",
    "helm",
    Error,
    Recommended,
    "0.1.0",
    "Values do not meet the schema of the chart."
);

pub(crate) struct ValuesSchemaViolation;

impl Rule for ValuesSchemaViolation {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let help = "correct the value: Helm refuses to render";
        problems::report(app, rendered, cx, help, &|problem| {
            problem.kind == ProblemKind::ValuesSchema && !rendered.may_follow_from_absence(problem)
        });
    }
}
