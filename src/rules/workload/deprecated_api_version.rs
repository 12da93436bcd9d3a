//! `deprecated-api-version`: see the page.

use crate::repo::{App, Rendered};
use crate::rules::api_versions;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::removed;

meta!(
    "deprecated-api-version",
    "workload",
    Warning,
    Recommended,
    "0.2.0",
    "An object uses an API version that a later Kubernetes does not serve any more."
);

pub(crate) struct DeprecatedApiVersion;

impl Rule for DeprecatedApiVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let minor = cx.workspace.minor_of(Some(app));
        // Without a version of the cluster, what is gone in the newest is told by another rule.
        if !minor.exact {
            return;
        }
        for object in &rendered.objects {
            let Some(gone) = removed(&object.group, &object.version, &object.kind) else { continue };
            if gone.since <= minor.number {
                continue;
            }
            let place = object.at(&["apiVersion"]).map_or_else(|| object.place(), crate::yaml::Node::place);
            let message = format!(
                "{} `{}` uses `{}/{}`, which Kubernetes 1.{} does not serve any more",
                object.kind, object.name, object.group, object.version, gone.since
            );
            let help = if gone.instead.is_empty() {
                "remove it; its successor has another shape".to_owned()
            } else {
                format!("use `{}`", gone.instead)
            };
            cx.report(place, message)
                .object(object, Some("apiVersion"))
                .help(help)
                .by_version(minor)
                .mend(|at, mender| api_versions::renamed(object, gone.instead, at, mender));
        }
    }
}
