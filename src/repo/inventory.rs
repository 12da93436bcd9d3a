//! What is kept of a rendered repository: facts, not trees.

use std::collections::BTreeSet;

use crate::argocd::IN_CLUSTER;
use crate::finding::{Incomplete, Missing, Problem};
use crate::kustomize::NoOp;
use crate::origin::{OriginId, Origins};
use crate::source::TreePath;
use crate::yaml::{Data, Node};

use super::facts::ObjectFacts;
use super::idle::IdleValue;
use super::redundant::RedundantValue;
use super::showcase::showcase;
use super::world::Index;
use super::{App, AppId, Declared, Scan, Spec, Status, clusters::Variants};

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
    /// Number of apps above this one.
    pub depth: u32,
}

impl AppEntry {
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
    pub(super) index: std::sync::OnceLock<Index>,
}

impl Inventory {
    /// An app by id.
    pub fn app(&self, id: AppId) -> Option<&AppEntry> {
        self.apps.get(id.0 as usize)
    }

    /// Whether two apps may deploy to one cluster.
    pub fn may_meet(&self, a: AppId, b: AppId) -> bool {
        let (Some(a), Some(b)) = (self.app(a), self.app(b)) else { return false };
        let same = a.app.cluster == b.app.cluster || self.is_beside_flux(a, b) || self.is_beside_flux(b, a);
        same && self.variants_meet(a.app.id, b.app.id)
    }

    /// Whether something that Flux does not deploy goes to the cluster that Flux runs in: it is defined among the files of
    /// that cluster, and names no other.
    fn is_beside_flux(&self, flux: &AppEntry, other: &AppEntry) -> bool {
        let is_flux =
            |entry: &AppEntry| matches!(entry.app.spec, Spec::FluxKustomization(..) | Spec::FluxRelease(..));
        let remote = match &flux.app.spec {
            Spec::FluxKustomization(app, _) => app.remote,
            Spec::FluxRelease(app, _) => app.remote,
            _ => true,
        };
        if remote || is_flux(other) || !matches!(other.app.cluster.as_str(), "" | IN_CLUSTER) {
            return false;
        }
        let variant = self.root_path(other).and_then(|path| self.variants.of_path(path));
        variant.as_ref().map_or("", |dir| dir.as_str()) == flux.app.cluster
    }

    /// Whether the layout of the repository lets two apps meet, whatever clusters they name.
    pub(super) fn variants_meet(&self, a: AppId, b: AppId) -> bool {
        let (Some(a), Some(b)) = (self.app(a), self.app(b)) else { return false };
        Self::environments_meet(a, b)
            && match (self.root_path(a), self.root_path(b)) {
                (Some(a), Some(b)) => self.variants.may_meet(a, b),
                _ => true,
            }
    }

    /// Whether two apps may be of one environment: not when they come from releases of two.
    fn environments_meet(a: &AppEntry, b: &AppEntry) -> bool {
        let (a, b) = (&a.app.environment, &b.app.environment);
        a == b || a.is_empty() || b.is_empty()
    }

    /// Whether two Applications may be read by one Argo CD: they are defined where they can meet.
    pub fn same_control_plane(&self, a: AppId, b: AppId) -> bool {
        let (Some(a), Some(b)) = (self.app(a), self.app(b)) else { return false };
        let meet = |a: Option<&TreePath>, b: Option<&TreePath>| match (a, b) {
            (Some(a), Some(b)) => self.variants.may_meet(a, b),
            _ => true,
        };
        Self::environments_meet(a, b)
            && meet(self.root_path(a), self.root_path(b))
            && meet(a.app.path.as_ref(), b.app.path.as_ref())
            && !self.are_alternatives(a.app.id, b.app.id)
    }

    /// Whether what one app makes is sure to be what the other finds: nothing says that an overlay or chart which no app
    /// deploys is applied beside another one.
    pub(super) fn are_deployed_together(&self, a: AppId, b: AppId) -> bool {
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
            || self.scan.are_parallel(one, other)
            || self.render_copies(a, b)
    }

    /// Whether the roots of two apps render directories that are built alike.
    fn render_copies(&self, a: &AppEntry, b: &AppEntry) -> bool {
        let dirs = |entry: &AppEntry| -> Vec<TreePath> {
            let root = self.app(entry.root).unwrap_or(entry);
            let sources = root.app.application().map(|application| application.sources.as_slice());
            sources
                .unwrap_or_default()
                .iter()
                .filter_map(|source| TreePath::new(source.path()).ok())
                .collect()
        };
        let (ours, theirs) = (dirs(a), dirs(b));
        ours.iter().any(|one| theirs.iter().any(|other| self.scan.are_copies(one, other)))
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

    /// Objects that may be on the cluster of `app`.
    pub fn objects_meeting(&self, app: AppId) -> impl Iterator<Item = &ObjectFacts> + '_ {
        let meets: Vec<bool> = self.apps.iter().map(|entry| self.may_meet(entry.app.id, app)).collect();
        self.objects.iter().filter(move |object| meets.get(object.app.0 as usize).copied().unwrap_or(false))
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
        self.apps.iter().any(|entry| lacks(entry) && self.may_meet(entry.app.id, app))
    }

    /// Whether a namespace exists, as far as the repository knows, on the cluster of `app`: a Namespace object, an app
    /// that deploys there, an object in it, or one that every cluster has.
    pub fn has_namespace(&self, app: AppId, name: &str) -> bool {
        if matches!(name, "default" | "kube-system" | "kube-public" | "kube-node-lease") {
            return true;
        }
        let targeted =
            |entry: &AppEntry| entry.app.target_namespace == name && self.may_meet(entry.app.id, app);
        let made = |object: &ObjectFacts| {
            object.namespace == name || (object.is("", "Namespace") && object.name == name)
        };
        self.apps.iter().any(targeted) || self.objects_meeting(app).any(made)
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
