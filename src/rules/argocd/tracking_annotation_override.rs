//! `tracking-annotation-override`: see the page.

use crate::argocd::tracking_id;
use crate::origin::Step;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

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
        let Some(application) = app.application() else { return };
        // What the app itself puts on all of its objects is told once, where it says so.
        for source in &application.sources {
            let added = source.node.at_path(&["kustomize", "commonAnnotations"]).map(Node::entries);
            for entry in added.unwrap_or_default() {
                if TRACKING.contains(&entry.key.text.as_str()) {
                    let message = message(&entry.key.text);
                    cx.report(entry.value.place(), message).help(HELP);
                }
            }
        }
        for object in &rendered.objects {
            for annotation in TRACKING {
                let Some(node) = object.annotation(annotation) else { continue };
                // What the render itself put there is not written by anybody.
                let by = rendered.origins.get(node.origin).map(|origin| origin.by);
                if matches!(by, Some(Step::SetByApp(_))) {
                    continue;
                }
                // A copy from the cluster says what Argo CD writes there anyway.
                let settings = &cx.workspace.control_plane().settings;
                if node.as_str() == Some(&tracking_id(&object.node, application, settings)) {
                    continue;
                }
                let field = format!("metadata.annotations[{annotation}]");
                cx.report(node.place(), message(annotation)).object(object, Some(&field)).help(HELP);
            }
        }
    }
}

/// Annotations by which Argo CD knows its objects.
const TRACKING: [&str; 2] = ["argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id"];

const HELP: &str = "remove the annotation: Argo CD sets it";

fn message(annotation: &str) -> String {
    format!("`{annotation}` belongs to Argo CD: it says which app owns the object")
}
