//! `disallowed-registry`: see the page.

use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, images, meta};

meta!(
    "disallowed-registry",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "An image comes from a registry that the configuration does not allow."
);

pub(crate) struct DisallowedRegistry;

impl Rule for DisallowedRegistry {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let allowed = &cx.workspace.config.images.allowed_registries;
        if allowed.is_empty() {
            return;
        }
        for used in
            images::used(rendered).filter(|used| images::matches_image(allowed, &used.image).is_none())
        {
            let message = format!(
                "`{}` comes from `{}`, which is not among the allowed registries",
                used.node.as_str().unwrap_or_default(),
                images::full_name(&used.image)
            );
            cx.report(used.node.place(), message)
                .object(used.object, Some(&used.field))
                .help(format!("use an image from {}", images::list(allowed)));
        }
    }
}
