//! `unpinned-remote-base`: see the page.

use crate::kustomize::remote_revision;
use crate::repo::KUSTOMIZATION_NAMES;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Data, Stream};

meta!(
    "unpinned-remote-base",
    "kustomize",
    Warning,
    Recommended,
    "0.1.0",
    "A remote base follows a branch, so it changes without a commit here."
);

pub(crate) struct UnpinnedRemoteBase;

impl Rule for UnpinnedRemoteBase {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        let name = file.file.name().rsplit('/').next().unwrap_or_default();
        if !KUSTOMIZATION_NAMES.contains(&name) {
            return;
        }
        for root in file.documents.iter().filter_map(|document| document.root.as_ref()) {
            let entries = ["resources", "bases", "components"].into_iter().flat_map(|key| root.items(&[key]));
            for entry in entries {
                let Data::Scalar(text) = &entry.data else { continue };
                let Some(revision) = remote_revision(text) else { continue };
                let message = match revision.as_str() {
                    "" => "this remote base follows the default branch of its repository".to_owned(),
                    "main" | "master" | "HEAD" | "develop" | "trunk" => {
                        format!("this remote base follows the branch `{revision}`")
                    }
                    _ => continue,
                };
                let help = "pin a tag or commit: `?ref=v1.2.3`, or the tag in the path of a raw file";
                cx.report_at(entry.at, message).help(help);
            }
        }
    }
}
