//! Discovery: from files to apps, in rounds, until nothing new appears.
//!
//! Rendering an app can bring forth apps (app-of-apps). Manifests that no kustomization reads are apps as written.
//! Kustomizations that lead to apps come next, then everything that no app claims: root overlays and charts.

mod loose;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::argocd::Application;
use crate::flux::HelmRelease;
use crate::origin::{Origins, Place};
use crate::source::{Span, TreePath};
use crate::yaml::Node;

use super::analysis::{Analysis, Fresh, Keeping, OnApp, Worker};
use super::app::{App, AppId, AppKind, Spec};
use super::batch::Batch;
use super::clusters::Variants;
use super::collected::{Claims, Collected, Done};
use super::definition::{Definition, control_plane, expect_paths, git_paths, is_app_kind, is_flux_kind};
use super::environments::Environments;
use super::facts::ObjectFacts;
use super::flux::{self, Roots, Store};
use super::inventory::Inventory;
use super::remotes::{Expected, Identity};
use super::scan::Scan;
use super::showcase::is_template_file;
use super::unfinished::scaffold_of;
use super::{Rendered, Workspace, flux_bootstrap};

/// Apps below apps below apps: real repositories have three or four levels.
const MAX_DEPTH: u32 = 16;

/// More apps than any repository has; a generator gone wild stops here.
const MAX_APPS: usize = 50_000;

/// Discovers and renders every app. `on_app` sees each render while its trees are alive, on some thread; its
/// results come back in the order of the apps.
pub fn analyze<T: Send>(
    workspace: &Workspace,
    on_app: &(dyn Fn(&App, &Rendered) -> T + Sync),
) -> (Inventory, Vec<T>) {
    discover(workspace, &Fresh(on_app))
}

/// The same with what earlier analyses of the repository know: only apps that meet what changed are rendered and seen by
/// `on_app`, which must do the same every time.
pub fn analyze_again<T: Clone + Send + Sync>(
    workspace: &Workspace,
    analysis: &Analysis<T>,
    on_app: &OnApp<'_, T>,
) -> (Inventory, Vec<T>) {
    analysis.begin(workspace);
    discover(workspace, &Keeping { analysis, on_app })
}

pub(super) fn discover<T: Send>(workspace: &Workspace, worker: &dyn Worker<T>) -> (Inventory, Vec<T>) {
    workspace.watch.phase("reading files");
    let scan = Scan::of(workspace);
    workspace.watch.phase("rendering and checking apps");
    let variants = Variants::of(&scan.files).declare(&workspace.config.clusters);
    workspace.set_control_plane(control_plane(workspace, &scan));
    workspace.set_tree_definitions(super::TreeDefinitions::of(&scan));
    workspace.set_tree_policies(super::TreePolicies::of(&scan));
    workspace.set_shown_versions(super::ShownVersions::of(workspace, &scan, &variants));
    workspace.set_names(scan.names(workspace));
    let expected = expect_paths(workspace, &scan);
    let mut discovery = Discovery {
        workspace,
        worker,
        queue: Vec::new(),
        done: Vec::new(),
        known: BTreeMap::new(),
        claimed: Claims::default(),
        expected,
        origins: Origins::new(),
        objects: Vec::new(),
        positions: BTreeMap::new(),
        scan: &scan,
        variants: &variants,
        store: Store::default(),
        has_flux: scan.documents.iter().any(|it| is_flux_kind(&it.group, &it.kind)),
        has_trunk: false,
    };
    flux_bootstrap::find_bootstrap(workspace, &scan);
    let roots = Roots::of(workspace, &scan);
    for node in &roots.synced {
        discovery.define(node.clone(), Arc::default(), None, "", 0);
    }
    for document in roots.certain.iter().filter_map(|index| scan.documents.get(*index)) {
        if let Some(node) = document.node(workspace) {
            discovery.define(node, Arc::default(), None, "", 0);
        }
    }
    for index in &roots.stray {
        let document = scan.documents.get(*index);
        if let Some((app, _)) = discovery.queue.iter_mut().find(|(app, _)| {
            document.is_some_and(|it| app.path.as_ref() == Some(&it.path) && *app.name == *it.name)
        }) {
            app.stray = true;
        }
    }
    discovery.has_trunk = roots.has_trunk;
    discovery.run();
    for document in &scan.documents {
        if is_app_kind(&document.group, &document.kind)
            && !is_flux_kind(&document.group, &document.kind)
            && !scan.is_resource(&document.path)
            && !scan.is_input(&document.path)
            && !is_template_file(&document.path)
            && scaffold_of(&document.path, workspace).is_none()
            && let Some(node) = document.node(workspace)
            && !scan.leaves_out(document, &node, workspace)
        {
            discovery.define(node, Arc::default(), None, "", 0);
        }
    }
    discovery.run();
    let defining = scan.documents.iter().filter(|document| is_app_kind(&document.group, &document.kind));
    let defining: BTreeSet<&TreePath> = defining.map(|document| &document.path).collect();
    for leads_to_apps in [true, false] {
        for dir in scan.root_kustomizations() {
            if !discovery.claimed.covers(dir) && leads_to_apps == leads(&scan, &defining, dir) {
                discovery.overlay(dir);
            }
        }
        discovery.run();
    }
    let charts: Vec<TreePath> =
        scan.charts.iter().filter(|dir| !discovery.claimed.covers(dir)).cloned().collect();
    let environments = Environments::new(workspace, &scan);
    let declared = environments.declared();
    let says: BTreeSet<TreePath> = declared.iter().map(|release| release.chart.path.clone()).collect();
    for release in declared {
        discovery.release(release);
    }
    for dir in charts.iter().filter(|dir| !says.contains(dir)) {
        let releases = environments.of(dir);
        if releases.is_empty() {
            discovery.chart(dir);
        }
        for release in releases {
            discovery.release(release);
        }
    }
    discovery.run();
    if discovery.done.is_empty() {
        discovery.manifests();
        discovery.run();
    }
    discovery.stop().finish(workspace, scan, variants)
}

