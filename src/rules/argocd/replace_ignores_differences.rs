//! `replace-ignores-differences`: see the page.

use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "replace-ignores-differences",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "`Replace=true` beside `RespectIgnoreDifferences=true` overwrites all but the ignored fields."
);

pub(crate) struct ReplaceIgnoresDifferences;

impl Rule for ReplaceIgnoresDifferences {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, _: &Rendered, cx: &mut Context<'_>) {
        let Some(application) = app.application() else { return };
        let option = |text: &str| application.sync_options.iter().find(|option| option.value == text);
        let (Some(replace), Some(respect)) =
            (option("Replace=true"), option("RespectIgnoreDifferences=true"))
        else {
            return;
        };
        cx.report(replace.place, "`Replace=true` replaces whole objects, all but the ignored fields of them")
            .related(respect.place, "this saves only what `ignoreDifferences` lists")
            .help("use `ServerSideApply=true`, or put `Replace=true` on the few resources that need it");
    }
}
