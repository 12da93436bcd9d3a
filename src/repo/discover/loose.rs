//! What no app claims: overlays, charts and their assumed releases, and plain manifests where there is nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::Place;
use crate::source::{Dir, Span, TreePath};

use super::super::app::{App, AppKind, Spec};
use super::super::declared::is_argo;
use super::super::definition::is_app_kind;
use super::super::environments::AssumedRelease;
use super::super::scan::ScannedDocument;
use super::super::showcase;
use super::Discovery;

impl<T: Send> Discovery<'_, T> {
    pub(super) fn overlay(&mut self, dir: &TreePath) {
        let Some(file) =
            self.scan.kustomizations.get(dir).and_then(|it| self.workspace.tree.read(&it.file).ok())
        else {
            return;
        };
        let spec = Spec::Overlay(Dir::new(Arc::clone(&self.workspace.tree), dir.clone()));
        self.directory(dir, AppKind::Overlay, Span::start_of(file.id()), spec);
    }

    pub(super) fn chart(&mut self, dir: &TreePath) {
        let Ok(file) = self.workspace.tree.read(&dir.child("Chart.yaml")) else { return };
        let spec = Spec::Chart(Dir::new(Arc::clone(&self.workspace.tree), dir.clone()));
        self.directory(dir, AppKind::Chart, Span::start_of(file.id()), spec);
    }

    pub(super) fn release(&mut self, release: AssumedRelease) {
        let chart_yaml = release.chart.path.child("Chart.yaml");
        // The last file says most of it, and lies where the environment does.
        let path = release.values.last().cloned().unwrap_or(chart_yaml);
        let at = match (release.declared, self.workspace.tree.read(&path)) {
            (Some(place), _) => place.at,
            (None, Ok(file)) => Span::start_of(file.id()),
            (None, Err(_)) => return,
        };
        let dir = release.chart.path.clone();
        let (environment, namespace) = (release.environment.clone(), release.namespace.clone());
        let (cluster, is_test) = (release.cluster.clone(), release.is_test);
        self.directory(&dir, AppKind::Release, at, Spec::Release(Arc::new(release)));
        if let Some((app, _)) = self.queue.last_mut() {
            app.name = format!("{dir} ({environment})").into();
            app.path = Some(path);
            app.target_namespace = namespace;
            app.cluster = cluster;
            app.environment = environment;
            app.provisional = is_test;
        }
    }

    /// Where nothing says what is deployed, somebody applies the manifests as they are: all of them are one app.
    pub(super) fn manifests(&mut self) {
        // What configures Argo CD or Flux is for repositories that are not here.
        let configures = |document: &ScannedDocument| {
            is_app_kind(&document.group, &document.kind)
                || is_argo(&document.group, &document.kind, &document.name)
        };
        if self.scan.documents.iter().any(configures) {
            return;
        }
        let documents = self.scan.documents.iter().filter(|document| {
            let shows = showcase(&document.path).is_some();
            !document.name.is_empty() && !shows && !self.scan.is_input(&document.path)
        });
        let files: BTreeSet<TreePath> = documents.map(|document| document.path.clone()).collect();
        let Some(first) = files.first() else { return };
        let mut dir = first.parent();
        while let Some(at) = dir.as_ref().filter(|at| !files.iter().all(|file| file.starts_with(at))) {
            dir = at.parent();
        }
        let Ok(file) = self.workspace.tree.read(first) else { return };
        let at = Span::start_of(file.id());
        let spec = Spec::Manifests(files.into_iter().collect());
        self.directory(&dir.unwrap_or_default(), AppKind::Manifests, at, spec);
    }

    pub(super) fn directory(&mut self, dir: &TreePath, kind: AppKind, at: Span, spec: Spec) {
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
            environment: SmolStr::default(),
            provisional: false,
            stray: false,
            assumed: false,
        };
        self.queue.push((app, 0));
    }
}