/// Whether building `dir` can bring forth apps, which the files of `defining` define.
fn leads(scan: &Scan, defining: &BTreeSet<&TreePath>, dir: &TreePath) -> bool {
    let closure = scan.closure(dir);
    let kustomizations = closure.iter().filter_map(|dir| scan.kustomizations.get(dir));
    kustomizations.flat_map(|it| &it.resources).any(|path| defining.contains(path))
}

struct Discovery<'a, T> {
    workspace: &'a Workspace,
    worker: &'a dyn Worker<T>,
    /// What is still to be rendered, by id.
    queue: Vec<(App, u32)>,
    done: Vec<Done<T>>,
    /// Definitions met so far, by where they are written and what they are called.
    known: BTreeMap<(AppKind, Span, SmolStr, SmolStr, SmolStr, SmolStr), AppId>,
    claimed: Claims,
    /// Paths that apps expect, written and rendered ones.
    expected: Vec<Expected>,
    origins: Origins,
    objects: Vec<ObjectFacts>,
    /// Where in `done` an app is: what waits for others is done later than what was found after it.
    positions: BTreeMap<AppId, usize>,
    scan: &'a Scan,
    variants: &'a Variants,
    /// What Kustomizations and HelmReleases may name.
    store: Store,
    has_flux: bool,
    /// Whether a Kustomization that nothing here renders applies others: see [`App::stray`].
    has_trunk: bool,
}

