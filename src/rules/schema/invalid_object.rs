//! `invalid-object`: see the page.

use crate::k8s;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "invalid-object",
    "schema",
    Error,
    Recommended,
    "0.2.0",
    "The API server refuses an object for a reason that no schema states."
);

pub(crate) struct InvalidObject;

impl Rule for InvalidObject {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's objects may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        for refusal in k8s::refusals(&object.group, &object.kind, &object.node) {
            // What nothing applies may be a patch.
            if refusal.lacks && cx.is_unclaimed() {
                continue;
            }
            let part = refusal.lacks && cx.may_be_completed();
            let mut report = cx.report(refusal.place, refusal.words).object(object, Some(&refusal.path));
            if let Some(help) = refusal.help {
                report = report.help(help);
            }
            if part {
                report.likely();
            }
        }
    }
}
