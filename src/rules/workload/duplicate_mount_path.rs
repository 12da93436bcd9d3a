//! `duplicate-mount-path`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "duplicate-mount-path",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "A container mounts two volumes at the same path."
);

pub(crate) struct DuplicateMountPath;

impl Rule for DuplicateMountPath {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let mounts = container.node.items(&["volumeMounts"]);
            for (index, item) in mounts.iter().enumerate() {
                let Some(node) = item.get("mountPath") else { continue };
                let Some(path) = node.as_str() else { continue };
                let first = mounts
                    .iter()
                    .take(index)
                    .filter_map(|other| other.get("mountPath"))
                    .find(|other| other.as_str() == Some(path));
                let Some(first) = first else { continue };
                let message = format!(
                    "{} `{}` mounts two volumes at `{path}`",
                    container.kind.noun(),
                    container.name()
                );
                let field = container.path(&pod, &format!("volumeMounts[{index}].mountPath"));
                cx.report(node.place(), message)
                    .object(object, Some(&field))
                    .related(first.place(), "mounted here first")
                    .help("give each mount its own path, or remove one");
            }
        }
    }
}
