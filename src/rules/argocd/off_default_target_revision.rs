//! `off-default-target-revision`: see the page.

use crate::repo::{Inventory, Labels};
use crate::rules::siblings::{is_work_branch, strays};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "off-default-target-revision",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An Application follows a work branch while the others follow the main one."
);

pub(crate) struct OffDefaultTargetRevision;

impl Rule for OffDefaultTargetRevision {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for stray in strays(inventory).iter().filter(|stray| is_work_branch(stray.revision)) {
            let labels = Labels::of(stray.place, &stray.entry.app.origins, cx.workspace);
            let (revision, most) = (stray.revision, stray.most);
            let message = match stray.count {
                1 => format!("the app follows the work branch `{revision}`; the other app follows `{most}`"),
                count => {
                    format!("the app follows the work branch `{revision}`; {count} others follow `{most}`")
                }
            };
            cx.report_labels(labels, message)
                .apps([stray.entry.app.id])
                .help(format!("merge the branch and follow `{most}`"));
        }
    }
}
