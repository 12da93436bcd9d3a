//! `empty-override`: see the page.

use std::sync::Arc;

use crate::finding::{Fix, Label};
use crate::helm::{Override, OverrideKind};
use crate::origin::{Origins, Place, Step};
use crate::repo::{self, App, Labels, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;
use crate::yaml::edit::{self, Edit, Location, Segment};
use crate::yaml::{Data, Node};

meta!(
    "empty-override",
    "helm",
    Error,
    Recommended,
    "0.1.0",
    "An empty list in a values file removes what another values file provides."
);

pub(crate) struct EmptyOverride;

impl Rule for EmptyOverride {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        for release in &rendered.releases {
            for known in &release.overrides {
                if let Some(candidate) = Candidate::of(known, cx) {
                    prove(&candidate, app, rendered, cx);
                }
            }
        }
    }
}

/// A line that may be harmful.
struct Candidate {
    /// The empty value.
    at: Span,
    location: Location,
    edit: Edit,
    /// The value that is lost.
    lost: Place,
}

/// Whether the value was brought by a file of the user, not by the chart.
fn by_user(place: Place, origins: &Origins) -> bool {
    origins.get(place.origin).is_some_and(|origin| origin.by.is_written_layer())
}

fn is_empty(node: &Node) -> bool {
    match &node.data {
        Data::Seq(items) => items.is_empty(),
        Data::Map(map) => map.is_empty(),
        Data::Scalar(_) => false,
    }
}

impl Candidate {
    /// The static half: an empty collection in a file that somebody edits, over something in another file.
    fn of(known: &Override, cx: &Context<'_>) -> Option<Self> {
        if !matches!(known.kind, OverrideKind::Replaced | OverrideKind::TypeChanged) {
            return None;
        }
        let lost = *known.losers.first()?;
        let (winner, origins) = (known.winner, cx.origins());
        let from_file = origins.get(winner.origin).is_some_and(|origin| origin.by == Step::ValuesFile);
        if !from_file || !by_user(lost, origins) || lost.at.file == winner.at.file {
            return None;
        }
        if !cx.workspace.is_editable(winner.at.file) {
            return None;
        }
        let stream = |span: Span| Some(cx.workspace.cache.stream(&cx.sources().get(span.file)?));
        let written = stream(winner.at)?;
        let (location, node) = edit::locate_value(&written, winner.at)?;
        if !is_empty(node) {
            return None;
        }
        let below = stream(lost.at)?;
        // A scalar that is lost to an empty collection is a change of type, which is another rule's business.
        let lost_node = edit::locate_value(&below, lost.at).map(|(_, node)| node)?;
        if lost_node.seq_or_empty().is_empty() && lost_node.entries().is_empty() {
            return None;
        }
        let edit = edit::delete(&written, location.0, &location.1)?;
        Some(Self { at: winner.at, location, edit, lost })
    }

    /// The key, as the file has it.
    fn key(&self) -> &str {
        match self.location.1.last() {
            Some(Segment::Key(key)) => key,
            _ => "",
        }
    }
}

/// The proof: without the line, other objects are rendered.
fn prove(candidate: &Candidate, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
    let Some(file) = cx.sources().get(candidate.at.file) else { return };
    let Some(without) = repo::render_without(app, cx.workspace, &file, &candidate.edit) else { return };
    if without.rendered.failed.is_some() {
        return;
    }
    let Some(difference) = repo::first_difference(rendered, &without.rendered) else { return };
    let below = cx.sources().get(candidate.lost.at.file).map(|file| Arc::clone(file.name()));
    let below = below.as_deref().unwrap_or_default();
    let below = below.rsplit('/').next().unwrap_or(below);
    let text = file.slice(candidate.at);
    let key = candidate.key();
    let message = format!("`{key}: {text}` removes the {key} that {below} provides");
    // From the key, so that the whole line is shown.
    let stream = cx.workspace.cache.stream(&file);
    let start = edit::key_span(&stream, &candidate.location).unwrap_or(candidate.at);
    let primary = Label { at: start.cover(candidate.at), message: String::new() };
    let mut related = vec![Label { at: candidate.lost.at, message: "the value that is lost".to_owned() }];
    // In the other render the lost value is there, and knows the template that prints it.
    if let Some(is) = difference.is {
        let links = repo::chain(is, &without.rendered.origins);
        let template = links.iter().find(|link| {
            let printed = link.by.is_printed() || link.by == Step::Included;
            printed && link.at.file != without.changed && link.at.file != candidate.lost.at.file
        });
        related.extend(
            template.map(|link| Label { at: link.at, message: "where it would be printed".to_owned() }),
        );
    }
    let edit = &candidate.edit;
    let fix = Fix::new(
        "delete the line",
        Span::new(candidate.at.file, edit.range.start, edit.range.end),
        edit.text.clone(),
    );
    let report = cx.report_labels(Labels { primary, related, named: None }, message).help("delete the line");
    let report = report.fix(fix.changing_apps());
    let object = match (difference.before, difference.after) {
        (Some(index), _) => rendered.objects.get(index),
        (None, Some(index)) => without.rendered.objects.get(index),
        (None, None) => None,
    };
    if let Some(object) = object {
        let field = (!difference.field.is_empty()).then_some(difference.field.as_str());
        drop(report.object(object, field));
    }
}
