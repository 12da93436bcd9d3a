//! `unknown-field`: see the page.

use crate::finding::{Confidence, GivenBy};
use crate::repo::Object;
use crate::rules::schemas::{self, Said};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::{Meant, Violation, What};

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

    fn judges_parts(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if schemas::is_of_controller(&object.group, &object.kind) {
            return;
        }
        let said = Said::of(object);
        let unknown: Vec<_> = schemas::violations(object, cx)
            .iter()
            .filter(|violation| matches!(violation.what, What::UnknownField { .. }))
            .collect();
        // What one action of a template prints, or a whole block that slipped into another, is one mistake.
        let alike = |a: &&Violation, b: &&Violation| match (&a.what, &b.what) {
            (What::UnknownField { parent: one, .. }, What::UnknownField { parent: other, .. }) => {
                one == other
            }
            _ => false,
        };
        for block in unknown.chunk_by(alike) {
            let printed = |it: &&&Violation| !it.place.origin.is_written();
            let is_one = block.len() > 2 || block.len() > 1 && block.iter().all(|it| printed(&it));
            let told = if is_one { block.get(..1).unwrap_or_default() } else { block };
            for violation in told {
                let What::UnknownField { name, parent, meant, minors } = &violation.what else { continue };
                let names = if is_one { names(block) } else { format!("field `{name}`") };
                let message = match schemas::plain(parent).as_str() {
                    "" => format!("{} has no {names}", said.one()),
                    parent => format!("`{parent}` of {} has no {names}", said.one()),
                };
                let version = cx.minor();
                let minor = version.number;
                let help = match (meant, minors) {
                    (_, Some((first, _))) if *first > minor => {
                        format!("Kubernetes has it since 1.{first}, and the cluster is 1.{minor}: remove it")
                    }
                    (_, Some((_, last))) => {
                        format!("Kubernetes had it until 1.{last}, and the cluster is 1.{minor}: remove it")
                    }
                    (Some(Meant::Name(known)), _) => format!("did you mean `{known}`?"),
                    (Some(Meant::Below(path)), _) => {
                        format!("`{name}` belongs to `{}`", schemas::plain(path))
                    }
                    (None, None) if is_one => "check the indentation: the API server refuses them".to_owned(),
                    (None, None) => {
                        "remove it: the API server refuses it, or drops it without a word".to_owned()
                    }
                };
                // Another version of the project may have it, or have it there.
                let newer = !matches!(meant, Some(Meant::Name(_)))
                    && minors.is_none()
                    && schemas::is_published(object, cx);
                // A newer revision of the project may have it, where it is like nothing that this one has.
                let once = meant.is_none() && (schemas::is_known_once(object, cx) || newer);
                let definition = cx.workspace.given_by(object);
                // A copy that nothing applies may be older than what the cluster has.
                let definition = definition.map(|it| match meant {
                    Some(_) => it,
                    None => GivenBy { otherwise: Confidence::Possible, ..it },
                });
                let mut report = cx
                    .report(violation.place, message)
                    .given_by(definition)
                    .object(object, Some(&violation.path))
                    .help(help);
                if violation.of_minor {
                    report = report.by_version(version);
                }
                let old = violation.path.as_str();
                let report = report.mend(|at, mender| match meant {
                    _ if is_one => None,
                    Some(Meant::Name(known)) => {
                        let new = old.strip_suffix(name.as_str()).map(|parent| format!("{parent}{known}"))?;
                        Some(mender.spell(at, name, known)?.changing([old, new.as_str()]))
                    }
                    Some(Meant::Below(_)) => None,
                    None => Some(mender.delete(at)?.changing([old]).not_safe()),
                });
                let bare = schemas::is_installed_bare(object);
                // The API server takes anything there.
                if once || bare && meant.is_none() {
                    report.possible();
                } else if newer || bare {
                    report.likely();
                }
            }
        }
    }
}

/// The fields of a block in a sentence.
fn names(block: &[&Violation]) -> String {
    let name = |violation: &&Violation| match &violation.what {
        What::UnknownField { name, .. } => Some(format!("`{name}`")),
        _ => None,
    };
    let names: Vec<String> = block.iter().filter_map(name).collect();
    match names.get(..MANY) {
        Some(first) if names.len() > MANY => {
            format!("fields {} and {} more", first.join(", "), names.len() - MANY)
        }
        _ => format!("fields {}", names.join(", ")),
    }
}

/// More names than a sentence takes.
const MANY: usize = 5;
