//! The comment that suppresses a finding, as a fix.

use crate::finding::{Effect, Finding, Fix};
use crate::repo::Workspace;
use crate::source::Span;

/// Adds `# gitops-lint: ignore[RULE]` to the line that a finding points at: behind it, among the rules of a comment that is there, or
/// on a line of its own above it. Nothing of what is rendered changes, which the proof shows of text in which `#` begins no comment.
pub fn comment(finding: &Finding, reason: &str, workspace: &Workspace) -> Option<Fix> {
    let file = workspace.sources.get(finding.primary.at.file)?;
    let yaml = [".yaml", ".yml"].iter().any(|extension| file.name().ends_with(extension));
    let line = file.line_span(file.line_index(finding.primary.at.start)).filter(|_| yaml)?;
    let text = file.slice(line).trim_end();
    let rule = &finding.rule;
    let title = format!("suppress `{rule}` by a comment");
    let words = if reason.is_empty() { String::new() } else { format!(" {reason}") };
    let end = line.start + text.len() as u32;
    let (at, new) = if let Some((before, list)) = text.split_once("gitops-lint: ignore[") {
        let inside = before.len() + "gitops-lint: ignore[".len() + list.find(']')?;
        let at = line.start + inside as u32;
        (at, format!(", {rule}"))
    } else if !text.contains('#') && !text.contains("{{") && !text.ends_with(['|', '>', '-', '+']) {
        (end, format!("  # gitops-lint: ignore[{rule}]{words}"))
    } else {
        let indent: String = text.chars().take_while(|it| *it == ' ').collect();
        (line.start, format!("{indent}# gitops-lint: ignore[{rule}]{words}\n"))
    };
    let fix = Fix::new(title, Span::new(file.id(), at, at), new);
    Some(Fix { effect: Effect::Nothing, ..fix })
}

#[cfg(test)]
mod tests {
    use crate::finding::RuleId;
    use std::sync::Arc;

    use super::*;
    use crate::finding::{Confidence, Label, Severity};
    use crate::source::{MemoryTree, Sources};
    use crate::yaml::Cache;

    #[test]
    fn comments_are_put_where_they_are_read() {
        for (text, needle, want) in [
            ("a: 1\nb: 2\n", "2", Some("a: 1\nb: 2  # gitops-lint: ignore[no-op-patch] why\n")),
            ("a: 1 # x\n", "1", Some("# gitops-lint: ignore[no-op-patch] why\na: 1 # x\n")),
            (
                "a: 1 # gitops-lint: ignore[x] y\n",
                "1",
                Some("a: 1 # gitops-lint: ignore[x, no-op-patch] y\n"),
            ),
            ("  a: |\n    x\n", "a", Some("  # gitops-lint: ignore[no-op-patch] why\n  a: |\n    x\n")),
        ] {
            let sources = Sources::new();
            let tree = Arc::new(MemoryTree::of(&sources, [("a.yaml", text)]));
            let cache = Arc::new(Cache::new(Arc::clone(&sources)));
            let (workspace, _) = Workspace::of_tree(tree, cache, &[]);
            let file = workspace.tree.read(&crate::source::TreePath::new("a.yaml").unwrap()).unwrap();
            let start = text.find(needle).unwrap() as u32;
            let finding = Finding {
                rule: RuleId::built_in("no-op-patch"),
                severity: Severity::Note,
                confidence: Confidence::Certain,
                message: String::new(),
                help: None,
                primary: Label { at: Span::new(file.id(), start, start + 1), message: String::new() },
                related: Vec::new(),
                apps: Vec::new(),
                object: None,
                fix: None,
                given_by: None,
                lacks: false,
                key: String::new(),
            };
            let made = comment(&finding, "why", &workspace).map(|fix| {
                let (at, new) = fix.edits.first().cloned().unwrap();
                let (before, after) = text.split_at(at.start as usize);
                format!("{before}{new}{after}")
            });
            assert_eq!(made.as_deref(), want, "{text}");
        }
    }
}
