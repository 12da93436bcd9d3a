//! `missing-cron-deadline`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-cron-deadline",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "A CronJob that misses its time is started late, however late that is."
);

pub(crate) struct MissingCronDeadline;

impl Rule for MissingCronDeadline {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("batch", "CronJob") || object.at(&["spec", "startingDeadlineSeconds"]).is_some() {
            return;
        }
        let Some(schedule) = object.at(&["spec", "schedule"]) else { return };
        let message = format!("CronJob `{}` has no startingDeadlineSeconds", object.name);
        cx.report(schedule.place(), message)
            .object(object, Some("spec.startingDeadlineSeconds"))
            .mend(|at, mender| {
                let fix = mender.insert_beside(at, "startingDeadlineSeconds", "200")?;
                Some(fix.changing(["spec.startingDeadlineSeconds"]).not_safe())
            })
            .help("say how many seconds late it may still start; after 100 missed times without a deadline it does not start any more");
    }
}
