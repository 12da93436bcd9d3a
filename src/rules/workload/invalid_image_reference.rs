//! `invalid-image-reference`: see the page.

use crate::k8s::{Image, PodTemplate};
use crate::repo::{Object, has_capitals, is_prose};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!("invalid-image-reference", "workload", Error, Recommended, "0.1.0", "An image reference is not valid.");

pub(crate) struct InvalidImageReference;

impl Rule for InvalidImageReference {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's names and images may lack their parts.
        if cx.is_chart_alone() {
            return;
        }
        let applied = cx.is_applied();
        if object.is("image.openshift.io", "ImageStream") {
            tags(object, cx);
        }
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let Some(node) = container.node.get("image") else { continue };
            let Some(text) = node.as_str() else { continue };
            // `ko` builds what `ko://` names, and writes the image in its place.
            if text.contains(['$', '{', '<']) || text.starts_with("ko://") && !applied {
                continue;
            }
            // OpenShift's triggers fill images in; what they replace is often a blank.
            if object.group == "apps.openshift.io"
                || object.annotation("image.openshift.io/triggers").is_some()
            {
                continue;
            }
            if let Err(why) = Image::parse(text) {
                let message = format!("`{text}` is not an image: {why}");
                let report =
                    cx.report(node.place(), message).object(object, Some(&container.path(&pod, "image")));
                // `IMAGE_URL` is to be replaced, by a pipeline where the repository deploys it like that.
                if is_prose(text) || has_capitals(text) && !applied {
                    report.possible();
                } else if has_capitals(text) {
                    report.likely();
                }
            }
        }
    }
}

/// What the tags of an ImageStream are imported from.
fn tags(object: &Object, cx: &mut Context<'_>) {
    for (index, tag) in object.node.items(&["spec", "tags"]).iter().enumerate() {
        let Some(from) = tag.get("from") else { continue };
        let is_image = from.get("kind").and_then(Node::as_str) == Some("DockerImage");
        let Some(node) = from.get("name").filter(|_| is_image) else { continue };
        let Some(text) = node.as_str().filter(|text| !text.contains(['$', '{', '<'])) else { continue };
        if let Err(why) = Image::parse(text) {
            let field = format!("spec.tags[{index}].from.name");
            cx.report(node.place(), format!("`{text}` is not an image: {why}")).object(object, Some(&field));
        }
    }
}
