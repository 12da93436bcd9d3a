//! `mutable-image-tag`: see the page.

use crate::finding::Severity;
use crate::k8s::{Image, PodTemplate};
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "mutable-image-tag",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "An image has no tag, or one that moves."
);

pub(crate) struct MutableImageTag;

impl Rule for MutableImageTag {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let Some(node) = container.node.get("image") else { continue };
            let Some(text) = node.as_str() else { continue };
            if text.contains(['$', '{', '<']) {
                continue;
            }
            let Ok(image) = Image::parse(text) else { continue };
            // Sidecar injection replaces `auto`; OpenShift's triggers fill images in.
            if image.digest.is_some()
                || text == "auto"
                || object.annotation("image.openshift.io/triggers").is_some()
            {
                continue;
            }
            let field = container.path(&pod, "image");
            let who = format!("{} `{}`", container.kind.noun(), container.name());
            let help = "name a version, best with its digest";
            match image.tag {
                None => {
                    let message = format!("{who} runs `{text}` without a tag, which means `latest`");
                    cx.report(node.place(), message).object(object, Some(&field)).help(help);
                }
                Some("latest") => {
                    let message = format!("{who} runs `{text}`, whose tag moves");
                    cx.report(node.place(), message).object(object, Some(&field)).help(help);
                }
                Some(tag) if MOVING.contains(&tag) => {
                    let message = format!("{who} runs `{text}`, whose tag moves");
                    cx.report(node.place(), message)
                        .object(object, Some(&field))
                        .severity(Severity::Note)
                        .help(help);
                }
                Some(_) => {}
            }
        }
    }
}

/// Tags that follow a branch or channel.
const MOVING: &[&str] = &[
    "main",
    "master",
    "dev",
    "develop",
    "development",
    "edge",
    "nightly",
    "stable",
    "rolling",
    "canary",
    "testing",
    "staging",
    "head",
    "release",
];
