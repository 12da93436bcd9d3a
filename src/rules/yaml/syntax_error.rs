//! `syntax-error`: see the page.

use crate::repo::{has_tokens, is_template};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::SourceFile;
use crate::yaml::{Stream, YamlProblem, YamlProblemKind};

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
        let of_rule = |problem: &&YamlProblem| {
            !problem.is_excessive_aliasing()
                && !matches!(problem.kind, YamlProblemKind::DuplicateKey | YamlProblemKind::Tolerated)
        };
        // Nearly all files are fine, and to know a template takes a look at each line.
        let mut problems = file.problems.iter().filter(of_rule).peekable();
        if problems.peek().is_none() {
            return;
        }
        // A file that some program fills in first is no YAML yet; where a tool reads it all the same, it must be.
        // Neither is what other tools read in their own ways: JSON with comments, the settings of an editor.
        let text = file.file.text_or_empty();
        if is_encrypted(&file.file) {
            return;
        }
        let foreign = is_template(text) || is_foreign(file.file.name());
        if has_tokens(text) || cx.is_data(&file.file) || (foreign && !cx.is_read(&file.file)) {
            return;
        }
        for problem in problems {
            let help = match problem.kind {
                YamlProblemKind::Syntax | YamlProblemKind::Value => None,
                YamlProblemKind::Encoding => Some("save the file as UTF-8, or exclude it if it is not YAML"),
                YamlProblemKind::Limit => Some("split the file"),
                YamlProblemKind::ComplexKey => Some("use a string as the key"),
                YamlProblemKind::DuplicateKey | YamlProblemKind::Tolerated => continue,
            };
            let quoted = (problem.kind == YamlProblemKind::ComplexKey)
                .then(|| unquoted_template(text, problem.at.start as usize))
                .flatten();
            if let Some(template) = quoted {
                let message =
                    format!("`{template}` without quotation marks is a mapping, whose key is a mapping");
                let mark = if template.contains('"') { '\'' } else { '"' };
                let help = format!("a template stands in quotation marks: `{mark}{template}{mark}`");
                cx.report_at(problem.at, message).help(help);
                continue;
            }
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

/// The template that begins at an offset or a byte before it, on one line.
fn unquoted_template(text: &str, at: usize) -> Option<&str> {
    let start =
        at.checked_sub(1).filter(|before| text.get(*before..).is_some_and(|rest| rest.starts_with("{{")));
    let line = text.get(start.unwrap_or(at)..)?.lines().next()?;
    let end = line.strip_prefix("{{")?.find("}}")?;
    line.get(..end + 4)
}

/// Whether git-crypt has locked a file: it is no text at all before somebody unlocks the clone.
fn is_encrypted(file: &SourceFile) -> bool {
    file.bytes().starts_with(b"\0GITCRYPT\0")
}

/// Whether a file is likely to be another tool's: JSON, or in a hidden directory.
fn is_foreign(name: &str) -> bool {
    name.ends_with(".json")
        || name.split('/').any(|part| part.starts_with('.') && part != ".gitops-lint.yaml")
}
