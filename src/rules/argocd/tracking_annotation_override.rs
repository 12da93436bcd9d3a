//! `tracking-annotation-override`: see the page.

use crate::origin::Step;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "tracking-annotation-override",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A manifest sets the annotation that Argo CD uses to track its objects."
);

pub(crate) struct TrackingAnnotationOverride;

impl Rule for TrackingAnnotationOverride {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if app.application().is_none() {
            return;
        }
        for object in &rendered.objects {
            for annotation in ["argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id"] {
                let Some(node) = object.annotation(annotation) else { continue };
                // What the render itself put there is not written by anybody.
                let origin = rendered.origins.get(node.origin);
                if origin.is_some_and(|origin| matches!(origin.by, Step::SetByApp(_)) && origin.at.is_none()) {
                    continue;
                }
                let field = format!("metadata.annotations[{annotation}]");
                cx.report(node.place(), format!("`{annotation}` belongs to Argo CD: it says which app owns the object"))
                    .object(object, Some(&field))
                    .help("remove the annotation: Argo CD sets it");
            }
        }
    }
}
