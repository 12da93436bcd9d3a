//! `unmatched-controller`: see the page.

use crate::near::did_you_mean;
use crate::relations;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unmatched-controller",
    "helm",
    Warning,
    Recommended,
    "0.3.0",
    "Values of app-template name a controller or container that they do not have."
);

pub(crate) struct UnmatchedController;

impl Rule for UnmatchedController {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("helm.toolkit.fluxcd.io", "HelmRelease") || cx.completed(object).is_some() {
            return;
        }
        for it in relations::unmatched(&object.node) {
            let message = format!("`{}` is no {} of HelmRelease `{}`", it.name, it.what, object.name);
            let help = match did_you_mean(it.name, it.known.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("it has {}", it.known.join(", ")),
            };
            cx.report(it.place, message).object(object, Some(&it.field)).help(help).likely();
        }
    }
}
