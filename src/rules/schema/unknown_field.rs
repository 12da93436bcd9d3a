//! `unknown-field`: see the page.

use crate::repo::Object;
use crate::rules::schemas::{self, Said};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::{Meant, What};

meta!(
    "unknown-field",
    "schema",
    Error,
    Recommended,
    "0.2.0",
    "An object has a field that its kind does not have."
);

pub(crate) struct UnknownField;

impl Rule for UnknownField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if schemas::is_of_controller(&object.group, &object.kind) {
            return;
        }
        for violation in schemas::violations(object, cx) {
            let What::UnknownField { name, parent, meant, minors } = &violation.what else { continue };
            let said = Said::of(object);
            let message = match schemas::plain(parent).as_str() {
                "" => format!("{} has no field `{name}`", said.one()),
                parent => format!("`{parent}` of {} has no field `{name}`", said.one()),
            };
            let minor = cx.minor().number;
            let help = match (meant, minors) {
                (_, Some((first, _))) if *first > minor => {
                    format!("Kubernetes has it since 1.{first}, and the cluster is 1.{minor}: remove it")
                }
                (_, Some((_, last))) => {
                    format!("Kubernetes had it until 1.{last}, and the cluster is 1.{minor}: remove it")
                }
                (Some(Meant::Name(known)), _) => format!("did you mean `{known}`?"),
                (Some(Meant::Below(path)), _) => format!("`{name}` belongs to `{}`", schemas::plain(path)),
                (None, None) => "remove it: the API server refuses it, or drops it without a word".to_owned(),
            };
            // A newer version of the project may have it.
            let newer = meant.is_none() && minors.is_none() && schemas::is_published(object, cx);
            let report = cx.report(violation.place, message).object(object, Some(&violation.path)).help(help);
            let old = violation.path.as_str();
            let report = report.mend(|at, mender| match meant {
                Some(Meant::Name(known)) => {
                    let new = old.strip_suffix(name.as_str()).map(|parent| format!("{parent}{known}"))?;
                    Some(mender.spell(at, name, known)?.changing([old, new.as_str()]))
                }
                Some(Meant::Below(_)) => None,
                None => Some(mender.delete(at)?.changing([old]).not_safe()),
            });
            if newer {
                report.likely();
            }
        }
    }
}
