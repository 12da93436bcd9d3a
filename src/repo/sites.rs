//! Where apps deploy, in short. Apps of which the same is known share a site, and whether two apps can meet on one cluster is a
//! question about their sites: it is asked for every pair of a name and an object, so it must cost nothing.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::argocd::IN_CLUSTER;
use crate::source::TreePath;

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
pub(super) fn environments_meet(a: &str, b: &str) -> bool {
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
    fn of(entry: &AppEntry, root: Option<&TreePath>, variants: &Variants) -> Self {
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
        Self {
            cluster: entry.app.cluster.clone(),
            flux,
            lineage: root.map(|path| variants.lineage(path)),
            environment: entry.app.environment.clone(),
        }
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
        if self.flux != Flux::Local
            || other.flux != Flux::No
            || !matches!(other.cluster.as_str(), "" | IN_CLUSTER)
        {
            return false;
        }
        let variant = other.lineage.as_ref().and_then(Lineage::outermost);
        variant.as_ref().map_or("", |dir| dir.as_str()) == self.cluster
    }

    fn may_meet(&self, other: &Self) -> bool {
        let same = self.cluster == other.cluster || self.is_beside_flux(other) || other.is_beside_flux(self);
        same && self.variants_meet(other)
    }
}

/// Most sites for which all answers are kept; with more, each question is answered by itself.
const MOST_KEPT: usize = 128;

/// The site of every app.
#[derive(Debug, Default)]
pub(super) struct Sites {
    of_app: Vec<u32>,
    groups: Vec<Site>,
    /// By pair of sites, row by row: whether they may meet, whether the layout lets them; empty where there are many.
    kept: Vec<(bool, bool)>,
}

impl Sites {
    /// The sites of apps whose roots are known.
    pub(super) fn of(apps: &[AppEntry], variants: &Variants) -> Self {
        let mut known: FxHashMap<Site, u32> = FxHashMap::default();
        let mut found = Self::default();
        for entry in apps {
            let root = apps.get(entry.root.0 as usize).and_then(|root| root.app.path.as_ref());
            let site = Site::of(entry, root, variants);
            let next = found.groups.len() as u32;
            let id = *known.entry(site).or_insert_with_key(|site| {
                found.groups.push(site.clone());
                next
            });
            found.of_app.push(id);
        }
        if found.groups.len() <= MOST_KEPT {
            let pairs = found.groups.iter().flat_map(|a| found.groups.iter().map(move |b| (a, b)));
            found.kept = pairs.map(|(a, b)| (a.may_meet(b), a.variants_meet(b))).collect();
        }
        found
    }

    /// The numbers of the sites of two apps; `None` for what is no app.
    fn pair(&self, a: AppId, b: AppId) -> Option<(usize, usize)> {
        let of = |app: AppId| self.of_app.get(app.0 as usize).map(|site| *site as usize);
        Some((of(a)?, of(b)?))
    }

    fn kept(&self, a: usize, b: usize) -> Option<(bool, bool)> {
        self.kept.get(a * self.groups.len() + b).copied()
    }

    /// Whether two apps may deploy to one cluster.
    pub(super) fn may_meet(&self, a: AppId, b: AppId) -> bool {
        let Some((a, b)) = self.pair(a, b) else { return false };
        match self.kept(a, b) {
            Some((meet, _)) => meet,
            None => {
                a == b
                    || matches!((self.groups.get(a), self.groups.get(b)), (Some(a), Some(b)) if a.may_meet(b))
            }
        }
    }

    /// Whether the layout of the repository lets two apps meet, whatever clusters they name.
    pub(super) fn variants_meet(&self, a: AppId, b: AppId) -> bool {
        let Some((a, b)) = self.pair(a, b) else { return false };
        match self.kept(a, b) {
            Some((_, layout)) => layout,
            None => {
                a == b
                    || matches!((self.groups.get(a), self.groups.get(b)), (Some(a), Some(b)) if a.variants_meet(b))
            }
        }
    }
}
