//! `invalid-cron-schedule`: see the page.

use crate::golang::cron::{Descriptors, cron_error};
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "invalid-cron-schedule",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "The schedule of a CronJob is not valid."
);

pub(crate) struct InvalidCronSchedule;

impl Rule for InvalidCronSchedule {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's names and images may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        if !object.is("batch", "CronJob") {
            return;
        }
        let Some(node) = object.at(&["spec", "schedule"]) else { return };
        let Some(schedule) = node.scalar_text().filter(|text| !node.is_null() && !text.contains(['$', '{']))
        else {
            return;
        };
        if let Some(why) = cron_error(schedule, Descriptors::Allowed) {
            let message = format!("`{schedule}` is not a schedule: {why}");
            cx.report(node.place(), message)
                .object(object, Some("spec.schedule"))
                .help("five fields: minute, hour, day of month, month, day of week (0 to 6)");
        }
    }
}
