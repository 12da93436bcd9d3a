//! `duplicate-resource-ownership`: see the page.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::argocd::IN_CLUSTER;
use crate::finding::{Label, Severity};
use crate::repo::{
    AppEntry, AppId, AppKind, COPIES, Inventory, Labels, ObjectFacts, Status, is_environment, showcase,
};
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
        // What follows a branch or tag that does not exist applies nothing until that is mended, which another rule says.
        let absent: FxHashSet<AppId> =
            inventory.apps.iter().filter(|entry| is_absent(entry, cx)).map(|entry| entry.app.id).collect();
        let owned = |object: &&ObjectFacts| counts(inventory, object) && !absent.contains(&object.app);
        for object in inventory.objects.iter().filter(owned) {
            let key = (&*object.group, &*object.kind, &*object.namespace, &*object.name);
            owners.entry(key).or_default().push(object);
        }
        // Two apps that share fifty objects are one finding, at the first object.
        let mut shared: BTreeMap<BTreeSet<AppId>, Vec<Vec<&ObjectFacts>>> = BTreeMap::new();
        let mut known = Apps::default();
        for objects in owners.values().filter(|objects| objects.len() > 1) {
            for group in meeting(inventory, objects, &mut known) {
                shared.entry(group.iter().map(|object| object.app).collect()).or_default().push(group);
            }
        }
        for (apps, groups) in shared {
            report(inventory, &apps, &groups, cx);
        }
    }
}

/// Whether a source of an Application is at a revision that its repository is known not to have.
fn is_absent(entry: &AppEntry, cx: &Context<'_>) -> bool {
    let sources = entry.app.application().map(|it| it.sources.as_slice()).unwrap_or_default();
    let checkouts = &cx.workspace.checkouts;
    sources.iter().any(|source| {
        let revision = source.target_revision();
        let is_name =
            !revision.is_empty() && !revision.contains(['*', '^', '~', '>', '<', '=', '{', '$', ' ']);
        source.chart.is_none() && is_name && checkouts.absent(source.repo_url(), revision).is_some()
    })
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

/// What decides whether an app can be on a cluster together with others.
struct Known<'a> {
    entry: &'a AppEntry,
    site: u32,
    /// The directories around the file of its root that have enough files to be built like others, each with the one around it.
    trees: Vec<(TreePath, TreePath)>,
    /// Whether that is one of many examples.
    showcase: bool,
    /// Whether Flux applies its root.
    flux: bool,
    /// The files below what its root renders, where they are enough to be a copy of something.
    names: Rc<[&'a str]>,
    /// The parts of its name: those that do not say an environment, and those that do.
    parts: (Vec<String>, Vec<String>),
}

/// What is known of apps, and the files of their roots.
#[derive(Default)]
struct Apps<'a> {
    known: FxHashMap<AppId, Known<'a>>,
    names: FxHashMap<AppId, Rc<[&'a str]>>,
}

impl<'a> Apps<'a> {
    fn get(&mut self, inventory: &'a Inventory, app: AppId) -> Option<&Known<'a>> {
        match self.known.entry(app) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(free) => Some(free.insert(Known::of(inventory, app, &mut self.names)?)),
        }
    }
}

/// The files below the directories that a root renders, as seen from there.
fn names<'a>(inventory: &'a Inventory, root: &AppEntry) -> Rc<[&'a str]> {
    if !inventory.may_be_copied(root) {
        return Rc::default();
    }
    let mut names: Vec<&'a str> = Vec::new();
    for dir in inventory.rendered_dirs(root) {
        names.extend(inventory.scan.names_below(dir.as_str()));
    }
    names.into()
}

impl<'a> Known<'a> {
    fn of(inventory: &'a Inventory, app: AppId, known: &mut FxHashMap<AppId, Rc<[&'a str]>>) -> Option<Self> {
        let entry = inventory.app(app)?;
        let root = inventory.app(entry.root).unwrap_or(entry);
        let name = entry.app.name.to_lowercase();
        let (environment, rest) =
            name.split(['-', '_', '.']).map(str::to_owned).partition(|part| is_environment(part));
        Some(Self {
            entry,
            site: inventory.site(app)?,
            trees: root.app.path.as_ref().map(|path| trees(inventory, path)).unwrap_or_default(),
            showcase: root.app.path.as_ref().is_some_and(|path| showcase(path).is_some()),
            flux: matches!(root.app.kind, AppKind::Kustomization | AppKind::HelmRelease),
            names: Rc::clone(known.entry(root.app.id).or_insert_with(|| names(inventory, root))),
            parts: (rest, environment),
        })
    }
}

