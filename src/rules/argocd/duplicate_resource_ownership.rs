//! `duplicate-resource-ownership`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use crate::argocd::IN_CLUSTER;
use crate::finding::{Label, Severity};
use crate::repo::{AppEntry, AppId, Inventory, Labels, ObjectFacts, Status, is_environment};
use crate::rules::flux_apps::contains;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::{Span, TreePath};

meta!(
    "duplicate-resource-ownership",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "Two apps own the same object on the same cluster."
);

pub(crate) struct DuplicateResourceOwnership;

/// What identifies an object on a cluster; the version does not.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

impl Rule for DuplicateResourceOwnership {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut owners: BTreeMap<Key<'_>, Vec<&ObjectFacts>> = BTreeMap::new();
        for object in inventory.objects.iter().filter(|object| counts(inventory, object)) {
            let key = (&*object.group, &*object.kind, &*object.namespace, &*object.name);
            owners.entry(key).or_default().push(object);
        }
        // Two apps that share fifty objects are one finding, at the first object.
        let mut shared: BTreeMap<BTreeSet<AppId>, Vec<Vec<&ObjectFacts>>> = BTreeMap::new();
        for objects in owners.values().filter(|objects| objects.len() > 1) {
            for group in meeting(inventory, objects) {
                shared.entry(group.iter().map(|object| object.app).collect()).or_default().push(group);
            }
        }
        for (apps, groups) in shared {
            report(inventory, &apps, &groups, cx);
        }
    }
}

/// Hooks come and go, generated names never collide, and a plain overlay is nobody's claim to a cluster.
fn counts(inventory: &Inventory, object: &ObjectFacts) -> bool {
    let entry = inventory.app(object.app);
    !object.hook
        && !object.shared
        && !object.name.is_empty()
        // Another rule speaks of Applications.
        && !object.is("argoproj.io", "Application")
        && entry.is_some_and(|entry| {
            entry.status != Status::Failed && !entry.app.kind.is_loose()
        })
}

