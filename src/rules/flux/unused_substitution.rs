//! `unused-substitution`: see the page.

use crate::repo::{App, Rendered, Spec, Status};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unused-substitution",
    "flux",
    Note,
    Strict,
    "0.1.0",
    "A variable of `postBuild.substitute` is used by nothing that the Kustomization renders."
);

pub(crate) struct UnusedSubstitution;

impl Rule for UnusedSubstitution {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Spec::FluxKustomization(kustomization, _) = &app.spec else { return };
        if app.provisional || rendered.status() != Status::Rendered {
            return;
        }
        for (name, _) in &kustomization.substitute {
            if rendered.substitutions.iter().any(|it| it.name == name.value) {
                continue;
            }
            let message =
                format!("Kustomization `{}` renders nothing that uses `${{{}}}`", app.name, name.value);
            cx.report(name.place, message)
                .help("remove the variable")
                .mend(|at, mender| Some(mender.delete(at)?.changing(["spec.postBuild"])));
        }
    }
}
