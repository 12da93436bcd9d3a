//! How Argo CD marks the objects of an Application as its own.
//!
//! Mirrors `SetAppInstance` of `util/argo/resource_tracking.go` and `util/kube/kube.go`. Labels are part of every render,
//! since selectors see them. Annotations are set by [`track`] alone, where objects are shown: nothing selects by them,
//! and what a manifest writes there itself stays visible to the rules.

use smol_str::{SmolStr, format_smolstr};

use crate::finding::{Cause, Problem, ProblemKind};
use crate::k8s::{set_text, split_api_version};
use crate::origin::{Name, Origins};
use crate::output::Output;
use crate::yaml::Node;

use super::settings::Tracking;
use super::{Application, Settings};

const BY: Name = Name::new(&"Argo CD's tracking");
const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
const INSTALLATION_ID: &str = "argocd.argoproj.io/installation-id";
const LABEL: &str = "app.kubernetes.io/instance";

/// The label of the first versions, which pods get as well.
const LEGACY_LABEL: &str = "applications.argoproj.io/app-name";

/// What a label holds at most.
const MAX_LABEL: usize = 63;

/// Sets the label, and refuses objects whose metadata cannot be read: Argo CD then applies nothing at all.
pub(super) fn mark(app: &Application, settings: &Settings, output: &mut Output, origins: &mut Origins) {
    let name = settings.instance_name(app);
    let mut refused = Vec::new();
    for object in output.objects.iter_mut().filter(|object| !is_crd(object)) {
        if settings.tracking != Tracking::Label {
            refused.extend(unreadable(object, "annotations"));
        }
        if settings.tracking != Tracking::Annotation {
            refused.extend(unreadable(object, "labels"));
            let value = match settings.tracking {
                Tracking::AnnotationAndLabel => shortened(&name),
                _ => name.clone(),
            };
            let key = settings.instance_label_key.as_deref().unwrap_or(LABEL);
            set_text(object, &["metadata", "labels"], key, &value, app.place, BY, origins);
            if key == LEGACY_LABEL && has_pods(object) {
                let path = ["spec", "template", "metadata", "labels"];
                set_text(object, &path, key, &value, app.place, BY, origins);
            }
        }
    }
    if let Some(first) = refused.first() {
        let message = format!("failed to set app instance tracking info on manifest: {}", first.message);
        output.failed.get_or_insert(message);
    }
    output.problems.append(&mut refused);
}

/// What Argo CD writes into the annotation of an object.
pub fn tracking_id(object: &Node, app: &Application, settings: &Settings) -> String {
    let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
    let metadata = |key: &str| object.at_path(&["metadata", key]).and_then(Node::as_str).unwrap_or_default();
    let namespace = match metadata("namespace") {
        // Whether a kind lives in namespaces is not asked: the cluster is not.
        "" => app.destination.namespace(),
        own => own,
    };
    format!(
        "{}:{}/{}:{namespace}/{}",
        settings.instance_name(app),
        split_api_version(text("apiVersion")).0,
        text("kind"),
        metadata("name"),
    )
}

/// Sets the annotations on an object that is shown as Argo CD would apply it.
pub fn track(object: &mut Node, app: &Application, settings: &Settings, origins: &mut Origins) {
    if settings.tracking == Tracking::Label || is_crd(object) {
        return;
    }
    let id = tracking_id(object, app, settings);
    let path = ["metadata", "annotations"];
    set_text(object, &path, TRACKING_ID, &id, app.place, BY, origins);
    if let Some(installation) = &settings.installation_id {
        set_text(object, &path, INSTALLATION_ID, installation, app.place, BY, origins);
        return;
    }
    let metadata = object.as_map_mut().and_then(|map| map.get_mut("metadata")?.as_map_mut());
    if let Some(map) = metadata.and_then(|map| map.get_mut("annotations")?.as_map_mut()) {
        map.retain(|entry| entry.key.text != INSTALLATION_ID);
    }
}

/// Why the labels or annotations of an object cannot be read: they are text, every one.
fn unreadable(object: &Node, field: &str) -> Option<Problem> {
    let map = object.at_path(&["metadata", field]).filter(|map| !map.is_null())?;
    let kind = object.get("kind").and_then(Node::as_str).unwrap_or_default();
    let name = object.at_path(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
    if map.as_map().is_none() {
        let message = format!("`metadata.{field}` of {kind} `{name}` is not a mapping");
        return Some(Problem::at(ProblemKind::Render, map.place(), message));
    }
    let entry = map.entries().iter().find(|entry| entry.value.as_str().is_none())?;
    let what = if entry.value.is_null() { "has no value" } else { "is not a string" };
    let message = format!("`metadata.{field}` of {kind} `{name}`: `{}` {what}", entry.key.text);
    let help =
        "quote the value, or remove the key: Argo CD applies nothing of an Application with such an object";
    let cause = if entry.value.is_null() { Cause::Other } else { Cause::NotText };
    Some(Problem::at(ProblemKind::Render, entry.value.place(), message).because(cause).help(help))
}

fn is_crd(object: &Node) -> bool {
    let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
    let group = split_api_version(text("apiVersion")).0;
    text("kind") == "CustomResourceDefinition" && group == "apiextensions.k8s.io"
}

fn has_pods(object: &Node) -> bool {
    let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
    match split_api_version(text("apiVersion")).0 {
        "apps" | "extensions" => {
            matches!(text("kind"), "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        }
        "batch" => text("kind") == "Job",
        _ => false,
    }
}

/// The name as a label beside the annotation: cut, and without what a label must not end with.
fn shortened(name: &str) -> SmolStr {
    match name.get(..MAX_LABEL) {
        Some(cut) if name.len() > MAX_LABEL => {
            let end = cut.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            format_smolstr!("{end}")
        }
        _ => name.into(),
    }
}
