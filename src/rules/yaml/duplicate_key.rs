//! `duplicate-key`: see the page.

use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Stream, YamlProblemKind};

meta!(
    "duplicate-key",
    "yaml",
    Warning,
    Recommended,
    "0.1.0",
    "A mapping has the same key twice."
);

pub(crate) struct DuplicateKey;

impl Rule for DuplicateKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        for problem in file.problems.iter().filter(|problem| problem.kind == YamlProblemKind::DuplicateKey) {
            let key = file.file.slice(problem.at).trim();
            let report = cx.report_at(problem.at, format!("the key `{key}` is here twice: the last one wins"));
            let report = match &problem.context {
                Some((at, _)) => report.related_at(*at, "the first, which is lost"),
                None => report,
            };
            report.help("remove one of them, or merge what is below");
        }
    }
}
