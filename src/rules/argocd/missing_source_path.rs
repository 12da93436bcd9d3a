//! `missing-source-path`: see the page.

use std::sync::Arc;

use crate::argocd::{Application, ApplicationSet};
use crate::finding::ProblemKind;
use crate::finding::{Cause, Missing};
use crate::repo::{App, Rendered, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Found;

meta!(
    "missing-source-path",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "An Application renders a path that does not exist."
);

pub(crate) struct MissingSourcePath;

impl Rule for MissingSourcePath {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Where another revision stands in, the path may exist at the one that is meant.
        if let Spec::ArgoSet(set) = &app.spec {
            template(app, set, rendered, cx);
            return;
        }
        let stand_in = rendered.incomplete.iter().any(|it| it.missing == Missing::StandIn);
        if app.application().is_none() {
            return;
        }
        if stand_in {
            return;
        }
        for problem in rendered.problems.iter().filter(|problem| problem.kind == ProblemKind::MissingPath) {
            // A parameter that nothing filled in is another rule's business.
            let Some(place) = problem.place.filter(|_| *problem.cause() != Cause::Unresolved) else {
                continue;
            };
            let help =
                problem.help.clone().unwrap_or_else(|| "correct the path, or remove the source".to_owned());
            cx.report(place, problem.message.clone()).help(help);
        }
    }
}

/// The template of an ApplicationSet whose generators ask a live system: what it writes without parameters is the same
/// for all of its Applications.
fn template(app: &App, set: &ApplicationSet, rendered: &Rendered, cx: &mut Context<'_>) {
    let Some(template) = set.template().filter(|_| !app.provisional && rendered.objects.is_empty()) else {
        return;
    };
    for source in Application::new(Arc::new(template.clone())).sources {
        let texts = [source.repo_url(), source.path(), source.target_revision()];
        if source.chart.is_some() || source.is_oci() || texts.iter().any(|text| text.contains("{{")) {
            continue;
        }
        let Some(path) = source.path.as_ref().filter(|path| !path.value.is_empty()) else { continue };
        let remotes = cx.workspace.remotes();
        let Found::Here(dir) = remotes.git(source.repo_url(), source.target_revision()) else { continue };
        let exists = dir.path.join(&path.value).is_ok_and(|joined| dir.tree.kind(&joined).is_some());
        if !exists {
            cx.report(path.place, format!("`{}`: app path does not exist", path.value))
                .help("correct the path, or remove the source");
        }
    }
}
