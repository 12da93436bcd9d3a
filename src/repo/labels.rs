//! From a place to the labels of a finding: the one policy for which line is primary.
//!
//! The primary label is the nearest line in the chain that its owner can edit: a values line rather than the
//! template that printed it, a patch rather than the base, and never a line of a vendored third-party chart when
//! something in the repository caused it. The rest of the chain becomes related labels, in order.

use crate::finding::Label;
use crate::origin::{OriginId, Origins, Place, Step};
use crate::source::Span;

use super::Workspace;

/// More would bury the story; `gitops-lint why` shows the whole chain.
const MAX_RELATED: usize = 6;

/// The labels of one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// The line to edit.
    pub primary: Label,
    /// The chain around it.
    pub related: Vec<Label>,
    /// The line of a fetched chart that is to blame, where the line to edit only gave the release its name.
    pub named: Option<Span>,
}

/// A line that had a say in a value, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The bytes.
    pub at: Span,
    /// What happened there.
    pub by: Step,
    /// Displaced by the link before it, rather than a cause of it.
    pub displaced: bool,
}

/// The chain behind a place, nearest cause first: data before the templates that print it, a patch before what it
/// displaced.
pub fn chain(place: Place, origins: &Origins) -> Vec<Link> {
    let mut walk = Walk { origins, links: Vec::new(), seen: Vec::new() };
    let by = origins.get(place.origin).map_or(Step::Written, |origin| origin.by);
    walk.links.push(Link {
        at: place.at,
        by: leading_step(origins, place.origin).unwrap_or(by),
        displaced: false,
    });
    walk.visit(place.origin, false, 0);
    let mut links = walk.links;
    let mut kept: Vec<Link> = Vec::with_capacity(links.len());
    for link in links.drain(..) {
        if !kept
            .iter()
            .any(|known| known.at == link.at || (known.at.file == link.at.file && covers(known.at, link.at)))
        {
            kept.push(link);
        }
    }
    kept
}

/// Whether one span lies within the other: the same story told more or less exactly.
fn covers(a: Span, b: Span) -> bool {
    (a.start <= b.start && b.end <= a.end) || (b.start <= a.start && a.end <= b.end)
}

/// The step at the data end of a chain: what the place itself shows.
fn leading_step(origins: &Origins, id: OriginId) -> Option<Step> {
    let mut origin = origins.get(id)?;
    while origin.by.makes() {
        match origins.get(origin.from) {
            Some(next) => origin = next,
            None => break,
        }
    }
    Some(origin.by)
}

struct Walk<'a> {
    origins: &'a Origins,
    links: Vec<Link>,
    seen: Vec<OriginId>,
}

impl Walk<'_> {
    fn visit_all(&mut self, ids: &[OriginId], displaced: bool, depth: u32) {
        for id in ids {
            self.visit(*id, displaced, depth + 1);
        }
    }

    fn visit(&mut self, id: OriginId, displaced: bool, depth: u32) {
        // Chains are short; the bound keeps a pathological one from flooding a report or the stack.
        if id.is_written() || depth > 64 || self.links.len() > 256 || self.seen.contains(&id) {
            return;
        }
        self.seen.push(id);
        let Some(origin) = self.origins.get(id).copied() else { return };
        // Conditions decide that something is rendered, not what; a finding is about what.
        if origin.by == Step::Decided {
            self.visit(origin.under, displaced, depth + 1);
            return;
        }
        let inputs: Vec<OriginId> = self.origins.inputs(id).collect();
        let template = origin.by.is_of_template();
        if template {
            self.visit_all(&inputs, displaced, depth);
        }
        if let Some(at) = origin.at {
            self.links.push(Link { at, by: origin.by, displaced });
        }
        if !template {
            self.visit_all(&inputs, displaced, depth);
        }
        self.visit(origin.under, displaced || !template, depth + 1);
    }
}

impl Labels {
    /// The labels for a place.
    pub fn of(place: Place, origins: &Origins, workspace: &Workspace) -> Self {
        let links = chain(place, origins);
        let editable = |link: &Link| !link.displaced && workspace.is_editable(link.at.file);
        let first = links.iter().position(editable).unwrap_or(0);
        let primary = links.get(first).map_or(place.at, |link| link.at);
        let related = links
            .iter()
            .enumerate()
            .filter(|(index, link)| *index != first && link.at != primary)
            .map(|(_, link)| Label { at: link.at, message: describe(link).to_owned() })
            .take(MAX_RELATED)
            .collect();
        let is_said = |link: &Link| link.by.is_layer() || link.by.is_patch();
        let is_name = links.get(first).is_some_and(|link| !is_said(link));
        let is_fetched =
            |link: &&Link| workspace.sources.get(link.at.file).is_some_and(|file| file.home().is_fetched());
        let printed =
            links.iter().filter(|link| !link.displaced && link.by.is_of_template()).find(is_fetched);
        let named = printed.filter(|_| is_name).map(|link| link.at);
        Self { primary: Label { at: primary, message: String::new() }, related, named }
    }
}

/// What a link did, in the words of a label.
pub fn describe(link: &Link) -> &'static str {
    if link.displaced {
        return match link.by {
            Step::ChartValues => "the chart's default, replaced",
            _ => "the value it replaces",
        };
    }
    link.by.words()
}
