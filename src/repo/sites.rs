//! Where apps deploy, in short. Apps of which the same is known share a site, and whether two apps can meet on one cluster is a
//! question about their sites: it is asked for every pair of a name and an object, so it must cost nothing.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::argocd::IN_CLUSTER;

use super::clusters::{Lineage, Variants};
use super::{AppEntry, AppId, Spec};

/// What decides which other apps an app can meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Site {
    /// The cluster that the app names.
    cluster: SmolStr,
    /// Which of Flux's controllers applies it.
    flux: Flux,
    /// The variants that the file of its root lies in; `None` where that file is not known.
    lineage: Option<Lineage>,
    /// The environment of the assumed release that leads to it; empty where none does.
    environment: SmolStr,
}

/// Whether what leads back to assumed releases of two environments may meet: never. Empty is none.
pub(crate) fn environments_meet(a: &str, b: &str) -> bool {
    a == b || a.is_empty() || b.is_empty()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Flux {
    /// None: Argo CD or a person does.
    No,
    /// One in the cluster itself.
    Local,
    /// One elsewhere.
    Remote,
}

impl Site {
    fn of(entry: &AppEntry, lineage: Option<Lineage>) -> Self {
        let flux = match &entry.app.spec {
            Spec::FluxKustomization(app, _) if app.remote => Flux::Remote,
            Spec::FluxRelease(app, _) if app.remote => Flux::Remote,
            Spec::FluxKustomization(..) | Spec::FluxRelease(..) => Flux::Local,
            Spec::Argo(_)
            | Spec::ArgoSet(_)
            | Spec::Overlay(_)
            | Spec::Chart(_)
            | Spec::Release(_)
            | Spec::Manifests(_) => Flux::No,
        };
        Self { cluster: entry.app.cluster.clone(), flux, lineage, environment: entry.app.environment.clone() }
    }

    /// Whether the layout of the repository lets the two meet.
    fn variants_meet(&self, other: &Self) -> bool {
        environments_meet(&self.environment, &other.environment)
            && match (&self.lineage, &other.lineage) {
                (Some(a), Some(b)) => a.may_meet(b),
                _ => true,
            }
    }

    /// Whether something that Flux does not deploy goes to the cluster that Flux runs in: it is defined among the files of
    /// that cluster, and names no other.
    fn is_beside_flux(&self, other: &Self) -> bool {
        self.flux == Flux::Local && other.beside().is_some_and(|cluster| cluster == self.cluster)
    }

    /// The cluster of Flux that an app which Flux does not deploy lies beside.
    fn beside(&self) -> Option<SmolStr> {
        if self.flux != Flux::No || !matches!(self.cluster.as_str(), "" | IN_CLUSTER) {
            return None;
        }
        let variant = self.lineage.as_ref().and_then(Lineage::outermost);
        Some(SmolStr::new(variant.as_ref().map_or("", |dir| dir.as_str())))
    }

    fn may_meet(&self, other: &Self) -> bool {
        let same = self.cluster == other.cluster || self.is_beside_flux(other) || other.is_beside_flux(self);
        same && self.variants_meet(other)
    }

    /// Whether what one makes may serve the other: what names no cluster may be on any.
    fn may_serve(&self, other: &Self) -> bool {
        let same = self.cluster.is_empty() || other.cluster.is_empty();
        self.may_meet(other) || same && self.variants_meet(other)
    }
}

/// Most sites for which all answers are kept; with more, each question is answered by itself.
const MOST_KEPT: usize = 128;

/// The number of a site.
pub(crate) type SiteId = u32;

/// What is known about a pair of sites.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// Whether they may be one cluster.
    meet: bool,
    /// Whether what one makes may serve the other.
    serve: bool,
}

impl Pair {
    fn of(a: &Site, b: &Site) -> Self {
        Self { meet: a.may_meet(b), serve: a.may_serve(b) }
    }
}

/// The site of every app.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    of_app: Vec<SiteId>,
    groups: Vec<Site>,
    /// By pair of sites, row by row; empty where there are many.
    kept: Vec<Pair>,
    /// Sites by the cluster that they name.
    by_cluster: FxHashMap<SmolStr, Vec<SiteId>>,
    /// Sites by the cluster of Flux that they lie beside.
    beside: FxHashMap<SmolStr, Vec<SiteId>>,
    /// For each site those whose objects may serve it, found when first asked for.
    serving: Vec<OnceLock<Box<[SiteId]>>>,
}

