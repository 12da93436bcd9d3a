//! `disallowed-image-tag`: see the page.

use crate::config::Text;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, images, meta};

meta!(
    "disallowed-image-tag",
    "workload",
    Error,
    Recommended,
    "0.1.0",
    "An image has a tag that the configuration does not allow for this app."
);

pub(crate) struct DisallowedImageTag;

impl Rule for DisallowedImageTag {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let policies = &cx.workspace.config.images.tags;
        if policies.is_empty() {
            return;
        }
        for used in images::used(rendered) {
            let image = &used.image;
            let tag = image.tag.unwrap_or("latest");
            for policy in policies {
                let for_app = policy.apps.is_empty()
                    || policy.apps.iter().any(|it| images::matches(&it.value, &app.name));
                let for_image =
                    policy.images.is_empty() || images::matches_image(&policy.images, image).is_some();
                if !for_app || !for_image || (image.digest.is_some() && image.tag.is_none()) {
                    continue;
                }
                let fits = |list: &[Text]| list.iter().any(|it| images::matches(&it.value, tag));
                let help = if !policy.allow.is_empty() && !fits(&policy.allow) {
                    format!("allowed: {}", images::list(&policy.allow))
                } else if fits(&policy.deny) {
                    format!("not allowed: {}", images::list(&policy.deny))
                } else {
                    continue;
                };
                cx.report(used.node.place(), format!("tag `{tag}` is not allowed for `{}`", app.name))
                    .object(used.object, Some(&used.field))
                    .related_at(policy.place.at, "the policy")
                    .help(help);
                break;
            }
        }
    }
}
