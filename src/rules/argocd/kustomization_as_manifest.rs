//! `kustomization-as-manifest`: see the page.

use crate::repo::Object;
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

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.group == "kustomize.config.k8s.io" {
            let place = object.at(&["kind"]).map_or_else(|| object.node.place(), crate::yaml::Node::place);
            cx.report(place, format!("this {} is sent to the cluster, which knows no such kind", object.kind))
                .object(object, None)
                .help(
                    "exclude the file with `directory.exclude`, or drop the `directory` block so that the path is built \
                     by kustomize",
                );
        }
    }
}