/// Objects of one identity, of apps that can all be on one cluster together; and what those apps are known by, so that another app
/// need not be compared with each.
#[derive(Default)]
struct Group<'a> {
    objects: Vec<&'a ObjectFacts>,
    apps: FxHashSet<AppId>,
    /// One app of each site.
    sites: BTreeMap<u32, AppId>,
    /// The apps by name.
    named: FxHashMap<&'a str, Vec<AppId>>,
    /// The root of the apps that are defined at a place.
    defined: FxHashMap<Span, AppId>,
    /// The apps by their name without its environment.
    parts: FxHashMap<Vec<String>, Vec<AppId>>,
    /// One app of each root, as far as it may be an alternative of others: with an example's.
    showcases: BTreeMap<AppId, AppId>,
    roots: BTreeMap<AppId, AppId>,
    /// The roots that render files of a name, of those with something to copy.
    names: FxHashMap<&'a str, Vec<AppId>>,
    /// By directory, what roots lie below in it that has enough files to be built like something else, with one app of each.
    trees: FxHashMap<TreePath, BTreeMap<TreePath, AppId>>,
    /// What Kustomizations build that take in the file of a place.
    built: FxHashMap<Span, BTreeSet<TreePath>>,
    /// Whether Flux applies the roots.
    flux: bool,
}

impl<'a> Group<'a> {
    /// Whether all apps of the group can be on a cluster together with another one that has the object, too.
    fn fits(&self, inventory: &Inventory, object: &ObjectFacts, known: &Known<'_>) -> bool {
        // One file that two Kustomizations build is `overlapping-flux-paths`.
        if let (Some(own), Some(built)) = (&known.entry.built, self.built.get(&object.place.at))
            && is_nested(own, built)
        {
            return false;
        }
        // Where neither leads to the other, who moves from one controller to the other has both for a while, on no cluster at once.
        if self.flux != known.flux && !self.apps.is_empty() {
            return false;
        }
        // Two definitions of one app are another rule's business.
        if self.apps.contains(&object.app) {
            return true;
        }
        let entry = known.entry;
        let app = object.app;
        let alternative = |other: &AppId| inventory.are_alternatives(*other, app);
        let roots = if known.showcase { &self.roots } else { &self.showcases };
        // Two trees are alike below the first directory in which their paths differ.
        let beside = known.trees.iter().filter_map(|(around, own)| Some((self.trees.get(around)?, own)));
        let mut parallel = beside
            .flat_map(|(trees, own)| trees.iter().filter(move |(tree, _)| *tree != own).map(|(_, app)| app));
        let named = self.named.get(&*entry.app.name).into_iter().flatten();
        let same_name =
            |other: &&AppId| inventory.app(**other).is_some_and(|it| it.app.namespace == entry.app.namespace);
        self.sites.values().all(|other| inventory.may_meet(*other, app))
            && !named.clone().any(|other| same_name(&other))
            && !named.clone().any(alternative)
            // One app that two roots render, from one definition or from two that give it the same name: of those roots, a
            // cluster has one.
            && !named.filter_map(|other| inventory.app(*other)).any(|other| is_one(other, entry))
            && self.defined.get(&entry.app.place.at).is_none_or(|root| *root == entry.root)
            && !self.has_other_environment(inventory, known)
            && !roots.values().any(alternative)
            && !self.copies(known).iter().any(alternative)
            && !parallel.any(alternative)
    }

    /// Apps of the roots that render as many files of the same names as copies of each other do.
    fn copies(&self, known: &Known<'_>) -> Vec<AppId> {
        let mut shared: BTreeMap<AppId, usize> = BTreeMap::new();
        for name in known.names.iter() {
            for root in self.names.get(name).into_iter().flatten() {
                *shared.entry(*root).or_default() += 1;
            }
        }
        let copies = shared.into_iter().filter(|(_, count)| *count >= COPIES);
        copies.filter_map(|(root, _)| self.roots.get(&root).copied()).collect()
    }

    /// Whether an app is called like one of the group but for the environment, and only the address that every cluster has for
    /// itself says that they share one: `dev-web` and `prod-web` of two roots.
    fn has_other_environment(&self, inventory: &Inventory, known: &Known<'_>) -> bool {
        let (own, (rest, environment)) = (known.entry, &known.parts);
        if environment.is_empty() {
            return false;
        }
        // Side by side, one Argo CD reads both.
        let dir = |entry: &AppEntry| entry.app.path.as_ref().and_then(TreePath::parent);
        let others = self.parts.get(rest).into_iter().flatten();
        let mut others = others.filter_map(|other| inventory.app(*other));
        others.any(|other| {
            let name = other.app.name.to_lowercase();
            let theirs = name.split(['-', '_', '.']).filter(|part| is_environment(part));
            other.root != own.root
                && dir(other) != dir(own)
                && matches!(other.app.cluster.as_str(), "" | IN_CLUSTER)
                && !theirs.eq(environment.iter().map(String::as_str))
        })
    }

    fn push(&mut self, object: &'a ObjectFacts, known: &Known<'a>) {
        if !self.apps.insert(object.app) {
            return;
        }
        if let Some(built) = &known.entry.built {
            self.built.entry(object.place.at).or_default().insert(built.clone());
        }
        self.objects.push(object);
        self.flux = known.flux;
        let (entry, app) = (known.entry, object.app);
        self.sites.entry(known.site).or_insert(app);
        self.named.entry(&entry.app.name).or_default().push(app);
        self.defined.entry(entry.app.place.at).or_insert(entry.root);
        if !known.parts.1.is_empty() {
            self.parts.entry(known.parts.0.clone()).or_default().push(app);
        }
        if !self.roots.contains_key(&entry.root) {
            for name in known.names.iter() {
                self.names.entry(name).or_default().push(entry.root);
            }
        }
        self.roots.entry(entry.root).or_insert(app);
        if known.showcase {
            self.showcases.entry(entry.root).or_insert(app);
        }
        for (around, tree) in &known.trees {
            self.trees.entry(around.clone()).or_default().entry(tree.clone()).or_insert(app);
        }
    }
}

