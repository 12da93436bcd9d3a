//! `unknown-hook`: see the page.

use crate::finding::Severity;
use crate::near::did_you_mean;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "unknown-hook",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A resource hook or its delete policy does not exist."
);

pub(crate) struct UnknownHook;

/// `HookType` of `gitops-engine/pkg/sync/common/types.go`, with what the application controller adds.
const HOOKS: &[&str] = &["PreSync", "Sync", "PostSync", "SyncFail", "Skip", "PreDelete", "PostDelete"];

/// `HookDeletePolicy`.
const POLICIES: &[&str] = &["HookSucceeded", "HookFailed", "BeforeHookCreation"];

impl Rule for UnknownHook {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        for (annotation, known, what) in [
            ("argocd.argoproj.io/hook", HOOKS, "hook"),
            ("argocd.argoproj.io/hook-delete-policy", POLICIES, "hook delete policy"),
        ] {
            let Some(node) = object.annotation(annotation) else { continue };
            let given: Vec<&str> = node
                .as_str()
                .unwrap_or_default()
                .split(',')
                .map(str::trim)
                .filter(|it| !it.is_empty())
                .collect();
            let lost = what == "hook" && !given.iter().any(|name| known.contains(name));
            for name in given.iter().filter(|name| !known.contains(name)) {
                let close = did_you_mean(name, known.iter().copied());
                let help = match close {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => format!("use one of {}", known.join(", ")),
                };
                let (message, severity) = if lost {
                    (format!("there is no {what} `{name}`: the object is never applied"), Severity::Error)
                } else {
                    (format!("there is no {what} `{name}`: it is ignored"), Severity::Warning)
                };
                let field = format!("metadata.annotations[{annotation}]");
                let report = cx.report(node.place(), message).severity(severity);
                report.object(object, Some(&field)).help(help).mend(|at, mender| {
                    let fix = mender.spell(at, name, close?)?.changing(["metadata.annotations"]);
                    // What was never applied is applied then.
                    Some(if lost { fix.not_safe() } else { fix })
                });
            }
        }
    }
}
