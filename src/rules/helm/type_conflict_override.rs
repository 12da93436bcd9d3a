//! `type-conflict-override`: see the page.

use crate::helm::{Override, OverrideKind};
use crate::origin::Step;
use crate::repo::{App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Data, Node, edit};

meta!(
    "type-conflict-override",
    "helm",
    Warning,
    Recommended,
    "0.1.0",
    "A values file gives a list or a scalar where there is a table, or a table where there is none."
);

pub(crate) struct TypeConflictOverride;

impl Rule for TypeConflictOverride {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for release in &rendered.releases {
            for known in release.overrides.iter().filter(|known| known.kind == OverrideKind::TypeChanged) {
                check(known, cx);
            }
        }
    }
}

/// What a value is, in YAML's words; `None` for what says nothing.
fn shape(node: &Node) -> Option<&'static str> {
    match &node.data {
        Data::Map(map) => (!map.is_empty()).then_some("a mapping"),
        Data::Seq(items) => (!items.is_empty()).then_some("a list"),
        // As written: nothing, a null, or empty text says nothing.
        Data::Scalar(text) => (!matches!(text.as_str(), "" | "~" | "null")).then_some("a scalar"),
    }
}

fn check(known: &Override, cx: &mut Context<'_>) {
    let at = known.winner.at;
    let by = cx.origins().get(known.winner.origin).map(|origin| origin.by);
    let Some(lost) = known.losers.first().copied() else { return };
    if by != Some(Step::ValuesFile) || !cx.workspace.is_editable(at.file) {
        return;
    }
    let (Some(file), Some(below)) = (cx.sources().get(at.file), cx.sources().get(lost.at.file)) else {
        return;
    };
    let (stream, below) = (cx.workspace.cache.stream(&file), cx.workspace.cache.stream(&below));
    let (Some((location, over)), Some((_, under))) =
        (edit::locate_value(&stream, at), edit::locate_value(&below, lost.at))
    else {
        return;
    };
    // An empty default is no promise, and text over a table is how many charts take a template.
    let (Some(over), Some(under)) = (shape(over), shape(under)) else { return };
    if over == under || over == "a scalar" && under == "a list" {
        return;
    }
    let key = edit::key_span(&stream, &location).unwrap_or(at);
    let path = known.path.join(".");
    let message = format!("`{path}` is {over} here, but {under} below");
    let help = "Helm does not merge them, and templates expect one of the two: write it as the chart has it";
    cx.report_at(key, message).related_at(lost.at, under).help(help);
}
