//! `ineffective-template-patch`: see the page.

use crate::repo::{App, Rendered, Spec};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;
use crate::yaml::{Data, Node};

meta!(
    "ineffective-template-patch",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "The `templatePatch` of an ApplicationSet changes nothing."
);

pub(crate) struct IneffectiveTemplatePatch;

impl Rule for IneffectiveTemplatePatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        let Spec::ArgoSet(set) = &app.spec else { return };
        let Some(patch) = set.node.at_path(&["spec", "templatePatch"]) else { return };
        let Some(text) = patch.as_str().filter(|_| !app.provisional && patch.origin.is_written()) else {
            return;
        };
        if let Some(line) = project_line(text) {
            // The line is looked for where the patch is written: a block scalar stands there as it is.
            let file = cx.sources().get(patch.at.file);
            let at = file.and_then(|file| {
                file.slice(patch.at).find(line).map(|at| patch.at.part(at as u32, line.len() as u32))
            });
            cx.report_at(
                at.unwrap_or(patch.at),
                "a `templatePatch` cannot change the project: the line is ignored",
            )
            .help("set `spec.project` in the template");
            return;
        }
        let sure =
            rendered.failed.is_none() && rendered.incomplete.is_empty() && !rendered.objects.is_empty();
        let touches = |node: &Node| touches(node, patch.at, 0);
        if sure && !text.contains("null") && !rendered.objects.iter().any(|object| touches(&object.node)) {
            cx.report(patch.place(), "the `templatePatch` changes none of the generated Applications")
                .help("correct the patch, or remove it");
        }
    }
}

/// The line of a patch that sets the project.
fn project_line(text: &str) -> Option<&str> {
    let mut in_spec = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let word = line.trim();
        if word.is_empty() || word.starts_with('#') || word.starts_with("{{") {
            continue;
        }
        match in_spec {
            None if word == "spec:" && indent == 0 => in_spec = Some(0),
            Some(0) if indent == 0 => in_spec = None,
            Some(0) => {
                in_spec = Some(indent);
                if word.starts_with("project:") {
                    return Some(word);
                }
            }
            Some(_) if indent == 0 => in_spec = (word == "spec:").then_some(0),
            Some(own) if indent == own && word.starts_with("project:") => return Some(word),
            _ => {}
        }
    }
    None
}

/// Whether any part of an object comes from these bytes.
fn touches(node: &Node, at: Span, depth: u32) -> bool {
    let within = |other: Span| other.file == at.file && at.start <= other.start && other.end <= at.end;
    if within(node.at) {
        return true;
    }
    match &node.data {
        _ if depth > 100 => true,
        Data::Scalar(_) => false,
        Data::Seq(items) => items.iter().any(|item| touches(item, at, depth + 1)),
        Data::Map(map) => {
            map.iter().any(|entry| within(entry.key.at) || touches(&entry.value, at, depth + 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_project() {
        for (text, want) in [
            ("spec:\n  project: x\n", Some("project: x")),
            ("spec:\n  syncPolicy: {}\n  project: x\n", Some("project: x")),
            ("spec:\n  a:\n    project: x\n", None),
            ("metadata:\n  project: x\n", None),
            ("spec:\n  {{ if x }}\n  project: x\n  {{ end }}\n", Some("project: x")),
        ] {
            assert_eq!(project_line(text), want, "{text}");
        }
    }
}
