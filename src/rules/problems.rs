//! From what engines met to findings: where a problem is told, and how sure of it anyone can be.

use crate::finding::{Cause, Confidence, Incomplete, Label, Problem, ProblemKind};
use crate::repo::{self, App, AppKind, Labels, Rendered};

use super::{Context, Report};

/// Words at a place that nobody can edit here, when the line that uses it has to stand for it.
pub const ELSEWHERE: &str = "it fails here";

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

/// Reports a problem of an app, no surer than `sure`. The problem's own advice goes before `help`.
pub(super) fn report_one<'c, 'a>(
    app: &App,
    rendered: &Rendered,
    cx: &'c mut Context<'a>,
    problem: &Problem,
    help: &str,
    sure: Option<Confidence>,
) -> Report<'c, 'a> {
    let place = problem.place.unwrap_or(app.place);
    let mut labels = Labels::of(place, &rendered.origins, cx.workspace);
    if !cx.workspace.is_editable(labels.primary.at.file) {
        // Nobody mends a third-party chart here: what can be edited is who uses it.
        let there = labels.primary.clone();
        labels = Labels::of(app.place, &rendered.origins, cx.workspace);
        labels.related.insert(0, Label { message: ELSEWHERE.to_owned(), ..there });
    }
    let mut report = cx.report_labels(labels, problem.message.clone());
    report = report.help(problem.help.clone().unwrap_or_else(|| help.to_owned()));
    // That something is not on this machine is certain.
    let absent = matches!(problem.kind, ProblemKind::MissingDependency | ProblemKind::Unavailable);
    let doubt = doubt(app, &rendered.incomplete).filter(|_| !absent);
    // What is misspelt is misspelt whatever values its users supply.
    let slip = matches!(problem.cause(), Cause::Slip | Cause::UndefinedOwn)
        && (app.kind == AppKind::Chart || app.provisional);
    let doubt = if slip { Some(Confidence::Likely) } else { doubt };
    if let Some(sure) = sure.into_iter().chain(doubt).min() {
        report = report.confidence(sure);
    }
    for (place, words) in &problem.related {
        report = report.related(*place, words.clone());
    }
    report
}

/// How sure it can be at most, where nobody says that the app is deployed as it is rendered here: input of tests may be wrong on
/// purpose.
pub fn doubt(app: &App, incomplete: &[Incomplete]) -> Option<Confidence> {
    match app.kind {
        // Values that its users supply are missing.
        AppKind::Chart => Some(Confidence::Possible),
        AppKind::Overlay | AppKind::Release | AppKind::Manifests => Some(Confidence::Likely),
        _ if app.provisional || app.path.as_ref().is_some_and(repo::is_test_data) => {
            Some(Confidence::Possible)
        }
        // Made for a cluster that is assumed.
        _ if app.assumed => Some(Confidence::Likely),
        // Rendered from another revision than the one that is meant.
        _ if !incomplete.is_empty() => Some(Confidence::Likely),
        _ => None,
    }
}

/// The rules that tell problems of a kind; each problem is told by one of them. What is
/// [`Unavailable`](ProblemKind::Unavailable) is coverage, which every report lists.
pub fn rules_about(kind: Option<ProblemKind>) -> &'static [&'static str] {
    let Some(kind) = kind else { return &["render-failure"] };
    match kind {
        ProblemKind::Syntax => &["render-failure", "syntax-error"],
        ProblemKind::Render => &[
            "render-failure",
            "unresolved-parameter",
            "colliding-generated-applications",
            "implicit-type",
            "invalid-name-or-label",
            "missing-target-revision",
            "syntax-error",
            "duplicate-key",
            "alias-bomb",
        ],
        ProblemKind::Kustomize => &[
            "kustomize-build-failure",
            "syntax-error",
            "duplicate-key",
            "alias-bomb",
            "outside-kustomization-root",
        ],
        ProblemKind::MissingValuesFile => {
            &["missing-values-file", "broken-values-ref", "missing-values-from", "missing-flux-path"]
        }
        ProblemKind::MissingPath => &["missing-source-path", "missing-flux-path", "unresolved-parameter"],
        ProblemKind::MissingDependency => &["missing-chart-dependency"],
        ProblemKind::ValuesSchema => &["values-schema-violation"],
        ProblemKind::EmptyGenerator => &["empty-generator"],
        ProblemKind::DuplicateKey => &["duplicate-key"],
        ProblemKind::Warning => &["tool-warning", "type-conflict-override", "deprecated-kustomize-field"],
        ProblemKind::Unavailable => &[],
        ProblemKind::Limit => &["render-failure"],
    }
}
