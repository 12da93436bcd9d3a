//! `lingering-job`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "lingering-job",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "A Job stays after it has finished, or a CronJob loses its history."
);

pub(crate) struct LingeringJob;

impl Rule for LingeringJob {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.is("batch", "Job") {
            let hook = ["argocd.argoproj.io/hook", "helm.sh/hook"]
                .iter()
                .any(|name| object.annotation(name).is_some());
            if hook || object.at(&["spec", "ttlSecondsAfterFinished"]).is_some() {
                return;
            }
            let message = format!("Job `{}` has no ttlSecondsAfterFinished", object.name);
            cx.report(object.place(), message)
                .object(object, Some("spec.ttlSecondsAfterFinished"))
                .help("set it, or make the Job a hook with a delete policy: a Job that Argo CD owns is made again once it is gone");
        } else if object.is("batch", "CronJob") {
            let path = ["spec", "jobTemplate", "spec", "ttlSecondsAfterFinished"];
            let Some(ttl) = object.at(&path) else { return };
            let message = format!("CronJob `{}` sets ttlSecondsAfterFinished for its Jobs", object.name);
            cx.report(ttl.place(), message)
                .object(object, Some("spec.jobTemplate.spec.ttlSecondsAfterFinished"))
                .mend(|at, mender| {
                    Some(
                        mender
                            .delete(at)?
                            .changing(["spec.jobTemplate.spec.ttlSecondsAfterFinished"])
                            .not_safe(),
                    )
                })
                .help("leave it out: the history limits of the CronJob decide which Jobs stay");
        }
    }
}
