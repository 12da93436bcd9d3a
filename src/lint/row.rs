//! What a report says of each app.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::cache::Want;
use crate::repo::{AppEntry, Spec};
use crate::source::Sources;

use super::AppStatus;

/// One line of `gitops-lint apps`.
#[derive(Debug, Clone)]
pub struct AppRow {
    /// Name.
    pub name: Arc<str>,
    /// Kind.
    pub kind: &'static str,
    /// Cluster, when the app says.
    pub cluster: Option<SmolStr>,
    /// Namespace that objects go to.
    pub namespace: SmolStr,
    /// Where it is defined.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// What it renders: path or chart.
    pub source: String,
    /// The revision it names.
    pub revision: Option<SmolStr>,
    /// How far rendering got.
    pub status: AppStatus,
    /// Why not all the way.
    pub reason: Option<String>,
    /// Number of objects.
    pub objects: usize,
    /// Whether something says that it is deployed: an Application, an ApplicationSet, a Kustomization, a HelmRelease that no
    /// chart by itself defines.
    pub deployed: bool,
    /// What it lacks and `gitops-lint fetch` brings.
    pub wants: BTreeSet<Want>,
}

impl AppRow {
    pub(super) fn of(entry: &AppEntry, sources: &Sources) -> Self {
        let app = &entry.app;
        let located = sources.locate(app.place.at);
        let (source, revision) = match &app.spec {
            Spec::Argo(application) => {
                let rendered =
                    application.sources.iter().filter(|source| !(application.multi && source.is_ref_only()));
                let name = |source: &crate::argocd::Source| match &source.chart {
                    Some(chart) => format!("{} ({})", chart.value, source.repo_url()),
                    None => source.path().to_owned(),
                };
                let mut words = rendered.clone().map(name).collect::<Vec<_>>().join(", ");
                if app.assumed && !app.environment.is_empty() {
                    let _ = write!(words, " (assumed: cluster {})", app.environment);
                }
                let revision = rendered.clone().next().map(|source| SmolStr::new(source.target_revision()));
                (words, revision)
            }
            Spec::ArgoSet(set) => (set.generator_names().join(", "), None),
            Spec::FluxKustomization(kustomization, _) => (kustomization.path().to_owned(), None),
            Spec::FluxRelease(release, _) => release.chart_words(),
            Spec::Overlay(dir) | Spec::Chart(dir) => (dir.path.to_string(), None),
            Spec::Release(release) => (release.words(), None),
            Spec::Manifests(files) => (format!("{} files", files.len()), None),
        };
        AppRow {
            name: Arc::clone(&app.name),
            kind: app.kind.as_str(),
            cluster: (!app.cluster.is_empty()).then(|| app.cluster.clone()),
            namespace: app.target_namespace.clone(),
            file: located.as_ref().map_or_else(|| "".into(), |(file, ..)| Arc::clone(file)),
            line: located.map_or(1, |(_, start, _)| start.line),
            source,
            revision: revision.filter(|revision| !revision.is_empty()),
            status: entry.status,
            reason: entry.reason.clone(),
            objects: entry.objects,
            deployed: !app.kind.is_loose() && !app.provisional && !app.assumed,
            wants: entry.wants.clone(),
        }
    }
}
