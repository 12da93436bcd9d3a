//! `default-service-account-token`: see the page.

use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};
use crate::yaml::Node;

meta!(
    "default-service-account-token",
    "security",
    Note,
    Strict,
    "0.1.0",
    "A pod carries the token of an account that it does not need."
);

pub(crate) struct DefaultServiceAccountToken;

impl Rule for DefaultServiceAccountToken {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for object in &rendered.objects {
            let Some(pod) = workloads::any(object) else { continue };
            let account = pod.spec.get("serviceAccountName").or_else(|| pod.spec.get("serviceAccount"));
            let is_default = account.is_none_or(|account| account.as_str() == Some("default"));
            let switch = pod.spec.get(SWITCH);
            if !is_default || switch.and_then(Node::as_bool) == Some(false) {
                continue;
            }
            // The account itself may switch it off, unless the pod switches it on.
            let off = |it: &Object| {
                it.is("", "ServiceAccount")
                    && it.namespace == object.namespace
                    && it.at(&[SWITCH]).and_then(Node::as_bool) == Some(false)
            };
            if switch.is_none() && rendered.named("default").any(off) {
                continue;
            }
            let place = switch.or(account).map_or_else(|| object.place(), Node::place);
            let message = format!(
                "the pods of {} `{}` mount the token of the account `default`",
                object.kind, object.name
            );
            let field = format!("{}.{SWITCH}", pod.path);
            let spec = pod.spec.place().at;
            let report = cx.report(place, message).object(object, Some(&field)).help(format!(
                "set `{SWITCH}: false`, or give it an account of its own when it calls the API"
            ));
            report.mend(|at, mender| {
                let fix = match switch {
                    Some(_) => mender.set(at, "true", "false"),
                    None => mender.insert(spec, SWITCH, "false", None),
                };
                Some(fix?.changing([field.as_str()]).not_safe())
            });
        }
    }
}

const SWITCH: &str = "automountServiceAccountToken";
