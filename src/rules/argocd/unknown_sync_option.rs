//! `unknown-sync-option`: see the page.

use crate::near::did_you_mean;
use crate::origin::Place;
use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "unknown-sync-option",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "A sync option does not exist, or has no effect where it stands."
);

pub(crate) struct UnknownSyncOption;

/// Where an option works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    App,
    Resource,
    Both,
}

/// The options of `gitops-engine/pkg/sync/common/types.go` with the values that do or repeat something.
const OPTIONS: &[(&str, Where, &[&str])] = &[
    ("ApplyOutOfSyncOnly", Where::Both, &["true", "false"]),
    ("ClientSideApplyMigration", Where::Both, &["true", "false"]),
    ("CreateNamespace", Where::App, &["true", "false"]),
    ("Delete", Where::Both, &["true", "false", "confirm"]),
    ("FailOnSharedResource", Where::App, &["true", "false"]),
    ("Force", Where::Resource, &["true", "false"]),
    ("Prune", Where::Both, &["true", "false", "confirm"]),
    ("PruneLast", Where::Both, &["true", "false"]),
    ("PrunePropagationPolicy", Where::App, &["foreground", "background", "orphan"]),
    ("Replace", Where::Both, &["true", "false"]),
    ("RespectIgnoreDifferences", Where::App, &["true", "false"]),
    ("ServerSideApply", Where::Both, &["true", "false"]),
    ("SkipDryRunOnMissingResource", Where::Both, &["true", "false"]),
    ("Validate", Where::Both, &["true", "false"]),
];

impl Rule for UnknownSyncOption {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if let Some(application) = app.application() {
            for option in application.node.items(&["spec", "syncPolicy", "syncOptions"]) {
                match option.as_str() {
                    Some(text) => check(text, option.place(), Where::App, None, cx),
                    None => no_text(option, cx),
                }
            }
        }
        for object in &rendered.objects {
            let Some(annotation) = object.annotation("argocd.argoproj.io/sync-options") else { continue };
            for text in annotation.as_str().unwrap_or_default().split(',').map(str::trim) {
                if !text.is_empty() {
                    check(text, annotation.place(), Where::Resource, Some(object), cx);
                }
            }
        }
    }
}

/// `- CreateNamespace: true` is a mapping.
fn no_text(option: &Node, cx: &mut Context<'_>) {
    let help = match option.entries() {
        [entry] => format!("write `{}={}`", entry.key.text, entry.value.scalar_text().unwrap_or("true")),
        _ => "write `Name=value`".to_owned(),
    };
    let text = match option.entries() {
        [entry] => entry.value.scalar_text().map(|value| format!("{}={value}", entry.key.text)),
        _ => None,
    };
    cx.report(option.place(), "a sync option must be text: this one is ignored")
        .help(help)
        .mend(|at, mender| Some(mender.write(at, &text?)?.changing(["spec.syncPolicy.syncOptions"])));
}

fn check(text: &str, place: Place, at: Where, object: Option<&Object>, cx: &mut Context<'_>) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let mut meant = None;
    let mut unknown = false;
    let (message, help) = match OPTIONS.iter().find(|(known, ..)| *known == name) {
        None => {
            unknown = true;
            meant = did_you_mean(name, OPTIONS.iter().map(|(known, ..)| *known));
            let help = match meant {
                Some(known) => format!("did you mean `{known}`?"),
                None => "remove it".to_owned(),
            };
            (format!("there is no sync option `{name}`: it is ignored"), help)
        }
        Some((_, places, _))
            if !matches!(
                (at, places),
                (_, Where::Both) | (Where::App, Where::App) | (Where::Resource, Where::Resource)
            ) =>
        {
            let (here, there) = match at {
                Where::App | Where::Both => {
                    ("an Application", "the annotation `argocd.argoproj.io/sync-options` of a resource")
                }
                Where::Resource => ("a resource", "`spec.syncPolicy.syncOptions` of the Application"),
            };
            (format!("the sync option `{name}` has no effect on {here}"), format!("move it to {there}"))
        }
        Some((_, _, values)) if !values.contains(&value) => {
            let known: Vec<String> = values.iter().map(|value| format!("`{name}={value}`")).collect();
            (format!("the sync option `{text}` has no effect"), format!("write {}", known.join(" or ")))
        }
        Some(_) => return,
    };
    let of_app = at == Where::App;
    let report = cx.report(place, message).help(help).mend(|at, mender| {
        let fix = match meant {
            Some(meant) => mender
                .spell(at, text, &text.replacen(name, meant, 1))
                .or_else(|| mender.spell(at, name, meant)),
            None if unknown && of_app => mender.delete(at),
            None => None,
        };
        Some(fix?.changing([
            "spec.syncPolicy.syncOptions",
            "metadata.annotations.argocd.argoproj.io/sync-options",
        ]))
    });
    if let Some(object) = object {
        report.object(object, Some("metadata.annotations[argocd.argoproj.io/sync-options]"));
    }
}
