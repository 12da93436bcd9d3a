//! `invalid-ignore-jq`: see the page.

use super::invalid_ignore_pointer::ignored;
use crate::argocd::jq_problem;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "invalid-ignore-jq",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A jq expression of `ignoreDifferences` cannot be compiled."
);

pub(crate) struct InvalidIgnoreJq;

impl Rule for InvalidIgnoreJq {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some((entries, _)) = ignored(app) else { return };
        for entry in entries {
            for expression in entry.items(&["jqPathExpressions"]) {
                let Some(text) = expression.as_str().filter(|text| !text.contains("{{")) else { continue };
                let Some((what, help)) = jq_problem(text) else { continue };
                cx.report(expression.place(), format!("`{text}` is no jq path expression: {what}"))
                    .help(help.unwrap_or_else(|| "correct the expression".to_owned()));
            }
        }
    }
}
