//! What is kept of a rendered repository: facts, not trees.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::finding::{Incomplete, Missing, Problem};
use crate::kustomize::NoOp;
use crate::origin::{OriginId, Origins};
use crate::source::{Facts, TreePath};
use crate::yaml::{Data, Node};

use super::facts::ObjectFacts;
use super::idle::IdleValue;
use super::index::Index;
use super::list::{List, Positions};
use super::operated::Operated;
use super::redundant::RedundantValue;
use super::said::Said;
use super::showcase::showcase;
use super::sites::{Sites, environments_meet};
use super::{
    App, AppId, Declared, Scan, Spec, Status,
    clusters::{Variants, are_variants},
};

/// One app and what came of it.
#[derive(Debug, Clone)]
pub struct AppEntry {
    /// The app.
    pub app: App,
    /// How far rendering got.
    pub status: Status,
    /// Why not all the way.
    pub reason: Option<String>,
    /// Number of objects.
    pub objects: usize,
    /// What engines met; places refer to the inventory's origins.
    pub problems: Vec<Problem>,
    /// Entries of kustomizations that did nothing in this app; only the bytes of their places mean something here.
    pub no_ops: Vec<NoOp>,
    /// Values that no template reads in this app.
    pub idle_values: Vec<IdleValue>,
    /// Values that say in this app what the layer below says.
    pub redundant_values: Vec<RedundantValue>,
    /// What is missing from the render.
    pub incomplete: Vec<Incomplete>,
    /// The root app that leads to this one.
    pub root: AppId,
    /// Files of the linted tree that were read or looked for.
    pub files: BTreeSet<TreePath>,
    /// The directory that a Flux Kustomization built, when it is one of this repository.
    pub built: Option<TreePath>,
    /// What a fetch would bring and the render lacks.
    pub wants: BTreeSet<crate::cache::Want>,
    /// The names that the sources of an app say which could not be rendered.
    pub said: Option<Said>,
    /// Number of apps above this one.
    pub depth: u32,
}

impl AppEntry {
    /// Whether a file lies where the app's manifests are written: below its directory, or beside a file that it reads.
    pub fn has_source(&self, path: &TreePath) -> bool {
        let Some(dir) = path.parent() else { return self.reads(path) };
        // The files below a directory follow it.
        let below = self
            .files
            .range(&dir..)
            .take_while(|file| dir.is_root() || file.as_str().starts_with(dir.as_str()));
        let beside = |file: &TreePath| {
            let rest = file.strip_prefix(&dir);
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
                && Some(file) != self.app.path.as_ref()
        };
        self.reads(path) || below.into_iter().any(beside)
    }

    /// Whether the app reads a file of the linted tree, or would if it were there: everything below the directories
    /// that it renders counts.
    pub fn reads(&self, path: &TreePath) -> bool {
        let below = |dir: &TreePath| !dir.is_root() && path.starts_with(dir);
        self.files.contains(path)
            || match &self.app.spec {
                Spec::Argo(application) => {
                    let local = application.sources.iter().filter(|source| source.chart.is_none());
                    local.filter_map(|source| TreePath::new(source.path()).ok()).any(|dir| below(&dir))
                }
                Spec::Overlay(dir) | Spec::Chart(dir) => below(&dir.path),
                Spec::Release(release) => below(&release.chart.path),
                Spec::FluxKustomization(..) | Spec::FluxRelease(..) => self.built.as_ref().is_some_and(below),
                Spec::ArgoSet(_) | Spec::Manifests(_) => false,
            }
    }
}

/// The whole repository, rendered.
#[derive(Debug, Default)]
pub struct Inventory {
    /// All apps, by id.
    pub apps: Vec<AppEntry>,
    /// All objects, by app and in rendered order.
    pub objects: Vec<ObjectFacts>,
    /// The steps that all places here refer to.
    pub origins: Origins,
    /// Argo CD's own objects, rendered or not.
    pub declared: Vec<Declared>,
    /// The first look at the tree.
    pub scan: Scan,
    /// Which roots can share a cluster.
    pub variants: Variants,
    /// Objects by name, made when first asked for.
    pub(super) index: OnceLock<Index>,
    /// What operators act on by name, made when first asked for.
    pub(super) operated: Operated,
    /// Where the apps deploy, found when first asked for.
    pub(super) sites: OnceLock<Sites>,
    /// Which apps read a file, found when first asked for.
    pub(super) readers: OnceLock<FxHashMap<TreePath, Vec<AppId>>>,
    /// What was made of all of it for more than one who asks.
    pub facts: Facts,
}

impl Inventory {
    /// An app by id.
    pub fn app(&self, id: AppId) -> Option<&AppEntry> {
        self.apps.get(id.0 as usize)
    }

