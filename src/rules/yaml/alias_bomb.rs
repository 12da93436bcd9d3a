//! `alias-bomb`: see the page.

use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Stream;

meta!(
    "alias-bomb",
    "yaml",
    Error,
    Recommended,
    "0.1.0",
    "Aliases of aliases make a document too large to read."
);

pub(crate) struct AliasBomb;

impl Rule for AliasBomb {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        for problem in file.problems.iter().filter(|problem| problem.is_excessive_aliasing()) {
            cx.report_at(problem.at, problem.message.clone())
                .help("write the values out, or use fewer levels of aliases");
        }
    }
}
