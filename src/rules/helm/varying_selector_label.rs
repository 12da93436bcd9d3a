//! `varying-selector-label`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::origin::Place;
use crate::repo::{AppKind, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::FileId;

meta!(
    "varying-selector-label",
    "helm",
    Warning,
    Recommended,
    "0.1.0",
    "A template puts a label into the selectors of some releases only, and selectors cannot be changed."
);

pub(crate) struct VaryingSelectorLabel;

impl Rule for VaryingSelectorLabel {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // Workloads by the template that wrote their selectors.
        let mut made: BTreeMap<(FileId, &SmolStr), Vec<&ObjectFacts>> = BTreeMap::new();
        for object in &inventory.objects {
            let is_release = inventory
                .app(object.app)
                .is_some_and(|entry| matches!(entry.app.kind, AppKind::Application | AppKind::HelmRelease));
            // The name of an object is often a value: what is surely written in the template is its selector.
            let selector = object.pod.as_ref().and_then(|pod| pod.selector.first());
            if let Some((_, place)) = selector.filter(|(_, place)| is_release && is_template(*place, cx)) {
                made.entry((place.at.file, &object.kind)).or_default().push(object);
            }
        }
        for objects in made.into_values() {
            let releases: BTreeSet<_> = objects.iter().map(|object| object.app).collect();
            // Several workloads of one template differ by what they are for.
            if releases.len() < 2 || releases.len() != objects.len() {
                continue;
            }
            let mut labels: BTreeMap<&SmolStr, Vec<(&ObjectFacts, Place)>> = BTreeMap::new();
            for object in &objects {
                for (name, place) in object.pod.iter().flat_map(|pod| &pod.selector) {
                    labels.entry(name).or_default().push((object, *place));
                }
            }
            for (name, with) in labels {
                // What values bring along is their own choice; what a template adds follows from another value.
                let (Some((object, place)), true) = (with.first(), with.len() < objects.len()) else {
                    continue;
                };
                if !is_template(*place, cx) || with.iter().any(|(_, it)| it.at != place.at) {
                    continue;
                }
                let kind = &object.kind;
                let message = format!(
                    "`{name}` is in the selector of {} of {} {kind}s that this chart makes",
                    with.len(),
                    objects.len()
                );
                let help = "keep the label out of selectors, or have it always: the API server refuses a changed \
                            selector, so whoever sets the value later cannot sync any more";
                let apps: Vec<_> = with.iter().map(|(object, _)| object.app).collect();
                cx.report_at(place.at, message)
                    .help(help)
                    .apps(apps)
                    .related(object.place, "of this workload");
            }
        }
    }
}

/// Whether a place lies in a template of a chart.
fn is_template(place: Place, cx: &Context<'_>) -> bool {
    cx.sources().get(place.at.file).is_some_and(|file| file.name().split('/').any(|part| part == "templates"))
}
