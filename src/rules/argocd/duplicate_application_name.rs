//! `duplicate-application-name`: see the page.

use std::collections::BTreeMap;

use crate::origin::Place;
use crate::repo::{AppEntry, AppKind, Inventory, has_tokens};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{Home, Span};

meta!(
    "duplicate-application-name",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "Two Applications have the same name in the same namespace."
);

pub(crate) struct DuplicateApplicationName;

/// Two places that define the same Applications.
struct Pair<'a> {
    entry: &'a AppEntry,
    rival: &'a AppEntry,
    /// Others that both define, with another name.
    more: Vec<(&'a AppEntry, &'a AppEntry)>,
    certain: bool,
}

impl Rule for DuplicateApplicationName {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut by_name: BTreeMap<(&str, &str), Vec<&AppEntry>> = BTreeMap::new();
        for entry in inventory.apps.iter().filter(|entry| entry.app.kind == AppKind::Application) {
            by_name.entry((&entry.app.namespace, &entry.app.name)).or_default().push(entry);
        }
        // One template may generate many pairs: they are one mistake.
        let mut pairs: BTreeMap<(Span, Span), Pair<'_>> = BTreeMap::new();
        for entries in by_name.into_values() {
            // One pair per later definition, with the first one that can share a control plane with it.
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
                if is_one_file(inventory, entry, rival, cx) {
                    continue;
                }
                let pair = pairs.entry((entry.app.place.at, rival.app.place.at)).or_insert_with(|| Pair {
                    entry,
                    rival,
                    more: Vec::new(),
                    certain: false,
                });
                if pair.entry.app.id != entry.app.id {
                    pair.more.push((entry, rival));
                }
                // What nobody renders may be applied by hand, or not at all.
                pair.certain |= inventory.share_root(rival.app.id, entry.app.id)
                    || rival.app.place.at.file == entry.app.place.at.file;
            }
        }
        for pair in pairs.into_values() {
            let name = match (&*pair.entry.app.namespace, &*pair.entry.app.name) {
                ("", name) => name.to_owned(),
                (namespace, name) => format!("{namespace}/{name}"),
            };
            let message = match pair.more.len() {
                0 => format!("the Application `{name}` is defined twice"),
                more => format!("the Application `{name}` is defined twice, and so are {more} more"),
            };
            let apps = pair.more.iter().flat_map(|(entry, rival)| [entry.app.id, rival.app.id]);
            let report = cx
                .report(pair.entry.app.spot(pair.entry.app.place), message)
                .related(pair.rival.app.spot(pair.rival.app.place), "the other definition")
                .apps([pair.rival.app.id, pair.entry.app.id].into_iter().chain(apps))
                .help("remove one of them, or give it another name");
            if !pair.certain {
                report.likely();
            }
        }
    }
}

/// Whether both are one file, of which an app renders another revision: what lies in the working tree is where that revision came
/// from or what it will become, and nothing that is deployed renders it as well.
fn is_one_file(inventory: &Inventory, entry: &AppEntry, rival: &AppEntry, cx: &Context<'_>) -> bool {
    let home = |entry: &AppEntry| cx.sources().get(entry.app.place.at.file).map(|file| file.home().clone());
    let is_idle = |entry: &AppEntry| {
        let parent = entry.app.parent.and_then(|parent| inventory.app(parent));
        parent.is_none_or(|parent| parent.app.kind == AppKind::ApplicationSet && parent.app.parent.is_none())
            || inventory.app(entry.root).is_some_and(|root| root.app.kind.is_loose())
    };
    match (home(entry), home(rival)) {
        (Some(Home::Tree(tree)), Some(Home::Revision { path, .. })) => tree == path && is_idle(entry),
        (Some(Home::Revision { path, .. }), Some(Home::Tree(tree))) => tree == path && is_idle(rival),
        _ => false,
    }
}
