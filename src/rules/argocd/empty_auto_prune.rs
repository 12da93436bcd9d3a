//! `empty-auto-prune`: see the page.

use crate::argocd::Application;
use crate::finding::Severity;
use crate::repo::{App, KUSTOMIZATION_NAMES, Rendered, Status};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::TreePath;
use crate::yaml::Node;

meta!(
    "empty-auto-prune",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An Application renders nothing, and prunes what is on the cluster."
);

pub(crate) struct EmptyAutoPrune;

impl Rule for EmptyAutoPrune {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        let Some(automated) = application.automated.as_ref().filter(|automated| automated.prune) else {
            return;
        };
        let renders = application.sources.iter().any(|source| !(application.multi && source.is_ref_only()));
        if rendered.status() != Status::Rendered || !rendered.objects.is_empty() || !renders {
            return;
        }
        let (message, help) = if automated.allow_empty {
            (
                "the Application renders nothing, so everything it deployed is deleted",
                "remove the Application, or `allowEmpty`",
            )
        } else {
            (
                "the Application renders nothing: Argo CD refuses to delete everything it deployed, and the sync fails",
                "correct the source, or remove the Application",
            )
        };
        let waits = app_waits(application, cx) || is_empty_on_purpose(application, cx);
        let mut report = cx.report(automated.place, message).help(help);
        if waits {
            report = report.severity(Severity::Note);
        }
        if let Some(path) = application.sources.first().and_then(|source| source.path.as_ref()) {
            report.related(path.place, "nothing is rendered from here");
        }
    }
}

/// Whether what the app renders is there, but commented out: somebody waits to turn it on.
fn app_waits(application: &Application, cx: &Context<'_>) -> bool {
    let tree = &cx.workspace.tree;
    let dirs = application.sources.iter().filter_map(|source| TreePath::new(source.path()).ok());
    let texts =
        dirs.flat_map(|dir| KUSTOMIZATION_NAMES.map(|name| tree.read(&dir.child(name)).ok())).flatten();
    let is_entry =
        |line: &str| line.trim().strip_prefix('#').is_some_and(|rest| rest.trim().starts_with("- "));
    texts.into_iter().any(|file| file.text_or_empty().lines().any(is_entry))
}

/// Whether somebody wrote that nothing is applied: a kustomization whose `resources` are `[]`.
fn is_empty_on_purpose(application: &Application, cx: &Context<'_>) -> bool {
    let tree = &cx.workspace.tree;
    let mut dirs = application.sources.iter().filter_map(|source| TreePath::new(source.path()).ok());
    dirs.any(|dir| {
        let mut files = KUSTOMIZATION_NAMES.iter().filter_map(|name| tree.read(&dir.child(name)).ok());
        files.any(|file| {
            let stream = cx.workspace.cache.stream(&file);
            let root = stream.documents.first().and_then(|document| document.root.as_ref());
            let resources = root.and_then(|root| root.get("resources"));
            resources.and_then(Node::as_seq).is_some_and(<[Node]>::is_empty)
        })
    })
}
