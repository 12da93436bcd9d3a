//! `invalid-restart-policy`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "invalid-restart-policy",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "The API server refuses the restartPolicy of these pods."
);

pub(crate) struct InvalidRestartPolicy;

impl Rule for InvalidRestartPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        // What no app deploys may be a patch, which says a part only.
        let whole = || pod.containers().all(|container| container.node.get("image").is_some());
        if cx.is_unclaimed() && !whole() {
            return;
        }
        let policy = pod.spec.get("restartPolicy");
        let policy = policy.filter(|policy| policy.as_str() != Some(""));
        let word = policy.and_then(Node::as_str).unwrap_or("Always");
        let allowed: &[&str] = match (object.group.as_str(), object.kind.as_str()) {
            ("batch", "Job" | "CronJob") => &["OnFailure", "Never"],
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => &["Always"],
            ("", "Pod") => &["Always", "OnFailure", "Never"],
            _ => return,
        };
        if allowed.contains(&word) || word.contains(['$', '{']) {
            return;
        }
        let words = if policy.is_some() {
            format!("has restartPolicy `{word}`")
        } else {
            "has no restartPolicy, which means `Always`".to_owned()
        };
        let place = policy.or_else(|| pod.spec.get("containers")).unwrap_or(pod.spec).place();
        let message = format!("{} `{}` {words}", object.kind, object.name);
        let field = format!("{}.restartPolicy", pod.path);
        cx.report(place, message)
            .object(object, Some(&field))
            .help(format!(
                "use {}",
                allowed.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" or ")
            ))
            .mend(|at, mender| {
                let fix = match (policy, allowed) {
                    (Some(_), [only]) => mender.set(at, word, only)?,
                    (Some(_), _) => mender.set(at, word, "Never")?.not_safe(),
                    (None, _) => mender.insert_beside(at, "restartPolicy", "Never")?.not_safe(),
                };
                Some(fix.changing([field.as_str()]))
            });
    }
}
