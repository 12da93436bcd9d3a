//! `null-override`: see the page.

use crate::helm::{Override, OverrideKind};
use crate::origin::Step;
use crate::repo::{self, App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Node, edit};

meta!(
    "null-override",
    "helm",
    Warning,
    Recommended,
    "0.1.0",
    "A key without a value in a values file deletes what lies below it."
);

pub(crate) struct NullOverride;

impl Rule for NullOverride {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for release in &rendered.releases {
            for known in release.overrides.iter().filter(|known| known.kind == OverrideKind::Nulled) {
                check(known, app, rendered, cx);
            }
        }
    }
}

fn check(known: &Override, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
    let at = known.winner.at;
    let by = cx.origins().get(known.winner.origin).map(|origin| origin.by);
    // Whoever writes `null` means it; what is not written at all is what is left of something.
    if by != Some(Step::ValuesFile) || !at.is_empty() || !cx.workspace.is_editable(at.file) {
        return;
    }
    let Some(lost) = known.losers.first().copied() else { return };
    let (Some(file), Some(below)) = (cx.sources().get(at.file), cx.sources().get(lost.at.file)) else {
        return;
    };
    let stream = cx.workspace.cache.stream(&file);
    let Some((location, _)) = edit::locate_value(&stream, at) else { return };
    let below_stream = cx.workspace.cache.stream(&below);
    let lost_node = edit::locate_value(&below_stream, lost.at).map(|(_, node)| node);
    let says_something = |node: &Node| !node.entries().is_empty() || !node.seq_or_empty().is_empty();
    if !lost_node.is_some_and(says_something) {
        return;
    }
    let Some(edit) = edit::delete(&stream, location.0, &location.1) else { return };
    let Some(without) = repo::render_without(app, cx.workspace, &file, &edit) else { return };
    if without.rendered.failed.is_some() {
        return;
    }
    let Some(difference) = repo::first_difference(rendered, &without.rendered) else { return };
    let key = edit::key_span(&stream, &location).unwrap_or(at);
    let message = format!("`{}:` has no value, which deletes what is below it", file.slice(key));
    let mut report = cx.report_at(key, message).related_at(lost.at, "the value that is lost");
    report = report.help("delete the line, or write `null` if the value shall go");
    report = report.mend(|at, mender| Some(mender.delete(at)?.changing_apps().not_safe()));
    if let Some(object) = difference.before.and_then(|index| rendered.objects.get(index)) {
        let field = (!difference.field.is_empty()).then_some(difference.field.as_str());
        drop(report.object(object, field));
    }
}
