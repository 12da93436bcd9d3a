//! `broad-ignore-differences`: see the page.

use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "broad-ignore-differences",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "`ignoreDifferences` hides a whole section of an object."
);

pub(crate) struct BroadIgnoreDifferences;

const BROAD_POINTERS: &[&str] = &["", "/", "/spec", "/spec/", "/metadata", "/metadata/"];

const BROAD_EXPRESSIONS: &[&str] = &[".", ".spec", ".metadata", ".[]", ".spec[]"];

impl Rule for BroadIgnoreDifferences {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        for entry in application.node.items(&["spec", "ignoreDifferences"]) {
            let pointers = entry.items(&["jsonPointers"]).iter();
            for (node, list) in pointers
                .map(|node| (node, BROAD_POINTERS))
                .chain(entry.items(&["jqPathExpressions"]).iter().map(|node| (node, BROAD_EXPRESSIONS)))
            {
                let Some(text) = node.as_str().filter(|text| list.contains(&text.trim())) else { continue };
                let what = entry.get("kind").and_then(crate::yaml::Node::as_str).unwrap_or("every object");
                let message = match text.trim_matches(['/', '.', ' ']) {
                    "" => format!("all differences of {what} are ignored"),
                    section => format!("all differences in `{section}` of {what} are ignored"),
                };
                cx.report(node.place(), message)
                    .help("name the fields that a controller changes, one by one");
            }
        }
    }
}
