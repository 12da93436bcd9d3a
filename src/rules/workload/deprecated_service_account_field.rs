//! `deprecated-service-account-field`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "deprecated-service-account-field",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "A pod names its account in the deprecated field `serviceAccount`."
);

pub(crate) struct DeprecatedServiceAccountField;

impl Rule for DeprecatedServiceAccountField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        let Some(old) =
            pod.spec.get("serviceAccount").filter(|_| pod.spec.get("serviceAccountName").is_none())
        else {
            return;
        };
        let message =
            format!("{} `{}` uses `serviceAccount`, which is a deprecated alias", object.kind, object.name);
        let field = format!("{}.serviceAccount", pod.path);
        cx.report(old.place(), message)
            .object(object, Some(&field))
            .help("call the field `serviceAccountName`")
            .mend(|at, mender| {
                let new = format!("{}.serviceAccountName", pod.path);
                Some(
                    mender
                        .rename(at, "serviceAccount", "serviceAccountName")?
                        .changing([field.as_str(), new.as_str()]),
                )
            });
    }
}
