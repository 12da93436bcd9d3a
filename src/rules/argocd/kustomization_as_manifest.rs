//! `kustomization-as-manifest`: see the page.

use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "kustomization-as-manifest",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A kustomization file is applied as if it were an object."
);

pub(crate) struct KustomizationAsManifest;

impl Rule for KustomizationAsManifest {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // One directory that is read as it is brings all of them: they are one mistake.
        let mut sent = rendered.objects.iter().filter(|object| object.group == "kustomize.config.k8s.io");
        let Some(first) = sent.next() else { return };
        let place = |object: &Object| {
            object.at(&["kind"]).map_or_else(|| object.node.place(), crate::yaml::Node::place)
        };
        let others: Vec<&Object> = sent.collect();
        let message = match others.len() {
            0 => format!("this {} is sent to the cluster, which knows no such kind", first.kind),
            more => {
                format!(
                    "this {} and {more} more are sent to the cluster, which knows no such kind",
                    first.kind
                )
            }
        };
        let mut report = cx.report(place(first), message).object(first, None).help(
            "exclude the file with `directory.exclude`, or drop the `directory` block so that the path is built \
             by kustomize",
        );
        for other in others.into_iter().take(3) {
            report = report.related(place(other), "and this one");
        }
    }
}
