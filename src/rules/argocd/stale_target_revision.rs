//! `stale-target-revision`: see the page.

use crate::repo::{Identity, Inventory, Labels, has_tokens, showcase};
use crate::rules::siblings::{is_work_branch, strays};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "stale-target-revision",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An Application of this repository follows a branch that the others have left."
);

pub(crate) struct StaleTargetRevision;

impl Rule for StaleTargetRevision {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for stray in strays(inventory) {
            let is_this = cx.workspace.checkouts.identity(stray.source.repo_url()) != Identity::Other;
            // Examples follow what they show, not each other.
            let shown = stray.entry.app.path.as_ref().is_some_and(|path| showcase(path).is_some());
            if !is_this || shown || is_work_branch(stray.revision) || has_tokens(stray.most) {
                continue;
            }
            let labels = Labels::of(stray.place, &stray.entry.app.origins, cx.workspace);
            let others =
                if stray.count == 1 { "the other app follows" } else { "apps of this repository follow" };
            let (revision, most) = (stray.revision, stray.most);
            let message = format!("`{revision}` is a branch of its own: {} {others} `{most}`", stray.count);
            cx.report_labels(labels, message)
                .apps([stray.entry.app.id])
                .help(format!("follow `{most}`, or pin a tag or commit if the app must stay behind"));
        }
    }
}
