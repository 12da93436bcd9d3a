//! `undecrypted-secret`: see the page.

use crate::repo::{App, Rendered, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "undecrypted-secret",
    "flux",
    Error,
    Recommended,
    "0.1.0",
    "A Kustomization without `spec.decryption` builds a Secret that SOPS has encrypted."
);

pub(crate) struct UndecryptedSecret;

impl Rule for UndecryptedSecret {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Spec::FluxKustomization(kustomization, _) = &app.spec else { return };
        let spec = kustomization.node.get("spec");
        let decrypts = spec.and_then(|spec| spec.get("decryption")).is_some_and(|it| !it.is_null());
        if app.provisional || decrypts {
            return;
        }
        // `IsEncryptedSecret` of kustomize-controller: a Secret with the block that SOPS writes.
        let encrypted = rendered.objects.iter().filter(|object| object.is("", "Secret"));
        for object in encrypted {
            let Some(sops) = object.node.get("sops").filter(|sops| sops.as_map().is_some()) else { continue };
            let message = format!(
                "Secret `{}` is encrypted with SOPS, and the Kustomization does not decrypt",
                object.name
            );
            let mut report = cx
                .report(sops.place(), message)
                .object(object, None)
                .related(kustomization.place, "`spec.decryption` is missing here")
                .help("set `spec.decryption: {provider: sops, secretRef: {name: ...}}` on the Kustomization");
            // What the bootstrap applies may be patched where this repository does not show it.
            if app.parent.is_none() {
                report = report.likely();
            }
            drop(report);
        }
    }
}
