//! `syntax-error`: see the page.

use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Stream, YamlProblemKind};

meta!(
    "syntax-error",
    "yaml",
    Error,
    Recommended,
    "0.1.0",
    "A file is not valid YAML for the tools that read it."
);

pub(crate) struct SyntaxError;

impl Rule for SyntaxError {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        for problem in file.problems.iter().filter(|problem| !problem.is_excessive_aliasing()) {
            let help = match problem.kind {
                YamlProblemKind::Syntax | YamlProblemKind::Value => None,
                YamlProblemKind::Encoding => Some("save the file as UTF-8, or exclude it if it is not YAML"),
                YamlProblemKind::Limit => Some("split the file"),
                YamlProblemKind::ComplexKey => Some("use a string as the key"),
                YamlProblemKind::DuplicateKey | YamlProblemKind::Tolerated => continue,
            };
            let mut report = cx.report_at(problem.at, problem.message.clone());
            if let Some((at, message)) = &problem.context {
                report = report.related_at(*at, message.clone());
            }
            if let Some(help) = help {
                report.help(help);
            }
        }
    }
}
