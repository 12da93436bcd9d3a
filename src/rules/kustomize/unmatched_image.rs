//! `unmatched-image`: see the page.

use crate::kustomize::NoOpKind;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, no_ops};

meta!(
    "unmatched-image",
    "kustomize",
    Warning,
    Recommended,
    "0.1.0",
    "An `images` entry matches no image, so it changes nothing."
);

pub(crate) struct UnmatchedImage;

impl Rule for UnmatchedImage {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let message = |what: &str| format!("no container has an image `{what}`");
        no_ops::report(
            inventory,
            NoOpKind::Image,
            cx,
            &message,
            "correct the name (without tag, as the manifests have it), or delete the entry",
        );
    }
}