    /// Objects and apps by what is asked for.
    pub(crate) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(self))
    }

    fn listed<'a>(&'a self, list: Option<&'a List>) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        Positions::all(list).filter_map(|at| self.objects.get(at as usize))
    }

    /// Objects that refer to something of that name, in order.
    pub fn referring(&self, name: &str) -> impl Iterator<Item = &ObjectFacts> + use<'_> {
        self.listed(self.index().referenced.get(name))
    }

    /// Objects that mention that name, in order.
    pub fn mentioning(&self, name: &str) -> impl Iterator<Item = &ObjectFacts> + use<'_> {
        self.listed(self.index().mentioned.get(name))
    }

    /// Objects of a kind, in order.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &ObjectFacts> + use<'_> {
        self.listed(self.index().kinds.get(kind))
    }

    /// Apps of that name, in order.
    pub fn apps_named(&self, name: &str) -> impl Iterator<Item = &AppEntry> + use<'_> {
        Positions::all(self.index().apps.get(name)).filter_map(|at| self.apps.get(at as usize))
    }

    /// Where the apps deploy, by groups.
    pub(crate) fn sites(&self) -> &Sites {
        self.sites.get_or_init(|| Sites::of(&self.apps, &self.variants))
    }

    /// Whether two apps may deploy to one cluster.
    pub fn may_meet(&self, a: AppId, b: AppId) -> bool {
        self.sites().may_meet(a, b)
    }

    /// Whether what one app makes may serve another: like [`Inventory::may_meet`], but what names no cluster may be on any.
    pub(crate) fn may_serve(&self, a: AppId, b: AppId) -> bool {
        self.sites().may_serve(a, b)
    }

    /// At least those positions of lists of objects or apps that may serve an app.
    pub(crate) fn positions_for<'a>(
        &'a self,
        app: AppId,
        lists: impl IntoIterator<Item = &'a List>,
    ) -> Positions<'a> {
        let sites = self.sites();
        Positions::serving(lists, sites.of_app(app), sites)
    }

    /// The objects that an app renders, in rendered order.
    pub fn objects_of(&self, app: AppId) -> &[ObjectFacts] {
        let start = self.objects.partition_point(|object| object.app < app);
        let rest = self.objects.get(start..).unwrap_or_default();
        let end = rest.partition_point(|object| object.app == app);
        rest.get(..end).unwrap_or_default()
    }

    /// The apps that read a file, or looked for it, in order.
    pub fn readers(&self, path: &TreePath) -> &[AppId] {
        let readers = self.readers.get_or_init(|| {
            let mut readers: FxHashMap<TreePath, Vec<AppId>> = FxHashMap::default();
            for entry in &self.apps {
                for file in &entry.files {
                    match readers.get_mut(file) {
                        Some(known) => known.push(entry.app.id),
                        None => drop(readers.insert(file.clone(), vec![entry.app.id])),
                    }
                }
            }
            readers
        });
        readers.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether two Applications may be read by one Argo CD: they are defined where they can meet.
    pub fn same_control_plane(&self, a: AppId, b: AppId) -> bool {
        let (Some(a), Some(b)) = (self.app(a), self.app(b)) else { return false };
        let meet = |a: Option<&TreePath>, b: Option<&TreePath>| match (a, b) {
            (Some(a), Some(b)) => self.variants.may_meet(a, b),
            _ => true,
        };
        environments_meet(&a.app.environment, &b.app.environment)
            && meet(self.root_path(a), self.root_path(b))
            && meet(a.app.path.as_ref(), b.app.path.as_ref())
            && !self.are_alternatives(a.app.id, b.app.id)
    }

    /// Whether what one app makes is sure to be what the other finds: nothing says that an overlay or chart which no app
    /// deploys is applied beside another one.
    pub(crate) fn are_deployed_together(&self, a: AppId, b: AppId) -> bool {
        let is_loose = |id| self.app(id).is_none_or(|entry| entry.app.kind.is_loose());
        a == b || !is_loose(a) && !is_loose(b)
    }

    /// Whether one root leads to both apps: whoever applies one applies the other.
    pub fn share_root(&self, a: AppId, b: AppId) -> bool {
        matches!((self.app(a), self.app(b)), (Some(a), Some(b)) if a.root == b.root)
    }

    /// Whether two apps come from files that are likely to be alternatives, of which one is chosen and applied by hand:
    /// two examples, or two files of the same name in different directories.
    pub fn are_alternatives(&self, a: AppId, b: AppId) -> bool {
        let (Some(a), Some(b)) = (self.app(a), self.app(b)) else { return false };
        let (Some(one), Some(other)) = (self.root_path(a), self.root_path(b)) else { return false };
        if a.root == b.root || one == other {
            return false;
        }
        let copies = |one: &TreePath, other: &TreePath| a.app.name == b.app.name && are_copies(one, other);
        let defined = a.app.path.as_ref().zip(b.app.path.as_ref());
        copies(one, other)
            || defined.is_some_and(|(one, other)| copies(one, other))
            || showcase(one).is_some()
            || showcase(other).is_some()
            || are_variants(one, other)
            || self.scan.are_parallel(one, other)
            || self.render_copies(a, b)
    }

    /// The directories that the sources of an app's root name.
    pub fn rendered_dirs(&self, entry: &AppEntry) -> Vec<TreePath> {
        let root = self.app(entry.root).unwrap_or(entry);
        let sources = root.app.application().map(|application| application.sources.as_slice());
        let sources = sources.unwrap_or_default().iter();
        sources.filter_map(|source| TreePath::new(source.path()).ok()).collect()
    }

    /// Whether the roots of two apps render directories that are built alike.
    fn render_copies(&self, a: &AppEntry, b: &AppEntry) -> bool {
        let (ours, theirs) = (self.rendered_dirs(a), self.rendered_dirs(b));
        ours.iter().any(|one| theirs.iter().any(|other| self.scan.are_copies(one, other)))
    }

    /// Whether what a root renders has enough files to be taken for a copy of something.
    pub fn may_be_copied(&self, root: &AppEntry) -> bool {
        self.rendered_dirs(root).iter().any(|dir| self.scan.may_be_copied(dir))
    }

    /// The number of what is known about where an app deploys: it is all that decides whom it can meet.
    pub fn site(&self, app: AppId) -> Option<u32> {
        self.sites().of_app(app)
    }

    /// The sites of all apps that an app may meet or serve, in order.
    pub fn sites_near(&self, app: AppId) -> &[u32] {
        self.site(app).map(|site| self.sites().serving(site)).unwrap_or_default()
    }

    /// Follows every app to the app that nothing renders.
    pub(super) fn find_roots(&mut self) {
        let parents: Vec<Option<AppId>> = self.apps.iter().map(|entry| entry.app.parent).collect();
        for entry in &mut self.apps {
            let mut at = entry.app.id;
            // Discovery makes no cycles; the bound makes that a matter of speed, not of faith.
            for _ in 0..parents.len() {
                match parents.get(at.0 as usize).copied().flatten() {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            entry.root = at;
        }
    }

    fn root_path(&self, entry: &AppEntry) -> Option<&TreePath> {
        self.app(entry.root)?.app.path.as_ref()
    }

    /// Whether something applies an app's object, as far as can be told: what no app renders may be applied by the bootstrap,
    /// or lie in an archive. Those that are written side by side are applied together.
    pub fn is_alive(&self, entry: &AppEntry) -> bool {
        self.index().is_alive(entry)
    }

    /// Whether some app that may be on the cluster of `app` lacks content that could be anything. Missing charts
    /// count only with `charts`.
    pub fn is_open_for(&self, app: AppId, charts: bool) -> bool {
        let lacks = |entry: &AppEntry| {
            entry.status == Status::Failed
                || entry
                    .incomplete
                    .iter()
                    .any(|it| it.missing == Missing::Content || (charts && it.missing == Missing::Chart))
        };
        let incomplete = Positions::all(Some(&self.index().incomplete));
        let mut incomplete = incomplete.filter_map(|at| self.apps.get(at as usize));
        incomplete.any(|entry| lacks(entry) && self.may_meet(entry.app.id, app))
    }

    /// Whether a namespace exists, as far as the repository knows, on the cluster of `app`: a Namespace object, an app
    /// that deploys there, an object in it, or one that every cluster has.
    pub fn has_namespace(&self, app: AppId, name: &str) -> bool {
        if matches!(name, "default" | "kube-system" | "kube-public" | "kube-node-lease") {
            return true;
        }
        let index = self.index();
        let here = |app_of: AppId| self.may_meet(app_of, app);
        let mut targeting = self.positions_for(app, index.targeting.get(name));
        let mut objects = self.positions_for(app, index.in_namespace.get(name));
        let mut named =
            self.positions_for(app, index.kinds_named.get(&(SmolStr::new("Namespace"), name.into())));
        let object = |at: u32| self.objects.get(at as usize).filter(|object| here(object.app));
        targeting.any(|at| self.apps.get(at as usize).is_some_and(|entry| here(entry.app.id)))
            || objects.any(|at| object(at).is_some())
            || named.any(|at| object(at).is_some_and(|object| object.is("", "Namespace")))
    }
}

/// Whether two files are named like copies of one: `infra.yaml` in two directories, or `app-arm.yaml` where the other is `app.yaml`
/// in directories of one name.
fn are_copies(a: &TreePath, b: &TreePath) -> bool {
    let stem = |path: &TreePath| path.file_name().rsplit_once('.').map(|(stem, _)| stem.to_owned());
    let grows = |short: &str, long: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.starts_with(['-', '_', '.']))
    };
    let dir = |path: &TreePath| path.parent().map(|dir| dir.file_name().to_owned());
    let (Some(one), Some(other)) = (stem(a), stem(b)) else { return false };
    a.file_name() == b.file_name() || dir(a) == dir(b) && (grows(&one, &other) || grows(&other, &one))
}

/// Calls `visit` with every origin id of a tree.
pub(super) fn visit_origins(node: &mut Node, visit: &mut dyn FnMut(&mut OriginId)) {
    visit(&mut node.origin);
    match &mut node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter_mut().for_each(|item| visit_origins(item, visit)),
        Data::Map(map) => {
            for entry in map.iter_mut() {
                visit(&mut entry.key.origin);
                visit_origins(&mut entry.value, visit);
            }
        }
    }
}
