//! `disallowed-registry`: see the page.

use crate::k8s::{Image, PodTemplate};
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, images, meta};

meta!("disallowed-registry", "workload", Error, Recommended, "0.1.0", "An image comes from a registry that the configuration does not allow.");

pub(crate) struct DisallowedRegistry;

impl Rule for DisallowedRegistry {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let _ = app;
        let allowed = &cx.workspace.config.images.allowed_registries;
        if allowed.is_empty() {
            return;
        }
        for object in &rendered.objects {
            let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { continue };
            for container in pod.containers() {
                let Some(node) = container.node.get("image") else { continue };
                let Some(text) = node.as_str() else { continue };
                let Ok(image) = Image::parse(text) else { continue };
                let field = container.path(&pod, "image");
                if images::matches_image(allowed, &image).is_none() {
                    let message = format!("`{text}` comes from `{}`, which is not among the allowed registries", images::full_name(&image));
                    let list: Vec<&str> = allowed.iter().map(|it| it.value.as_str()).collect();
                    cx.report(node.place(), message)
                        .object(object, Some(&field))
                        .help(format!("use an image from {}", list.join(", ")));
                }
            }
        }
    }
}
