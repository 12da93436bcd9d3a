//! `missing-chart-dependency`: see the page.

use crate::finding::{Problem, ProblemKind};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, problems};

meta!(
    "missing-chart-dependency",
    "helm",
    Note,
    Recommended,
    "0.1.0",
    "A chart that another depends on is not on this machine, so its objects are not checked."
);

pub(crate) struct MissingChartDependency;

impl Rule for MissingChartDependency {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let help = "run `helm dependency build` and keep the archives below `charts/`, or list a directory of vendored \
                    charts under `charts.paths` in .gitops-lint.yaml";
        for problem in
            rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::MissingDependency)
        {
            // Helm's words end with the names.
            let names = problem.message.rsplit(": ").next().unwrap_or(&problem.message);
            let message = format!("not on this machine, although the chart depends on it: {names}");
            problems::report_one(app, rendered, cx, &Problem { message, ..problem.clone() }, help, None);
        }
    }
}
