//! What deploys: the apps of a repository.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::argocd::{Application, ApplicationSet};
use crate::flux::{HelmRelease, Inputs, Kustomization};
use crate::origin::{Origins, Place, Spot, Step};
use crate::source::{Dir, TreePath};
use crate::yaml::Node;

use super::environments::AssumedRelease;

/// Names an app within one run; dense, in order of discovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub u32);

/// What kind of thing an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppKind {
    /// An Argo CD Application, hand-written or generated.
    Application,
    /// An Argo CD ApplicationSet: it renders to Applications.
    ApplicationSet,
    /// A Flux Kustomization.
    Kustomization,
    /// A Flux HelmRelease.
    HelmRelease,
    /// A kustomization that nothing refers to.
    Overlay,
    /// A chart that nothing refers to.
    Chart,
    /// A release of such a chart, assumed from the values files beside it or declared in the configuration.
    Release,
    /// Manifests as written, where nothing at all says what is deployed.
    Manifests,
}

impl AppKind {
    /// Whether nothing says that it is deployed: no Application, Kustomization or HelmRelease.
    pub fn is_loose(self) -> bool {
        matches!(self, Self::Overlay | Self::Chart | Self::Release | Self::Manifests)
    }

    /// The word shown to users.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "Application",
            Self::ApplicationSet => "ApplicationSet",
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
            Self::Overlay => "overlay",
            Self::Chart => "chart",
            Self::Release => "release",
            Self::Manifests => "manifests",
        }
    }
}

impl fmt::Display for AppKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an app renders.
#[derive(Debug, Clone)]
pub enum Spec {
    /// An Argo CD Application.
    Argo(Arc<Application>),
    /// An Argo CD ApplicationSet.
    ArgoSet(Arc<ApplicationSet>),
    /// A Flux Kustomization, with the objects that it names.
    FluxKustomization(Arc<Kustomization>, Arc<Inputs>),
    /// A Flux HelmRelease, with the objects that it names.
    FluxRelease(Arc<HelmRelease>, Arc<Inputs>),
    /// A kustomization built by itself.
    Overlay(Dir),
    /// A chart rendered with its own values.
    Chart(Dir),
    /// A chart rendered with the values of an environment.
    Release(Arc<AssumedRelease>),
    /// Files of manifests.
    Manifests(Arc<[TreePath]>),
}

/// Anything that renders to objects.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// The name users know it by: `metadata.name`, or the path of an overlay or chart.
    pub name: Arc<str>,
    /// What it is.
    pub kind: AppKind,
    /// `metadata.namespace` of the app's own object; empty for overlays and charts.
    pub namespace: SmolStr,
    /// The cluster it deploys to, as the app names it; empty when nothing says.
    pub cluster: SmolStr,
    /// The namespace that objects without one get; empty when nothing says.
    pub target_namespace: SmolStr,
    /// The app that renders this app's object.
    pub parent: Option<AppId>,
    /// Where the app is defined; origins are in `origins`.
    pub place: Place,
    /// The file of the linted tree that defines the app.
    pub path: Option<TreePath>,
    /// The app's own object; absent for overlays and charts.
    pub node: Option<Arc<Node>>,
    /// The origins of `node`, from the render that made it. The app's own render starts with a copy.
    pub origins: Arc<Origins>,
    /// What to render.
    pub spec: Spec,
    /// The environment of the assumed release, or the assumed cluster, that leads to it; empty where none does.
    pub environment: SmolStr,
    /// Defined by a chart that was rendered by itself: what its users' values supply is missing or stands in.
    pub provisional: bool,
    /// Flux's: nothing in this repository applies it, although what applies others is here. Old, or switched off, or applied by hand.
    pub stray: bool,
    /// Made by an ApplicationSet for a cluster that is assumed, or below one that is.
    pub assumed: bool,
}

impl App {
    /// A place of the app's own object, with the arena that it is in.
    pub fn spot(&self, place: Place) -> Spot<'_> {
        Spot { place, origins: &self.origins }
    }

    /// Whether what is written at a place of the app's own object holds whatever values its chart gets: it is not provisional,
    /// or the template has it word for word.
    pub fn is_firm(&self, place: Place) -> bool {
        let literal = || {
            let by = self.origins.get(place.origin).map(|origin| origin.by);
            matches!(by, Some(Step::TemplateText | Step::Written))
        };
        !self.provisional || place.origin.is_written() || literal()
    }

    /// The Application, unless it is provisional or of a cluster that is assumed: nobody writes what it says.
    pub fn application(&self) -> Option<&Application> {
        match &self.spec {
            Spec::Argo(application) if !self.provisional && !self.assumed => Some(application),
            _ => None,
        }
    }
}

/// How far rendering got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Everything.
    Rendered,
    /// Some objects are missing, or stand in for others.
    Partial,
    /// The real tool would fail.
    Failed,
    /// Not tried: the content is not on this machine.
    Skipped,
}

impl Status {
    /// The word of the reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rendered => "rendered",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}
