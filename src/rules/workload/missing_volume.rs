//! `missing-volume`: see the page.

use crate::k8s::PodTemplate;
use crate::near::did_you_mean;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "missing-volume",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "A container mounts a volume that its pod does not have."
);

pub(crate) struct MissingVolume;

impl Rule for MissingVolume {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        let volumes = pod
            .spec
            .items(&["volumes"])
            .iter()
            .filter_map(|volume| volume.get("name").and_then(Node::as_str));
        let claims = object
            .node
            .items(&["spec", "volumeClaimTemplates"])
            .iter()
            .filter_map(|claim| claim.at_path(&["metadata", "name"]).and_then(Node::as_str));
        let names: Vec<&str> = volumes.chain(claims).collect();
        for container in pod.containers() {
            for (list, key) in [("volumeMounts", "mount"), ("volumeDevices", "device")] {
                for (index, item) in container.node.items(&[list]).iter().enumerate() {
                    let Some(node) = item.get("name") else { continue };
                    let Some(name) = node.as_str().filter(|name| !names.contains(name)) else { continue };
                    let message = format!(
                        "{} `{}` uses volume `{name}` for a {key}, but the pod has no such volume",
                        container.kind.noun(),
                        container.name()
                    );
                    let close = did_you_mean(name, names.iter().copied());
                    let help = match close {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "add the volume to the pod, or remove the mount".to_owned(),
                    };
                    let field = container.path(&pod, &format!("{list}[{index}].name"));
                    cx.report(node.place(), message).object(object, Some(&field)).help(help).mend(
                        |at, mender| {
                            Some(mender.spell(at, name, close?)?.changing([field.as_str()]).not_safe())
                        },
                    );
                }
            }
        }
    }
}
