//! Discovery: from files to apps, in rounds, until nothing new appears.
//!
//! Rendering an app can bring forth apps (app-of-apps). Manifests that no kustomization reads are apps as written.
//! Kustomizations that lead to apps come next, then everything that no app claims: root overlays and charts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::argocd::Application;
use crate::origin::{Origins, Place};
use crate::source::{Dir, Span, TreePath};
use crate::yaml::Node;

use super::app::{App, AppId, AppKind, Spec};
use super::clusters::Variants;
use super::declared;
use super::definition::{Definition, control_plane, expect_paths, git_paths, is_app_kind};
use super::facts::{self, ObjectFacts};
use super::inventory::{AppEntry, Inventory, visit_origins};
use super::remotes::Identity;
use super::scan::{Scan, document_node};
use super::{Rendered, Workspace, render};

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
    let scan = Scan::of(workspace);
    let variants = Variants::of(&scan.files);
    workspace.set_control_plane(control_plane(workspace, &scan));
    let expected = expect_paths(workspace, &scan);
    let mut discovery = Discovery {
        workspace,
        on_app,
        queue: Vec::new(),
        done: Vec::new(),
        known: BTreeMap::new(),
        claimed: Claims::default(),
        expected,
        origins: Origins::new(),
        objects: Vec::new(),
    };
    for document in &scan.documents {
        if is_app_kind(&document.group, &document.kind)
            && !scan.is_resource(&document.path)
            && !scan.is_input(&document.path)
            && let Some(node) = document_node(workspace, document)
        {
            discovery.define(node, Arc::default(), None, "", 0);
        }
    }
    discovery.run();
    for leads_to_apps in [true, false] {
        for dir in scan.root_kustomizations() {
            if !discovery.claimed.covers(&dir) && leads_to_apps == leads(&scan, &dir) {
                discovery.overlay(&dir, &scan);
            }
        }
        discovery.run();
    }
    let charts: Vec<TreePath> =
        scan.charts.iter().filter(|dir| !discovery.claimed.covers(dir)).cloned().collect();
    for dir in charts {
        discovery.chart(&dir);
    }
    discovery.run();
    discovery.finish(scan, variants)
}

/// Whether building `dir` can bring forth apps.
fn leads(scan: &Scan, dir: &TreePath) -> bool {
    let closure = scan.closure(dir);
    let resources: BTreeSet<&TreePath> =
        closure.iter().filter_map(|dir| scan.kustomizations.get(dir)).flat_map(|it| &it.resources).collect();
    scan.documents
        .iter()
        .any(|document| is_app_kind(&document.group, &document.kind) && resources.contains(&document.path))
}

/// Directories that apps render, so that they are not rendered again by themselves.
#[derive(Debug, Default)]
struct Claims {
    dirs: BTreeMap<TreePath, AppId>,
    below: BTreeMap<TreePath, AppId>,
}

impl Claims {
    fn by(&self, dir: &TreePath) -> Option<AppId> {
        if let Some(app) = self.dirs.get(dir) {
            return Some(*app);
        }
        let mut at = Some(dir.clone());
        while let Some(dir) = at {
            if let Some(app) = self.below.get(&dir) {
                return Some(*app);
            }
            at = dir.parent();
        }
        None
    }

    fn covers(&self, dir: &TreePath) -> bool {
        self.by(dir).is_some()
    }
}

struct Done<T> {
    app: App,
    depth: u32,
    rendered: Summary,
    result: T,
}

/// What remains of a render.
struct Summary {
    status: super::Status,
    reason: Option<String>,
    objects: usize,
    problems: Vec<crate::finding::Problem>,
    no_ops: Vec<crate::kustomize::NoOp>,
    idle_values: Vec<super::IdleValue>,
    incomplete: Vec<crate::argocd::Incomplete>,
    files: BTreeSet<TreePath>,
}

