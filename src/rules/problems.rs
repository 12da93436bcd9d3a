//! From what engines met to findings: where a problem is told, and how sure of it anyone can be.

use crate::finding::{Label, Problem, ProblemKind, Severity};
use crate::repo::{App, AppKind, Labels, Rendered};

use super::Context;

/// Reports the problems of one app that `about` picks.
pub(super) fn report(
    app: &App,
    rendered: &Rendered,
    cx: &mut Context<'_>,
    help: &str,
    about: &dyn Fn(&Problem) -> bool,
) {
    for problem in rendered.problems.iter().filter(|problem| about(problem)) {
        report_one(app, rendered, cx, problem, help, None);
    }
}

/// Reports a problem of an app, no worse than `most`. The problem's own advice goes before `help`.
pub(super) fn report_one(
    app: &App,
    rendered: &Rendered,
    cx: &mut Context<'_>,
    problem: &Problem,
    help: &str,
    most: Option<Severity>,
) {
    let place = problem.place.unwrap_or(app.place);
    let mut labels = Labels::of(place, &rendered.origins, cx.workspace);
    if !cx.workspace.is_editable(labels.primary.at.file) {
        // Nobody mends a third-party chart here: what can be edited is who uses it.
        let there = labels.primary.clone();
        labels = Labels::of(app.place, &rendered.origins, cx.workspace);
        labels.related.insert(0, Label { message: "it fails here".to_owned(), ..there });
    }
    let mut report = cx.report_labels(labels, problem.message.clone());
    report = report.help(problem.help.clone().unwrap_or_else(|| help.to_owned()));
    if let Some(most) = most.into_iter().chain(doubt(app, rendered)).min() {
        report = report.at_most(most);
    }
    for (place, words) in &problem.related {
        report = report.related(*place, words.clone());
    }
}

/// How bad it can be at most, where nobody says that the app is deployed as it is rendered here.
fn doubt(app: &App, rendered: &Rendered) -> Option<Severity> {
    match app.kind {
        // Values that its users supply are missing.
        AppKind::Chart => Some(Severity::Note),
        AppKind::Overlay | AppKind::Manifests => Some(Severity::Warning),
        _ if app.provisional => Some(Severity::Note),
        // Rendered from another revision than the one that is meant.
        _ if !rendered.incomplete.is_empty() => Some(Severity::Warning),
        _ => None,
    }
}

/// Whether inputs of the app are not on this machine, so that what goes wrong later may be their absence.
pub(super) fn lacks_inputs(rendered: &Rendered) -> bool {
    let absent = |problem: &Problem| {
        matches!(
            problem.kind,
            ProblemKind::Unavailable | ProblemKind::MissingDependency | ProblemKind::MissingValuesFile
        )
    };
    rendered.problems.iter().any(absent)
}
