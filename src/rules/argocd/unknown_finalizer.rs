//! `unknown-finalizer`: see the page.

use crate::near::did_you_mean;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unknown-finalizer",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A finalizer of an Application, ApplicationSet or AppProject is one that Argo CD does not know."
);

pub(crate) struct UnknownFinalizer;

/// `pkg/apis/application/v1alpha1/types.go`: `ResourcesFinalizerName`, its propagation policies, the finalizers of hooks.
const KNOWN: &[&str] = &[
    "resources-finalizer.argocd.argoproj.io",
    "resources-finalizer.argocd.argoproj.io/background",
    "resources-finalizer.argocd.argoproj.io/foreground",
    "post-delete-finalizer.argocd.argoproj.io",
    "post-delete-finalizer.argocd.argoproj.io/cleanup",
    "pre-delete-finalizer.argocd.argoproj.io",
    "pre-delete-finalizer.argocd.argoproj.io/cleanup",
];

impl Rule for UnknownFinalizer {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for object in &inventory.declared {
            let own: &[&str] = &["metadata", "finalizers"];
            let paths: &[&[&str]] = match object.kind.as_str() {
                "Application" | "AppProject" => &[own],
                "ApplicationSet" => &[own, &["spec", "template", "metadata", "finalizers"]],
                _ => &[],
            };
            for finalizer in paths.iter().flat_map(|path| object.node.items(path)) {
                let Some(name) = finalizer.as_str().map(str::trim) else { continue };
                let close = did_you_mean(name, KNOWN.iter().copied());
                // Finalizers of Kubernetes and of other controllers are theirs to remove.
                let is_meant = name.contains("argoproj.io") || close.is_some();
                if KNOWN.contains(&name) || !is_meant || name.contains("{{") {
                    continue;
                }
                let help =
                    format!("did you mean `{}`?", close.unwrap_or("resources-finalizer.argocd.argoproj.io"));
                cx.report(
                    finalizer.place(),
                    format!(
                        "Argo CD does not know the finalizer `{name}`, so deleting the {} hangs",
                        object.kind
                    ),
                )
                .apps(object.app)
                .help(help)
                .mend(|at, mender| {
                    Some(
                        mender
                            .spell(at, name, close?)?
                            .changing(["**.metadata.finalizers", "metadata.finalizers"]),
                    )
                });
            }
        }
    }
}
