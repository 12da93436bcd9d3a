//! `tolerated-yaml`: see the page.

use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Stream, YamlProblemKind};

meta!(
    "tolerated-yaml",
    "yaml",
    Note,
    Recommended,
    "0.1.0",
    "A file is read by the tools although YAML forbids it."
);

pub(crate) struct ToleratedYaml;

impl Rule for ToleratedYaml {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        // Workflows and settings of other tools have readers of their own.
        if file.file.path().is_some_and(|path| path.as_str().split('/').any(|part| part.starts_with('.'))) {
            return;
        }
        for problem in file.problems.iter().filter(|problem| problem.kind == YamlProblemKind::Tolerated) {
            cx.report_at(problem.at, problem.message.clone())
                .help("write it so that every YAML reader understands it: editors and other tools may refuse the file");
        }
    }
}
