//! `immutable-job`: see the page.

use crate::repo::{App, AppKind, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "immutable-job",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "A Job keeps its name when its template changes, which Kubernetes forbids."
);

pub(crate) struct ImmutableJob;

impl Rule for ImmutableJob {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if !matches!(app.kind, AppKind::Application | AppKind::Kustomization) {
            return;
        }
        for object in rendered.objects.iter().filter(|it| it.is("batch", "Job") && !it.name.is_empty()) {
            let hook = ["argocd.argoproj.io/hook", "helm.sh/hook", "kustomize.toolkit.fluxcd.io/force"]
                .iter()
                .any(|it| object.annotation(it).is_some());
            let options = object
                .annotation("argocd.argoproj.io/sync-options")
                .and_then(Node::as_str)
                .unwrap_or_default();
            let of_app = app
                .node
                .iter()
                .flat_map(|node| node.items(&["spec", "syncPolicy", "syncOptions"]))
                .filter_map(Node::as_str);
            let replaced = options
                .split(',')
                .chain(of_app)
                .any(|option| matches!(option.trim(), "Replace=true" | "Force=true"));
            let forced = app
                .node
                .as_ref()
                .is_some_and(|node| node.at_path(&["spec", "force"]).and_then(Node::as_bool) == Some(true));
            // A Job that is gone when the next version comes does no harm.
            let short_lived = object.at(&["spec", "ttlSecondsAfterFinished"]).is_some();
            let versioned = object
                .name
                .rsplit('-')
                .next()
                .is_some_and(|last| last.len() > 4 && last.bytes().any(|byte| byte.is_ascii_digit()));
            if hook || replaced || forced || short_lived || versioned {
                continue;
            }
            let message = format!(
                "Job `{}` cannot be updated: its template is immutable and its name does not change",
                object.name
            );
            cx.report(object.place(), message)
                .object(object, Some("metadata.name"))
                .help("make it a hook with a delete policy, set `ttlSecondsAfterFinished`, or annotate `argocd.argoproj.io/sync-options: Force=true,Replace=true`");
        }
    }
}
