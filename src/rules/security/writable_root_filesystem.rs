//! `writable-root-filesystem`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};
use crate::yaml::Node;

meta!(
    "writable-root-filesystem",
    "security",
    Note,
    Strict,
    "0.1.0",
    "A container can write to its root filesystem."
);

pub(crate) struct WritableRootFilesystem;

impl Rule for WritableRootFilesystem {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = workloads::any(object) else { return };
        for container in pod.containers() {
            let context = container.node.get("securityContext");
            let flag = context.and_then(|context| context.get("readOnlyRootFilesystem"));
            if flag.and_then(Node::as_bool) == Some(true) {
                continue;
            }
            let place =
                flag.or(context).or_else(|| container.node.get("name")).unwrap_or(container.node).place();
            let message =
                format!("{} `{}` can write to its root filesystem", container.kind.noun(), container.name());
            let field = container.path(&pod, "securityContext.readOnlyRootFilesystem");
            cx.report(place, message)
                .object(object, Some(&field))
                .mend(|at, mender| {
                    let fix = match flag {
                        Some(_) => mender.set(at, "false", "true"),
                        None => mender.tighten(at, "readOnlyRootFilesystem", "true").or_else(|| {
                            mender.tighten(container.node.place().at, "readOnlyRootFilesystem", "true")
                        }),
                    };
                    Some(fix?.changing(["**.securityContext.readOnlyRootFilesystem"]).not_safe())
                })
                .help("set `readOnlyRootFilesystem: true` and mount an `emptyDir` where it must write");
        }
    }
}