struct Discovery<'a, T> {
    workspace: &'a Workspace,
    on_app: &'a (dyn Fn(&App, &Rendered) -> T + Sync),
    queue: Vec<(App, u32)>,
    done: Vec<Done<T>>,
    /// Definitions met so far, by where they are written and what they are called.
    known: BTreeMap<(AppKind, Span, SmolStr, SmolStr), AppId>,
    claimed: Claims,
    /// Paths that apps expect, written and rendered ones.
    expected: Vec<(String, String, String)>,
    origins: Origins,
    objects: Vec<ObjectFacts>,
}

/// What a worker hands back.
struct Batch<T> {
    app: App,
    depth: u32,
    summary: Summary,
    facts: Vec<ObjectFacts>,
    origins: Origins,
    children: Vec<(Node, Arc<Origins>)>,
    result: T,
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
        let place = definition.place();
        let own = match definition.namespace() {
            "" => SmolStr::new(namespace),
            own => SmolStr::new(own),
        };
        // The file says no namespace where the app that renders it gives one: still the same definition.
        let written = SmolStr::new(definition.namespace());
        let key = (definition.kind(), place.at, definition.name().clone(), written);
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
        let provisional = by.is_some_and(|parent| parent.kind == AppKind::Chart || parent.provisional);
        let mut app = App {
            id,
            name: definition.name().as_str().into(),
            kind: definition.kind(),
            namespace: own.clone(),
            cluster: SmolStr::default(),
            target_namespace: own,
            parent,
            place,
            path: self.path_of(place),
            node: Some(definition.node()),
            origins,
            spec: definition.spec(),
            provisional,
        };
        if let Spec::Argo(application) = &app.spec {
            self.claim(id, application);
            app.cluster = application.destination.cluster();
            app.target_namespace = application.destination.namespace().into();
        }
        self.queue.push((app, depth));
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
        let done = self.done.iter_mut().map(|done| &mut done.app);
        let mut apps = done.chain(self.queue.iter_mut().map(|(app, _)| app));
        if let Some(app) = apps.find(|app| app.id == child) {
            app.parent.get_or_insert(parent);
            if app.namespace.is_empty() {
                app.namespace = namespace.clone();
            }
        }
    }

    fn app(&self, id: AppId) -> Option<&App> {
        let queued = self.queue.iter().map(|(app, _)| app);
        self.done
            .get(id.0 as usize)
            .map(|done| &done.app)
            .or_else(|| queued.into_iter().find(|app| app.id == id))
    }

    fn path_of(&self, place: Place) -> Option<TreePath> {
        let file = self.workspace.sources.get(place.at.file)?;
        TreePath::new(file.name()).ok()
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

    fn overlay(&mut self, dir: &TreePath, scan: &Scan) {
        let Some(file) = scan.kustomizations.get(dir).and_then(|it| self.workspace.tree.read(&it.file).ok())
        else {
            return;
        };
        let spec = Spec::Overlay(Dir::new(Arc::clone(&self.workspace.tree), dir.clone()));
        self.directory(dir, AppKind::Overlay, Span::start_of(file.id()), spec);
    }

    fn chart(&mut self, dir: &TreePath) {
        let Ok(file) = self.workspace.tree.read(&dir.child("Chart.yaml")) else { return };
        let spec = Spec::Chart(Dir::new(Arc::clone(&self.workspace.tree), dir.clone()));
        self.directory(dir, AppKind::Chart, Span::start_of(file.id()), spec);
    }

    fn directory(&mut self, dir: &TreePath, kind: AppKind, at: Span, spec: Spec) {
        let id = self.next_id();
        let app = App {
            id,
            name: dir.to_string().into(),
            kind,
            namespace: SmolStr::default(),
            cluster: SmolStr::default(),
            target_namespace: SmolStr::default(),
            parent: None,
            place: Place::written(at),
            path: Some(dir.child("kustomization.yaml")),
            node: None,
            origins: Arc::default(),
            spec,
            provisional: false,
        };
        self.queue.push((app, 0));
    }

    /// Renders the queue, and what comes of it, until it is empty.
    fn run(&mut self) {
        while !self.queue.is_empty() {
            let queue = std::mem::take(&mut self.queue);
            let (workspace, on_app) = (self.workspace, self.on_app);
            let batches: Vec<Batch<T>> =
                queue.into_par_iter().map(|(app, depth)| work(workspace, on_app, app, depth)).collect();
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

    /// Puts the inventory together. Overlays that an app turned out to render are dropped.
    fn finish(self, scan: Scan, variants: Variants) -> (Inventory, Vec<T>) {
        let claimed = &self.claimed;
        let claimant = |app: &App| match &app.spec {
            Spec::Overlay(dir) | Spec::Chart(dir) => claimed.by(&dir.path),
            Spec::Argo(_) | Spec::ArgoSet(_) => None,
        };
        let superseded: BTreeMap<AppId, AppId> =
            self.done.iter().filter_map(|done| Some((done.app.id, claimant(&done.app)?))).collect();
        let mut names: BTreeMap<AppId, AppId> = BTreeMap::new();
        for done in &self.done {
            if !superseded.contains_key(&done.app.id) {
                names.insert(done.app.id, AppId(names.len() as u32));
            }
        }
        let mut inventory = Inventory { origins: self.origins, scan, variants, ..Inventory::default() };
        let mut results = Vec::new();
        for mut done in self.done {
            let Some(id) = names.get(&done.app.id) else { continue };
            let parent = done.app.parent.map(|parent| superseded.get(&parent).copied().unwrap_or(parent));
            let parent = parent.filter(|parent| *parent != done.app.id);
            done.app.id = *id;
            done.app.parent = parent.and_then(|parent| names.get(&parent).copied());
            inventory.apps.push(AppEntry {
                root: *id,
                app: done.app,
                status: done.rendered.status,
                reason: done.rendered.reason,
                objects: done.rendered.objects,
                problems: done.rendered.problems,
                no_ops: done.rendered.no_ops,
                idle_values: done.rendered.idle_values,
                incomplete: done.rendered.incomplete,
                files: done.rendered.files,
                depth: done.depth,
            });
            results.push(done.result);
        }
        inventory.objects = self
            .objects
            .into_iter()
            .filter_map(|facts| Some(ObjectFacts { app: *names.get(&facts.app)?, ..facts }))
            .collect();
        inventory.find_roots();
        inventory.declared = declared::declared(self.workspace, &inventory.scan, &inventory);
        (inventory, results)
    }
}

fn work<T>(
    workspace: &Workspace,
    on_app: &(dyn Fn(&App, &Rendered) -> T + Sync),
    app: App,
    depth: u32,
) -> Batch<T> {
    let mut rendered = render(&app, workspace);
    let result = on_app(&app, &rendered);
    let idle_values = super::idle::idle_values(&rendered, workspace);
    let mut facts = facts::facts(&app, &rendered);
    let children = rendered.objects.iter().filter(|object| is_app_kind(&object.group, &object.kind));
    let children: Vec<(Node, Arc<Origins>)> = children
        .map(|object| {
            let mut node = object.node.clone();
            let mut ids = Vec::new();
            visit_origins(&mut node, &mut |id| ids.push(*id));
            let origins = rendered.origins.extract(&mut ids);
            let mut renamed = ids.into_iter();
            visit_origins(&mut node, &mut |id| *id = renamed.next().unwrap_or_default());
            (node, Arc::new(origins))
        })
        .collect();
    let mut problems = std::mem::take(&mut rendered.problems);
    let mut ids = Vec::new();
    for facts in &mut facts {
        facts.visit_origins(&mut |id| ids.push(*id));
    }
    for problem in &mut problems {
        problem.visit_places(&mut |place| ids.push(place.origin));
    }
    rendered.origins.compact(&mut ids);
    let mut renamed = ids.into_iter();
    for facts in &mut facts {
        facts.visit_origins(&mut |id| *id = renamed.next().unwrap_or_default());
    }
    for problem in &mut problems {
        problem.visit_places(&mut |place| place.origin = renamed.next().unwrap_or_default());
    }
    let summary = Summary {
        status: rendered.status(),
        reason: rendered.reason(),
        objects: rendered.objects.len(),
        problems,
        no_ops: rendered.no_ops,
        idle_values,
        incomplete: rendered.incomplete,
        files: rendered.files,
    };
    Batch { app, depth, summary, facts, origins: rendered.origins, children, result }
}