/// The directories around a file that have enough files to be copies of others, each with the one around it.
fn trees(inventory: &Inventory, path: &TreePath) -> Vec<(TreePath, TreePath)> {
    let dirs = std::iter::successors(path.parent(), TreePath::parent);
    dirs.filter(|dir| inventory.scan.may_be_copied(dir))
        .filter_map(|dir| Some((dir.parent()?, dir)))
        .collect()
}

/// Whether two apps of one name are one that two roots or two environments render.
fn is_one(other: &AppEntry, own: &AppEntry) -> bool {
    let apart = other.root != own.root || other.app.environment != own.app.environment;
    (apart || other.app.provisional || own.app.provisional)
        && matches!(other.app.cluster.as_str(), "" | IN_CLUSTER)
}

/// Whether a directory lies in one of others, or one of them in it; itself does not count.
fn is_nested(dir: &TreePath, others: &BTreeSet<TreePath>) -> bool {
    let mut above = dir.parent();
    while let Some(at) = above {
        if others.contains(&at) {
            return true;
        }
        above = at.parent();
    }
    let mut below = others.range(dir..).skip_while(|other| *other == dir);
    below
        .find(|other| !other.as_str().starts_with(dir.as_str()) || other.starts_with(dir))
        .is_some_and(|it| it.starts_with(dir))
}

/// Splits objects of one identity into groups of apps that can share a cluster; groups of one app are dropped.
fn meeting<'a>(
    inventory: &'a Inventory,
    objects: &[&'a ObjectFacts],
    apps: &mut Apps<'a>,
) -> Vec<Vec<&'a ObjectFacts>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    // Groups by the site of their first app.
    let mut by_site: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for object in objects {
        let Some(known) = apps.get(inventory, object.app) else { continue };
        let sites = inventory.sites_near(object.app);
        let mut near: Vec<usize> = if sites.len() < groups.len() {
            sites.iter().filter_map(|site| by_site.get(site)).flatten().copied().collect()
        } else {
            (0..groups.len()).collect()
        };
        near.sort_unstable();
        let fits = |at: &usize| groups.get(*at).is_some_and(|group| group.fits(inventory, object, known));
        let at = near.into_iter().find(fits).unwrap_or_else(|| {
            by_site.entry(known.site).or_default().push(groups.len());
            groups.push(Group::default());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.push(object, known);
        }
    }
    groups.into_iter().map(|group| group.objects).filter(|objects| objects.len() > 1).collect()
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
        let mut told: BTreeSet<Span> = related.iter().map(|label| label.at).collect();
        for id in apps {
            let Some(at) = inclusion(inventory, *id, primary.primary.at, cx) else { continue };
            if told.insert(at) {
                related.push(Label { at, message: format!("`{}` takes it in here", name(*id)) });
            }
        }
    }
    let mut label = primary.primary.clone();
    label.message = format!("`{}` defines it here", name(object.app));
    related.retain(|other| other.at != label.at);
    let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
    // What Flux applies from one file with the same result changes nothing but the label that says whose it is.
    // A Namespace says nothing but what it is called.
    let named = groups.iter().flatten().all(|object| object.is("", "Namespace"));
    let agreed = (same_source || named) && groups.iter().all(|group| agree(group));
    let help = if agreed {
        "all of them apply the same; whichever is deleted first takes it along until the next one is applied"
    } else if same_source {
        "let only one of the apps render this source, or give each its own namespace"
    } else {
        "keep the object in one app and remove it from the other"
    };
    cx.report_labels(Labels { primary: label, related, named: None }, what)
        .apps(apps.iter().copied())
        .object_ref(object.to_ref(cluster))
        .severity(if agreed { Severity::Note } else { Severity::Error })
        .help(help);
}

/// Whether Flux applies the same from all apps.
fn agree(objects: &[&ObjectFacts]) -> bool {
    let mut contents = objects.iter().map(|object| object.content);
    contents.next().flatten().is_some_and(|first| contents.all(|it| it == Some(first)))
}

/// The entry of a kustomization that an app builds, by which it takes in the file of `at`.
fn inclusion(inventory: &Inventory, app: AppId, at: Span, cx: &Context<'_>) -> Option<Span> {
    let entry = inventory.app(app)?;
    let target = cx.sources().get(at.file)?.path()?.clone();
    let dirs: BTreeSet<TreePath> = entry.files.iter().filter_map(TreePath::parent).collect();
    let kustomizations = dirs.iter().filter_map(|dir| inventory.scan.kustomizations.get_key_value(dir));
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
