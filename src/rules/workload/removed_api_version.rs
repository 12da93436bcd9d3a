//! `removed-api-version`: see the page.

use crate::finding::{Confidence, Severity};
use crate::flux::{self, RemovedApi};
use crate::origin::Place;
use crate::repo::{App, Labels, Object, Rendered};
use crate::rules::api_versions::renamed;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::{LAST_MINOR, removed};

meta!(
    "removed-api-version",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "An object uses an API version that Kubernetes does not serve any more."
);

pub(crate) struct RemovedApiVersion;

impl Rule for RemovedApiVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let minor = cx.workspace.minor_of(Some(app));
        for object in &rendered.objects {
            if let Some(gone) = flux::removed_api(&object.group, &object.version, &object.kind) {
                report_flux(object, &gone, cx);
                continue;
            }
            let Some(gone) = removed(&object.group, &object.version, &object.kind) else { continue };
            // Without a version of the cluster: what no version in use has.
            let cluster = if minor.exact { minor.number } else { LAST_MINOR - MINORS_IN_USE };
            if cluster < gone.since {
                continue;
            }
            let place = object.at(&["apiVersion"]).map_or_else(|| object.place(), crate::yaml::Node::place);
            // A template that prints it asks the cluster which versions there are.
            if is_chosen(cx, place) {
                continue;
            }
            let message = format!(
                "{} `{}` uses `{}/{}`, which is gone since Kubernetes 1.{}",
                object.kind, object.name, object.group, object.version, gone.since
            );
            let help = if gone.instead.is_empty() {
                "remove it; its successor has another shape".to_owned()
            } else {
                format!("use `{}`", gone.instead)
            };
            let report = cx.report(place, message).object(object, Some("apiVersion")).help(help);
            let report = report.mend(|at, mender| renamed(object, gone.instead, at, mender));
            // Which version the cluster has is known only where somebody said it.
            if minor.exact {
                report.severity(Severity::Error).by_version(minor);
            }
        }
    }
}

/// Reports an API version of Flux that its definitions do not have any more.
fn report_flux(object: &Object, gone: &RemovedApi, cx: &mut Context<'_>) {
    let installed = cx.workspace.bootstrap().minor;
    if installed.map_or(gone.since > OLDEST_FLUX, |minor| minor < gone.since) {
        return;
    }
    let place = object.at(&["apiVersion"]).map_or_else(|| object.place(), crate::yaml::Node::place);
    if is_chosen(cx, place) {
        return;
    }
    let message = format!(
        "{} `{}` uses `{}/{}`, which is gone since Flux 2.{}",
        object.kind, object.name, object.group, object.version, gone.since
    );
    let report = cx.report(place, message).object(object, Some("apiVersion"));
    let instead = format!("{}/{}", object.group, gone.instead);
    let report = report.help(format!("use `{instead}`"));
    let report = report.mend(|at, mender| renamed(object, &instead, at, mender));
    if installed.is_some() {
        report.severity(Severity::Error);
    } else {
        report.confidence(Confidence::Likely);
    }
}

/// Without a version of Flux: what no minor version that is still supported serves.
const OLDEST_FLUX: u64 = 8;

/// Providers keep clusters that far behind the newest minor.
const MINORS_IN_USE: u32 = 5;

/// Whether an action of a template prints the value, rather than the text of a file.
fn is_chosen(cx: &Context<'_>, place: Place) -> bool {
    let at = Labels::of(place, cx.origins(), cx.workspace).primary.at;
    let Some(file) = cx.sources().get(at.file) else { return false };
    let line = file.line_span(file.line_index(at.start)).map(|line| file.slice(line));
    line.is_some_and(|line| line.contains("{{"))
}
