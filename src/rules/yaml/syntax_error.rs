//! `syntax-error`: see the page.

use crate::repo::has_tokens;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::SourceFile;
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

/// Whether a file has placeholders where YAML wants something else: `{{ name }}` unquoted, `{% if x %}`, `<NAME>`.
fn is_template(text: &str) -> bool {
    // An ApplicationSet is no template, though it holds some.
    !text.contains("kind: ApplicationSet") && text.lines().any(|line| is_placeholder(line.trim()))
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

/// Whether a line is, or sets a key to, a placeholder that is not quoted.
fn is_placeholder(line: &str) -> bool {
    let value = line.split_once(": ").map_or(line, |(_, value)| value.trim_start());
    let value = value.trim_start_matches("- ").trim_start();
    ["{{", "{%", "{#", "#{", "<%", "<#", "</#", "[[", "%{", "@{"].iter().any(|open| value.starts_with(open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_by_their_placeholders() {
        for (text, want) in [
            ("a: 1\n", false),
            ("a: {{ .name }}\n", true),
            ("a: '{{ .name }}'\n", false),
            ("a:\n  - {{ name }}\n", true),
            ("{{- range .x }}\na: 1\n{{- end }}\n", true),
            ("kind: ApplicationSet\nname: {{ name }}\n", false),
            ("a: <Buffer>\n", false),
            ("<#if x??>\na: 1\n</#if>\n", true),
            ("{% for x in xs %}\na: 1\n", true),
            ("[[ if .x ]]\na: 1\n", true),
        ] {
            assert_eq!(is_template(text), want, "{text}");
        }
    }
}
