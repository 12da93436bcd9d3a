//! `volatile-selector-label`: see the page.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::finding::Severity;
use crate::origin::Step;
use crate::repo::{self, App, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;
use crate::yaml::{Entry, Node};

meta!(
    "volatile-selector-label",
    "kustomize",
    Warning,
    Recommended,
    "0.1.0",
    "A label that changes with every version goes into selectors, which cannot be changed."
);

pub(crate) struct VolatileSelectorLabel;

/// Labels whose values follow versions, builds or time.
const VOLATILE: [&str; 8] = [
    "app.kubernetes.io/version",
    "helm.sh/chart",
    "version",
    "chart",
    "git-sha",
    "commit",
    "revision",
    "build",
];

/// Labels whose values change when another tool takes over: seldom, and then nothing can be applied any more.
const TOOLS: [&str; 2] = ["app.kubernetes.io/managed-by", "managed-by"];

impl Rule for VolatileSelectorLabel {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // The entries that put labels into selectors, with the labels and one object that shows it.
        let mut found: BTreeMap<Span, (BTreeMap<Span, SmolStr>, usize)> = BTreeMap::new();
        for (index, object) in
            rendered.objects.iter().enumerate().filter(|(_, object)| object.group == "apps")
        {
            let selector = object.node.at_path(&["spec", "selector", "matchLabels"]);
            for entry in selector.map(Node::entries).unwrap_or_default() {
                let key = entry.key.text.as_str();
                if !VOLATILE.contains(&key) && !TOOLS.contains(&key) {
                    continue;
                }
                let links = repo::chain(entry.value.place(), cx.origins());
                let Some(link) = links.iter().find(|link| link.by == Step::Labelled && !link.displaced)
                else {
                    continue;
                };
                let Some((at, label)) = written(link.at, cx) else { continue };
                let (labels, _) = found.entry(at).or_insert_with(|| (BTreeMap::new(), index));
                labels.insert(label, entry.key.text.clone());
            }
        }
        for (at, (labels, index)) in found {
            let names: Vec<String> = labels.values().map(|name| format!("`{name}`")).collect();
            let (verb, names) = (if names.len() == 1 { "is" } else { "are" }, names.join(", "));
            let message = format!("{names} {verb} put into selectors, which cannot be changed later");
            let help = "add it under `labels` without `includeSelectors` (and with `includeTemplates: true` if pods \
                        shall have it)";
            let mut report = cx.report_at(at, message).help(help);
            if !labels.values().any(|name| VOLATILE.contains(&name.as_str())) {
                report = report.at_most(Severity::Note);
            }
            for label in labels.into_keys() {
                report = report.related_at(label, "this label");
            }
            if let Some(object) = rendered.objects.get(index) {
                drop(report.object(object, Some("spec.selector.matchLabels")));
            }
        }
    }
}

/// The entry of a kustomization that puts the label whose value is at `value` into selectors, and the label.
fn written(value: Span, cx: &Context<'_>) -> Option<(Span, Span)> {
    let stream = cx.workspace.cache.stream(&cx.sources().get(value.file)?);
    let root = stream.documents.iter().find_map(|document| document.root.as_ref())?;
    let whole = |entry: &Entry| entry.key.at.cover(entry.value.at);
    let label = |entries: &[Entry]| entries.iter().find(|entry| entry.value.at == value).map(whole);
    for entry in root.items(&["labels"]) {
        if let Some(label) = label(entry.get("pairs").map(Node::entries).unwrap_or_default()) {
            let switch = entry.entries().iter().find(|it| it.key.text == "includeSelectors");
            return Some((switch.map_or(label, whole), label));
        }
    }
    let label = label(root.get("commonLabels").map(Node::entries).unwrap_or_default())?;
    Some((label, label))
}
