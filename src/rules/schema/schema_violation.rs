//! `schema-violation`: see the page.

use crate::finding::Severity;
use crate::repo::Object;
use crate::rules::schemas::{self, Said};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::What;

meta!(
    "schema-violation",
    "schema",
    Error,
    Recommended,
    "0.2.0",
    "A value is not what the schema of its kind allows, or a required field is missing."
);

pub(crate) struct SchemaViolation;

impl Rule for SchemaViolation {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        for violation in schemas::violations(object, cx) {
            let said = Said::of(object);
            let path = schemas::plain(&violation.path);
            let subject = match path.as_str() {
                "" => said.one(),
                path => format!("`{path}` of {}", said.one()),
            };
            let (message, help) = match &violation.what {
                What::UnknownField { .. } => continue,
                // What nothing applies may be a patch, or an example of one.
                What::Missing(_) if cx.is_unclaimed() => continue,
                What::Missing(fields) => {
                    let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
                    let words = names.join(" and ");
                    (
                        format!("{subject} lacks {words}"),
                        Some(format!("add {words}: the API server requires it")),
                    )
                }
                What::Wrong { words, meant } => {
                    let help = meant.as_ref().map(|meant| format!("did you mean `{meant}`?"));
                    (format!("{subject} {words}"), help)
                }
            };
            let may_be_part = matches!(violation.what, What::Missing(_)) && cx.is_overlay_alone();
            let mut report = cx.report(violation.place, message).object(object, Some(&violation.path));
            if let Some(help) = help {
                report = report.help(help);
            }
            if may_be_part {
                report.at_most(Severity::Warning);
            }
        }
    }
}
