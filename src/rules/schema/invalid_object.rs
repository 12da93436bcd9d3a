//! `invalid-object`: see the page.

use crate::admission;
use crate::finding::Confidence;
use crate::k8s;
use crate::repo::{App, AppKind, Object, Rendered, Status};
use crate::rules::schemas;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::Scope;

meta!(
    "invalid-object",
    "schema",
    Error,
    Recommended,
    "0.2.0",
    "The API server refuses an object for a reason that no schema states."
);

/// Whether a claim is its size alone and bears the mark of a program: whoever applies it resizes the one that the program made.
fn is_resized(object: &Object) -> bool {
    let tools = |domain: &str| {
        ["argoproj.io", "kubernetes.io", "k8s.io", "helm.sh", "fluxcd.io"]
            .iter()
            .any(|it| domain.ends_with(it))
    };
    let marks = object.at(&["metadata", "annotations"]).into_iter().flat_map(|it| it.entries().iter());
    let marked = marks.filter_map(|entry| entry.key.text.split_once('/')).any(|(domain, _)| !tools(domain));
    let spec = object.at(&["spec"]).into_iter().flat_map(|spec| spec.entries().iter());
    object.is("", "PersistentVolumeClaim")
        && marked
        && spec.map(|entry| entry.key.text.as_str()).eq(["resources"])
}

pub(crate) struct InvalidObject;

impl Rule for InvalidObject {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    /// Flux applies objects as they are: one whose kind lives in namespaces and that has none fails the whole Kustomization.
    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if app.kind != AppKind::Kustomization || app.provisional || rendered.status() != Status::Rendered {
            return;
        }
        let is_known = |group: &str| k8s::is_built_in(group) || group.ends_with(".toolkit.fluxcd.io");
        let lost = |object: &&Object| {
            object.namespace.is_empty()
                && !object.name.is_empty()
                && is_known(&object.group)
                && object.scope(cx.workspace) == Some(Scope::Namespaced)
        };
        let lost: Vec<&Object> = rendered.objects.iter().filter(lost).collect();
        let Some(first) = lost.first() else { return };
        let message = match lost.len() {
            1 => format!("{} `{}` has no namespace: Flux cannot apply it", first.kind, first.name),
            count => format!(
                "{count} objects, such as {} `{}`, have no namespace: Flux cannot apply them",
                first.kind, first.name
            ),
        };
        let report = cx.report(first.place(), message).object(first, Some("metadata.namespace"));
        let report = report.help("add `metadata.namespace`, or set `targetNamespace` on the Kustomization");
        // What the bootstrap applies may be patched where this repository does not show it.
        if app.parent.is_none() {
            report.likely();
        }
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's objects may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        for bad in admission::bad_expressions(&object.group, &object.kind, &object.node) {
            cx.report(bad.place, bad.words)
                .object(object, Some(&bad.path))
                .help("the API server compiles expressions when the object is applied, and refuses this one");
        }
        let cluster = k8s::is_built_in(&object.group) && object.scope(cx.workspace) == Some(Scope::Cluster);
        let told = schemas::violations(object, cx);
        for refusal in k8s::refusals(&object.group, &object.kind, cluster, &object.node) {
            // What SOPS encrypted is another text when it is applied.
            let file = cx.sources().get(refusal.place.at.file);
            if file.is_some_and(|file| {
                file.slice(refusal.place.at).trim_start_matches(['"', '\'']).starts_with("ENC[")
            }) {
                continue;
            }
            // A part that stands one level too high is one mistake, told where it stands.
            if refusal.lacks && told.iter().any(|violation| violation.is_misplaced(&refusal.path)) {
                continue;
            }
            // What its schema says about the same value is said once.
            if !refusal.lacks && told.iter().any(|violation| violation.place == refusal.place) {
                continue;
            }
            // What nothing applies may be a patch, and what tests of a chart make need not be whole.
            if refusal.lacks && (cx.is_unclaimed() || cx.is_test_release()) {
                continue;
            }
            // The values of a chart inside that is not on this machine may say it.
            let partial = cx.is_partial().then_some(Confidence::Possible);
            let bare = schemas::is_bare(object) || is_resized(object);
            let bare = bare.then_some(Confidence::Possible);
            let sure =
                cx.completed(object).into_iter().chain(partial).chain(bare).min().filter(|_| refusal.lacks);
            let report = cx
                .report(refusal.place, refusal.words)
                .object(object, Some(&refusal.path))
                .lacking(refusal.lacks)
                .help(refusal.help.unwrap_or("the API server refuses the object as it is"));
            if let Some(sure) = sure {
                report.confidence(sure);
            }
        }
    }
}
