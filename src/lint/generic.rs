//! One mistake, one rule: what a narrow rule says about a value, the rules about schemas do not say again.

use std::collections::BTreeSet;

use crate::finding::{Finding, ObjectRef};
use crate::source::Span;

/// The rules that judge by schema, or by the API server's own validation.
const GENERIC: &[&str] = &["invalid-object", "schema-violation", "unknown-field"];

/// Rules that say more about a value which a schema refuses, too.
const NARROW: &[&str] = &[
    "duplicate-env-var",
    "duplicate-mount-path",
    "implicit-type",
    "invalid-cron-schedule",
    "invalid-host-name",
    "invalid-image-reference",
    "invalid-name-or-label",
    "invalid-port-name",
    "invalid-quantity",
    "invalid-restart-policy",
    "unknown-application-field",
    "unknown-flux-field",
    "unknown-kustomization-field",
    "unsubstituted-placeholder",
];

/// Takes away what a narrow rule says at the same bytes, or about the same field of the same object.
pub(super) fn without_repetition(findings: &mut Vec<Finding>) {
    if !findings.iter().any(|it| GENERIC.contains(&it.rule.as_str())) {
        return;
    }
    let narrow = || findings.iter().filter(|it| NARROW.contains(&it.rule.as_str()));
    let places: BTreeSet<Span> = narrow().map(|it| it.primary.at).collect();
    let fields: BTreeSet<ObjectRef> =
        narrow().filter_map(|it| it.object.clone()).filter(|it| it.field.is_some()).collect();
    findings.retain(|it| {
        let said = places.contains(&it.primary.at)
            || it.object.as_ref().is_some_and(|object| fields.contains(object));
        !(said && GENERIC.contains(&it.rule.as_str()))
    });
}
