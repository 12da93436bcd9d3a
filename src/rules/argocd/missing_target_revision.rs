//! `missing-target-revision`: see the page.

use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-target-revision",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A chart has no version, or a `targetRevision` does not exist."
);

pub(crate) struct MissingTargetRevision;

impl Rule for MissingTargetRevision {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        for source in &application.sources {
            let revision = source.target_revision();
            if let Some(chart) = source.chart.as_ref().filter(|_| source.is_helm_chart()) {
                if revision.is_empty()
                    && source.node.get("targetRevision").is_none_or(|it| it.scalar_text() == Some(""))
                {
                    let message = format!("the chart `{}` has no version", chart.value);
                    cx.report(chart.place, message)
                        .help("add `targetRevision` with the version of the chart");
                }
                continue;
            }
            let Some(written) = source.target_revision.as_ref().filter(|_| !source.is_oci()) else {
                continue;
            };
            // Constraints pick a tag; a name with `{{` is filled in elsewhere.
            let is_name = !revision.contains(['*', '^', '~', '>', '<', '=', '{', '$', ' '])
                && !revision.ends_with(".x");
            if !is_name {
                continue;
            }
            if let Some(why) = cx.workspace.checkouts.absent(source.repo_url(), revision) {
                cx.report(written.place, format!("revision `{revision}` does not exist: {why}"))
                    .help("correct the name, or push the branch or tag first");
            }
        }
    }
}
