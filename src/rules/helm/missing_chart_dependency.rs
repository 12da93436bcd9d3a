//! `missing-chart-dependency`: see the page.

use crate::cache::Kind;
use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
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
        // What a fetch brings is said once for all apps, with the command that does.
        let is_wanted = |name: &str| {
            rendered.wants.iter().any(|want| {
                let is_chart = matches!(want.kind, Kind::Chart | Kind::OciChart);
                is_chart && want.short_name() == name || want.kind == Kind::Git
            })
        };
        for problem in
            rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::MissingDependency)
        {
            // Helm's words end with the names, and each has its place.
            let names = problem.message.rsplit(": ").next().unwrap_or(&problem.message).split(", ");
            let places = problem.place.iter().chain(problem.related.iter().map(|(place, _)| place));
            let mut left = names.zip(places).filter(|(name, _)| !is_wanted(name));
            let Some((first, place)) = left.next() else { continue };
            let others: Vec<(&str, &Place)> = left.collect();
            let names: Vec<&str> =
                std::iter::once(first).chain(others.iter().map(|(name, _)| *name)).collect();
            let message =
                format!("not on this machine, although the chart depends on it: {}", names.join(", "));
            let mut problem =
                Problem { message, place: Some(*place), related: Vec::new(), ..problem.clone() };
            for (_, place) in others {
                problem = problem.related(*place, "this one is missing too");
            }
            problems::report_one(app, rendered, cx, &problem, help, None);
        }
    }
}