impl Sites {
    /// The sites of apps whose roots are known.
    pub(crate) fn of(apps: &[AppEntry], variants: &Variants) -> Self {
        let mut known: FxHashMap<Site, SiteId> = FxHashMap::default();
        let mut lineages: FxHashMap<AppId, Option<Lineage>> = FxHashMap::default();
        let mut found = Self::default();
        for entry in apps {
            let root = apps.get(entry.root.0 as usize).and_then(|root| root.app.path.as_ref());
            let lineage =
                lineages.entry(entry.root).or_insert_with(|| root.map(|path| variants.lineage(path))).clone();
            let site = Site::of(entry, lineage);
            let next = found.groups.len() as SiteId;
            let id = *known.entry(site).or_insert_with_key(|site| {
                found.groups.push(site.clone());
                next
            });
            found.of_app.push(id);
        }
        if found.groups.len() <= MOST_KEPT {
            let pairs = found.groups.iter().flat_map(|a| found.groups.iter().map(move |b| (a, b)));
            found.kept = pairs.map(|(a, b)| Pair::of(a, b)).collect();
        }
        for (site, id) in found.groups.iter().zip(0..) {
            found.by_cluster.entry(site.cluster.clone()).or_default().push(id);
            if let Some(cluster) = site.beside() {
                found.beside.entry(cluster).or_default().push(id);
            }
        }
        found.serving.resize_with(found.groups.len(), OnceLock::new);
        found
    }

    /// How many sites there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The site of an app; `None` for what is no app.
    pub(crate) fn of_app(&self, app: AppId) -> Option<SiteId> {
        self.of_app.get(app.0 as usize).copied()
    }

    /// The sites whose objects may serve one, in order.
    pub(crate) fn serving(&self, id: SiteId) -> &[SiteId] {
        let (Some(site), Some(kept)) = (self.groups.get(id as usize), self.serving.get(id as usize)) else {
            return &[];
        };
        kept.get_or_init(|| {
            if site.cluster.is_empty() {
                let all = self.groups.iter().zip(0..);
                return all.filter(|(other, _)| site.may_serve(other)).map(|(_, id)| id).collect();
            }
            let beside = site.beside();
            let lists = [
                self.by_cluster.get(&site.cluster),
                self.by_cluster.get(""),
                beside.and_then(|cluster| self.by_cluster.get(&cluster)),
                self.beside.get(&site.cluster).filter(|_| site.flux == Flux::Local),
            ];
            let near = lists.into_iter().flatten().flatten().copied();
            let fits = |id: &SiteId| self.groups.get(*id as usize).is_some_and(|it| site.may_serve(it));
            let mut found: Vec<SiteId> = near.filter(fits).collect();
            found.sort_unstable();
            found.dedup();
            found.into_boxed_slice()
        })
    }

    /// What is known about the sites of two apps; `None` for what is no app.
    fn pair(
        &self,
        a: AppId,
        b: AppId,
        of: impl Fn(&Site, &Site) -> bool,
        kept: impl Fn(Pair) -> bool,
    ) -> bool {
        let (Some(a), Some(b)) = (self.of_app(a), self.of_app(b)) else { return false };
        match self.kept.get(a as usize * self.groups.len() + b as usize) {
            Some(pair) => kept(*pair),
            None => {
                let site = |id: SiteId| self.groups.get(id as usize);
                a == b || matches!((site(a), site(b)), (Some(a), Some(b)) if of(a, b))
            }
        }
    }

    /// Whether two apps may deploy to one cluster.
    pub(crate) fn may_meet(&self, a: AppId, b: AppId) -> bool {
        self.pair(a, b, Site::may_meet, |pair| pair.meet)
    }

    /// Whether what one app makes may serve another.
    pub(crate) fn may_serve(&self, a: AppId, b: AppId) -> bool {
        self.pair(a, b, Site::may_serve, |pair| pair.serve)
    }
}
