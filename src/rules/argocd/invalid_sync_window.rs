//! `invalid-sync-window`: see the page.

use crate::argocd::SyncWindow;
use crate::golang::cron::{Descriptors, cron_error};
use crate::golang::time::Duration;
use crate::origin::Place;
use crate::repo::Inventory;
use crate::rules::projects::projects;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "invalid-sync-window",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A sync window of a project cannot work."
);

pub(crate) struct InvalidSyncWindow;

impl Rule for InvalidSyncWindow {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for declared in projects(inventory, cx.workspace) {
            for window in &declared.project.sync_windows {
                for (place, message, help) in wrong(window) {
                    cx.report(place, message).apps(declared.app).help(help);
                }
            }
        }
    }
}

/// What is wrong with a window, where, and what to do.
fn wrong(window: &SyncWindow) -> Vec<(Place, String, &'static str)> {
    let mut wrong = Vec::new();
    match &window.kind {
        Some(kind) if matches!(kind.value.as_str(), "allow" | "deny") => {}
        Some(kind) => {
            let message = format!("a sync window of kind `{}` does nothing", kind.value);
            wrong.push((kind.place, message, "write `allow` or `deny`"));
        }
        None => wrong.push((
            window.place,
            "a sync window has no kind".to_owned(),
            "add `kind: allow` or `kind: deny`",
        )),
    }
    match &window.schedule {
        Some(schedule) => {
            if let Some(why) = cron_error(&schedule.value, Descriptors::Refused) {
                let message = format!("the schedule `{}` cannot be read: {why}", schedule.value);
                wrong.push((
                    schedule.place,
                    message,
                    "write minute, hour, day of the month, month, day of the week: `0 22 * * 1-5`",
                ));
            }
        }
        None => wrong.push((
            window.place,
            "a sync window has no schedule".to_owned(),
            "add `schedule`, such as `0 22 * * *`",
        )),
    }
    match &window.duration {
        Some(duration) if Duration::parse(&duration.value).is_ok() => {}
        Some(duration) => {
            let message = format!("the duration `{}` cannot be read", duration.value);
            wrong.push((duration.place, message, "write hours, minutes and seconds: `1h30m`"));
        }
        None => wrong.push((
            window.place,
            "a sync window has no duration".to_owned(),
            "add `duration`, such as `2h`",
        )),
    }
    if window.applications.is_empty() && window.namespaces.is_empty() && window.clusters.is_empty() {
        let message = "a sync window without applications, namespaces and clusters is for nothing".to_owned();
        wrong.push((window.place, message, "add one of them: `applications: ['*']` for all"));
    }
    wrong
}
