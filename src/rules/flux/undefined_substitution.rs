//! `undefined-substitution`: see the page.

use std::collections::BTreeMap;

use crate::finding::Severity;
use crate::near::did_you_mean;
use crate::output::{Known, Substitution};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "undefined-substitution",
    "flux",
    Warning,
    Recommended,
    "0.1.0",
    "A `${variable}` that nothing defines becomes an empty string."
);

pub(crate) struct UndefinedSubstitution;

impl Rule for UndefinedSubstitution {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if app.provisional {
            return;
        }
        let strict = cx.workspace.bootstrap().strict;
        let undefined = |it: &&Substitution| it.variable == Known::Undefined && !it.has_default;
        // One finding per variable and file.
        let mut groups: BTreeMap<_, Vec<&Substitution>> = BTreeMap::new();
        for substitution in rendered.substitutions.iter().filter(undefined) {
            groups.entry((&substitution.name, substitution.place.at.file)).or_default().push(substitution);
        }
        let cluster = match app.cluster.rsplit('/').next() {
            Some(name) if !name.is_empty() => format!(" of cluster `{name}`"),
            _ => String::new(),
        };
        for ((name, _), group) in groups {
            let Some(first) = group.first() else { continue };
            let effect = match strict {
                Some(true) => "fails on it",
                Some(false) => "makes it an empty string",
                None => "makes it an empty string, or fails on it from Flux 2.9 on",
            };
            let message =
                format!("nothing defines `${{{name}}}`: Kustomization `{}`{cluster} {effect}", app.name);
            let known = rendered.variables.iter().map(|variable| variable.value.as_str());
            let close = did_you_mean(name, known);
            let help = match close {
                Some(close) => format!("did you mean `${{{close}}}`?"),
                None => format!(
                    "define it in `postBuild`, give it a default (`${{{name}:=...}}`), or write `$${{{name}}}` for \
                     the literal text; what a webhook brings is declared as `Variable` under `external:`"
                ),
            };
            let mut report = cx.report(first.place, message).help(help).mend(|at, mender| {
                let fix = mender.replace_part(at, &format!("${{{name}}}"), &format!("${{{}}}", close?))?;
                Some(fix.changing_apps().not_safe())
            });
            if strict == Some(true) {
                report = report.severity(Severity::Error);
            }
            for other in group.iter().skip(1).take(3) {
                report = report.related(other.place, "used here too");
            }
        }
    }
}