impl<T: Send> Discovery<'_, T> {
    fn next_id(&self) -> AppId {
        AppId((self.done.len() + self.queue.len()) as u32)
    }

    /// Adds an app defined by an object, unless the same definition is known.
    fn define(
        &mut self,
        node: Node,
        origins: Arc<Origins>,
        parent: Option<AppId>,
        namespace: &str,
        depth: u32,
    ) {
        let definition = Definition::new(node);
        let by = parent.and_then(|parent| self.app(parent));
        // What an app renders is what is applied; as written, or in an overlay that nobody builds, a part may lack the rest.
        let loose = by.is_some_and(|parent| parent.kind == AppKind::Overlay);
        if (by.is_none() || loose) && definition.is_fragment(loose && definition.is_flux()) {
            return;
        }
        if by.is_none() && definition.is_record() {
            return;
        }
        let place = definition.place();
        let own = match definition.namespace() {
            "" => SmolStr::new(namespace),
            own => SmolStr::new(own),
        };
        // The file says no namespace where the app that renders it gives one: still the same definition.
        let written = SmolStr::new(definition.namespace());
        // Two clusters may have one definition, each with its own variables.
        let cluster = self.cluster(&definition, parent);
        // So may two environments of one chart.
        let environment = parent.and_then(|parent| self.app(parent)).map(|parent| parent.environment.clone());
        let mut environment = environment.unwrap_or_default();
        let cluster_of = parent.and_then(|parent| self.assumed(parent, definition.name()));
        let assumed =
            cluster_of.is_some() || parent.and_then(|parent| self.app(parent)).is_some_and(|it| it.assumed);
        if environment.is_empty() {
            environment = cluster_of.unwrap_or_default();
        }
        let name = definition.name().clone();
        let key = (definition.kind(), place.at, name, written, cluster.clone(), environment.clone());
        let id = self.next_id();
        if let Some(known) = self.known.get(&key).copied() {
            self.adopt(known, parent, &own);
            return;
        }
        if depth > MAX_DEPTH || id.0 as usize >= MAX_APPS {
            return;
        }
        self.known.insert(key, id);
        let by = parent.and_then(|parent| self.app(parent));
        let provisional = by.is_some_and(|parent| {
            parent.kind == AppKind::Chart
                || parent.provisional
                || definition.is_flux() && self.is_left_out(parent)
        });
        let stray = by.is_some_and(|parent| {
            parent.stray || parent.kind == AppKind::Overlay && self.has_trunk && definition.is_flux()
        });
        let mut app = App {
            id,
            name: definition.name().as_str().into(),
            kind: definition.kind(),
            namespace: own.clone(),
            cluster,
            target_namespace: own,
            parent,
            place,
            path: self.path_of(place),
            node: Some(definition.node()),
            origins,
            spec: definition.spec(),
            environment,
            provisional,
            stray,
            assumed,
        };
        if let Spec::Argo(application) = &app.spec {
            self.claim(id, application);
            app.cluster = application.destination.cluster();
            app.target_namespace = application.destination.namespace().into();
        }
        match &app.spec {
            Spec::FluxKustomization(kustomization, _) => {
                app.target_namespace = kustomization
                    .target_namespace
                    .as_ref()
                    .map(|text| text.value.clone())
                    .unwrap_or_default();
            }
            Spec::FluxRelease(release, _) => {
                self.claim_chart(id, release);
                if let Some(namespace) = &release.target_namespace {
                    app.target_namespace = namespace.value.clone();
                }
            }
            _ => {}
        }
        self.queue.push((app, depth));
    }

    /// The cluster that an ApplicationSet makes an Application for, where it is assumed.
    fn assumed(&self, set: AppId, application: &str) -> Option<SmolStr> {
        let done = self.done.get(*self.positions.get(&set)?)?;
        done.rendered.assumed.iter().find(|(name, _)| name == application).map(|(_, cluster)| cluster.clone())
    }

    /// Whether a Kustomization builds what is above an overlay, and does not take it in: somebody switched it off.
    fn is_left_out(&self, app: &App) -> bool {
        let Spec::Overlay(dir) = &app.spec else { return false };
        let built = self.done.iter().filter_map(|done| done.rendered.built.as_ref());
        built.into_iter().any(|above| *above != dir.path && dir.path.starts_with(above))
    }

    /// The cluster of a Flux object: that of the object that renders it. Other definitions say it themselves.
    fn cluster(&self, definition: &Definition, parent: Option<AppId>) -> SmolStr {
        let remote = match definition {
            Definition::Kustomization(it) => it.remote,
            Definition::HelmRelease(it) => it.remote,
            Definition::Application(_) | Definition::ApplicationSet(_) => return SmolStr::default(),
        };
        if remote {
            let node = definition.node();
            let name = |kind: &&str| {
                node.at_path(&["spec", "kubeConfig", kind, "name"]).and_then(Node::as_str).map(SmolStr::new)
            };
            return ["secretRef", "configMapRef"].iter().find_map(name).unwrap_or_default();
        }
        match parent.and_then(|parent| self.app(parent)) {
            Some(parent) if parent.node.is_some() => parent.cluster.clone(),
            _ => flux::cluster_of(self.path_of(definition.place()).as_ref(), self.variants),
        }
    }

    /// A definition found as written turns out to be rendered by another app.
    fn adopt(&mut self, child: AppId, parent: Option<AppId>, namespace: &SmolStr) {
        let Some(parent) = parent.filter(|parent| *parent != child) else { return };
        // A cycle of parents would make the root undefined.
        let mut at = Some(parent);
        while let Some(id) = at {
            if id == child {
                return;
            }
            at = self.app(id).and_then(|app| app.parent);
        }
        if let Some(app) = self.app_mut(child) {
            app.parent.get_or_insert(parent);
            app.stray = false;
            if app.namespace.is_empty() {
                app.namespace = namespace.clone();
            }
        }
    }

    fn app(&self, id: AppId) -> Option<&App> {
        if let Some(at) = self.positions.get(&id) {
            return self.done.get(*at).map(|done| &done.app);
        }
        let at = self.queue.binary_search_by_key(&id, |(app, _)| app.id).ok()?;
        self.queue.get(at).map(|(app, _)| app)
    }

    fn app_mut(&mut self, id: AppId) -> Option<&mut App> {
        if let Some(at) = self.positions.get(&id) {
            return self.done.get_mut(*at).map(|done| &mut done.app);
        }
        let at = self.queue.binary_search_by_key(&id, |(app, _)| app.id).ok()?;
        self.queue.get_mut(at).map(|(app, _)| app)
    }

    fn path_of(&self, place: Place) -> Option<TreePath> {
        let file = self.workspace.sources.get(place.at.file)?;
        file.path().cloned()
    }

    fn claim(&mut self, id: AppId, application: &Application) {
        for source in &application.sources {
            if source.chart.is_some()
                || self.workspace.checkouts.identity(source.repo_url()) == Identity::Other
            {
                continue;
            }
            let Ok(path) = TreePath::new(source.path()) else { continue };
            let path = self.workspace.tree.resolve(&path).unwrap_or(path);
            let recurse =
                source.node.at_path(&["directory", "recurse"]).and_then(Node::as_bool).unwrap_or(false);
            if recurse && !path.is_root() {
                self.claimed.below.entry(path).or_insert(id);
            } else {
                self.claimed.dirs.entry(path).or_insert(id);
            }
        }
    }

    /// What a Kustomization builds is not built again by itself.
    fn claim_path(&mut self, id: AppId, path: TreePath) {
        if self.scan.kustomizations.contains_key(&path) {
            self.claimed.dirs.entry(path).or_insert(id);
        } else if path.is_root() {
            // Charts are no manifests, but all kustomizations are built.
            for dir in self.scan.root_kustomizations() {
                self.claimed.dirs.entry(dir.clone()).or_insert(id);
            }
        } else {
            self.claimed.below.entry(path).or_insert(id);
        }
    }

    fn claim_chart(&mut self, id: AppId, release: &HelmRelease) {
        let Some(chart) = &release.chart else { return };
        let in_git = chart.source.as_ref().is_some_and(|source| source.kind == "GitRepository");
        if in_git && let Ok(path) = TreePath::root().join_rooted(&chart.chart.value) {
            self.claimed.dirs.entry(path).or_insert(id);
        }
    }

    /// Renders the queue, and what comes of it, until it is empty.
    fn run(&mut self) {
        while !self.queue.is_empty() {
            let queue = self.ready();
            let (round, worker) = (self.worker.round(self.workspace, self.has_flux), self.worker);
            self.workspace.watch.found(queue.len());
            let batches: Vec<Batch<T>> =
                queue.into_par_iter().map(|(app, depth)| worker.work(&round, app, depth)).collect();
            let mut children = Vec::new();
            for mut batch in batches {
                let shift = self.origins.append(batch.origins);
                for facts in &mut batch.facts {
                    facts.visit_origins(&mut |id| *id = shift.apply(*id));
                }
                for problem in &mut batch.summary.problems {
                    problem.visit_places(&mut |place| place.origin = shift.apply(place.origin));
                }
                self.objects.append(&mut batch.facts);
                let (parent, namespace) = (batch.app.id, batch.app.target_namespace.clone());
                children.extend(
                    batch.children.into_iter().map(|child| (child, parent, namespace.clone(), batch.depth)),
                );
                if let Some(dir) = batch.summary.built.clone() {
                    self.claim_path(batch.app.id, dir);
                }
                for (kind, namespace, node, origins) in batch.named {
                    self.store.add(&batch.app.cluster, &kind, &namespace, node, origins);
                }
                self.positions.insert(batch.app.id, self.done.len());
                self.done.push(Done {
                    app: batch.app,
                    depth: batch.depth,
                    rendered: batch.summary,
                    result: batch.result,
                });
            }
            // Applications that were generated or rendered may be the first to name this repository.
            let known = self.expected.len();
            for ((node, _), ..) in &children {
                if let Definition::Application(application) = Definition::new(node.clone()) {
                    self.expected.extend(git_paths(&application));
                }
            }
            if self.expected.len() > known {
                self.workspace.checkouts.infer(&self.expected);
            }
            for ((node, origins), parent, namespace, depth) in children {
                self.define(node, origins, Some(parent), &namespace, depth + 1);
            }
        }
    }

    /// What can be rendered now: all apps but those that name an object that another app has still to render. The
    /// rest stays in the queue.
    fn ready(&mut self) -> Vec<(App, u32)> {
        let queue = std::mem::take(&mut self.queue);
        let wait: Vec<bool> = queue.iter().map(|(app, _)| self.store.must_wait(app, self.scan)).collect();
        let stuck = wait.iter().all(|wait| *wait);
        let mut ready = Vec::with_capacity(queue.len());
        for ((mut app, depth), wait) in queue.into_iter().zip(wait) {
            if wait && !stuck {
                self.queue.push((app, depth));
            } else {
                self.store.resolve(&mut app, self.workspace, self.scan, self.variants);
                ready.push((app, depth));
            }
        }
        ready
    }

    fn stop(self) -> Collected<T> {
        Collected { done: self.done, claimed: self.claimed, origins: self.origins, objects: self.objects }
    }
}
