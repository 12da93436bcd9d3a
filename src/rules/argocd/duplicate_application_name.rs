//! `duplicate-application-name`: see the page.

use std::collections::BTreeMap;

use crate::origin::Place;
use crate::repo::{AppEntry, AppKind, Inventory, has_tokens};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "duplicate-application-name",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "Two Applications have the same name in the same namespace."
);

pub(crate) struct DuplicateApplicationName;

impl Rule for DuplicateApplicationName {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut by_name: BTreeMap<(&str, &str), Vec<&AppEntry>> = BTreeMap::new();
        for entry in inventory.apps.iter().filter(|entry| entry.app.kind == AppKind::Application) {
            by_name.entry((&entry.app.namespace, &entry.app.name)).or_default().push(entry);
        }
        for ((namespace, name), entries) in by_name {
            // One finding per later definition, against the first one that can share a control plane with it.
            for (index, entry) in entries.iter().enumerate().skip(1) {
                let rival = entries.iter().take(index).find(|other| {
                    other.app.place.at != entry.app.place.at
                        && inventory.same_control_plane(other.app.id, entry.app.id)
                });
                let Some(rival) = rival else { continue };
                // A template for many repositories defines nothing yet.
                let is_template = |place: Place| {
                    cx.sources().get(place.at.file).is_some_and(|file| has_tokens(file.text_or_empty()))
                };
                if is_template(entry.app.place) || is_template(rival.app.place) {
                    continue;
                }
                let message = match namespace {
                    "" => format!("the Application `{name}` is defined twice"),
                    namespace => format!("the Application `{namespace}/{name}` is defined twice"),
                };
                let report = cx
                    .report(entry.app.spot(entry.app.place), message)
                    .related(rival.app.spot(rival.app.place), "the other definition")
                    .apps([rival.app.id, entry.app.id])
                    .help("remove one of them, or give it another name");
                // What nobody renders may be applied by hand, or not at all.
                let certain = inventory.share_root(rival.app.id, entry.app.id)
                    || rival.app.place.at.file == entry.app.place.at.file;
                if !certain {
                    report.likely();
                }
            }
        }
    }
}
