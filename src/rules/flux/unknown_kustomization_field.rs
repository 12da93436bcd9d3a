//! `unknown-kustomization-field`: see the page.

use crate::near::did_you_mean;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unknown-kustomization-field",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A kustomization.yaml that Flux builds has a field that does not exist: Flux drops it without a word."
);

pub(crate) struct UnknownKustomizationField;

impl Rule for UnknownKustomizationField {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for dropped in &rendered.dropped {
            let message = format!(
                "a kustomization has no field `{}`: Kustomization `{}` is built as if it were not there",
                dropped.name, app.name
            );
            let close = did_you_mean(&dropped.name, dropped.known.iter().copied());
            let help = match close {
                Some(close) => format!("did you mean `{close}`?"),
                None => "remove it, or check its indentation".to_owned(),
            };
            cx.report(dropped.place, message).help(help).mend(|at, mender| match close {
                Some(close) => Some(mender.spell(at, &dropped.name, close)?.changing_apps()),
                None => mender.delete(at),
            });
        }
    }
}