/// Splits objects of one identity into groups of apps that can share a cluster; groups of one app are dropped.
fn meeting<'a>(inventory: &Inventory, objects: &[&'a ObjectFacts]) -> Vec<Vec<&'a ObjectFacts>> {
    let mut groups: Vec<Vec<&ObjectFacts>> = Vec::new();
    for object in objects {
        // One file that two Kustomizations build is `overlapping-flux-paths`.
        let meets = |other: &&ObjectFacts| {
            collide(inventory, other.app, object.app)
                && !(other.place.at == object.place.at
                    && (contains(inventory, other.app, object.app)
                        || contains(inventory, object.app, other.app)))
        };
        match groups.iter_mut().find(|group| group.iter().all(meets)) {
            Some(group) if group.iter().any(|other| other.app == object.app) => {}
            Some(group) => group.push(object),
            None => groups.push(vec![object]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Whether two apps can be on one cluster together. Two definitions of one app are another rule's business.
fn collide(inventory: &Inventory, a: AppId, b: AppId) -> bool {
    let name = |id| inventory.app(id).map(|entry| (&entry.app.namespace, &entry.app.name));
    a == b
        || (inventory.may_meet(a, b)
            && name(a) != name(b)
            && !inventory.are_alternatives(a, b)
            && !are_one(inventory, a, b)
            && !are_environments(inventory, a, b))
}

/// Whether two apps are one that two roots render, from one definition or from two that give it the same name: of those
/// roots, a cluster has one.
fn are_one(inventory: &Inventory, a: AppId, b: AppId) -> bool {
    let (Some(a), Some(b)) = (inventory.app(a), inventory.app(b)) else { return false };
    let apart = a.root != b.root || a.app.environment != b.app.environment;
    a.root != b.root && a.app.place.at == b.app.place.at
        || (apart || a.app.provisional || b.app.provisional)
            && a.app.name == b.app.name
            && matches!(a.app.cluster.as_str(), "" | IN_CLUSTER)
}

/// Whether two apps are called alike but for the environment, and only the address that every cluster has for itself says that
/// they share one: `dev-web` and `prod-web` of two roots.
fn are_environments(inventory: &Inventory, a: AppId, b: AppId) -> bool {
    let (Some(a), Some(b)) = (inventory.app(a), inventory.app(b)) else { return false };
    let parts = |name: &str| -> (Vec<String>, Vec<String>) {
        name.to_lowercase().split(['-', '_', '.']).map(str::to_owned).partition(|part| is_environment(part))
    };
    let ((ours, one), (theirs, other)) = (parts(&a.app.name), parts(&b.app.name));
    // Side by side, one Argo CD reads both.
    let dir = |entry: &AppEntry| entry.app.path.as_ref().and_then(TreePath::parent);
    a.root != b.root
        && dir(a) != dir(b)
        && matches!(a.app.cluster.as_str(), "" | IN_CLUSTER)
        && one == other
        && ours != theirs
        && !ours.is_empty()
        && !theirs.is_empty()
}

fn report(inventory: &Inventory, apps: &BTreeSet<AppId>, groups: &[Vec<&ObjectFacts>], cx: &mut Context<'_>) {
    let Some(first) = groups.first() else { return };
    // The line to edit is one that was written for the object itself rather than produced by a template.
    let labels: Vec<(Labels, &ObjectFacts)> = first
        .iter()
        .map(|object| (Labels::of(object.place, &inventory.origins, cx.workspace), *object))
        .collect();
    let best = labels.iter().position(|(labels, _)| labels.related.is_empty()).unwrap_or(labels.len() - 1);
    let Some((primary, object)) = labels.get(best) else { return };
    let name = |id: AppId| inventory.app(id).map_or("", |entry| &entry.app.name);
    let names: Vec<String> = apps.iter().map(|id| format!("`{}`", name(*id))).collect();
    let who = match names.as_slice() {
        [a, b] => format!("both {a} and {b} own"),
        names => format!("{} apps ({}) own", names.len(), names.join(", ")),
    };
    let namespace =
        if object.namespace.is_empty() { String::new() } else { format!("{}/", object.namespace) };
    let what = match groups.len() {
        1 => format!("{who} {} `{namespace}{}`", object.kind, object.name),
        count => format!("{who} {count} objects, such as {} `{namespace}{}`", object.kind, object.name),
    };
    let mut related = primary.related.clone();
    for (index, (labels, object)) in labels.iter().enumerate().filter(|(index, _)| *index != best) {
        let _ = index;
        let message = format!("`{}` defines it here", name(object.app));
        related.push(Label { at: labels.primary.at, message });
        related.extend(labels.related.iter().cloned());
    }
    let same_source = related.iter().all(|label| label.at == primary.primary.at);
    if same_source {
        // One file, several ways to it: each app's own line is what can be edited.
        for id in apps {
            let Some(at) = inclusion(inventory, *id, primary.primary.at, cx) else { continue };
            if related.iter().all(|label| label.at != at) {
                related.push(Label { at, message: format!("`{}` takes it in here", name(*id)) });
            }
        }
    }
    let mut label = primary.primary.clone();
    label.message = format!("`{}` defines it here", name(object.app));
    related.retain(|other| other.at != label.at);
    let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
    let help = if same_source {
        "let only one of the apps render this source, or give each its own namespace"
    } else {
        "keep the object in one app and remove it from the other"
    };
    cx.report_labels(Labels { primary: label, related }, what)
        .apps(apps.iter().copied())
        .object_ref(object.to_ref(cluster))
        .severity(Severity::Error)
        .help(help);
}

/// The entry of a kustomization that an app builds, by which it takes in the file of `at`.
fn inclusion(inventory: &Inventory, app: AppId, at: Span, cx: &Context<'_>) -> Option<Span> {
    let entry = inventory.app(app)?;
    let target = TreePath::new(cx.sources().get(at.file)?.name()).ok()?;
    let kustomizations = inventory.scan.kustomizations.iter();
    for (dir, kustomization) in kustomizations.filter(|(_, it)| entry.files.contains(&it.file)) {
        let Ok(file) = cx.workspace.tree.read(&kustomization.file) else { continue };
        // The directory of the file itself is the same for all.
        if target.parent().as_ref() == Some(dir) {
            continue;
        }
        let stream = cx.workspace.cache.stream(&file);
        let Some(root) = stream.documents.first().and_then(|document| document.root.as_ref()) else {
            continue;
        };
        for item in ["resources", "bases", "components"].iter().flat_map(|list| root.items(&[*list])) {
            let Some(text) = item.scalar() else { continue };
            let remote = text.split(['?', '#']).next().filter(|text| text.contains("://"));
            let leads = match remote {
                Some(url) => {
                    target.parent().is_some_and(|dir| !dir.is_root() && url.ends_with(&format!("/{dir}")))
                }
                None => dir.join(text).is_ok_and(|path| !path.is_root() && target.starts_with(&path)),
            };
            if leads {
                return Some(item.at);
            }
        }
    }
    None
}
