//! Rendering one app: the one `match` that knows all engines.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::argocd::{self, Incomplete, Output, Renderer};
use crate::finding::{Problem, ProblemKind};
use crate::helm::{self, Chart, Release, ReleaseOptions, UserValues};
use crate::kustomize::{self, NoOp};
use crate::origin::{Origins, Placed};
use crate::source::{Dir, Found, Remotes, TracingTree, Tree, TreePath};
use crate::yaml::Node;

use super::app::{App, Spec, Status};
use super::{Object, Workspace};

/// What an app renders to.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The objects, in the order the tool prints them.
    pub objects: Vec<Object>,
    /// What engines met.
    pub problems: Vec<Problem>,
    /// The steps that places of objects and problems refer to.
    pub origins: Origins,
    /// Why the real tool would fail.
    pub failed: Option<String>,
    /// Why objects are missing or stand in for others.
    pub incomplete: Vec<Incomplete>,
    /// Entries of kustomizations that did nothing.
    pub no_ops: Vec<NoOp>,
    /// Values of charts that were rendered.
    pub releases: Vec<Release>,
    /// Files of the linted tree that were read or looked for.
    pub files: BTreeSet<TreePath>,
}

impl Rendered {
    /// Takes everything but the objects, which it answers.
    fn take(&mut self, output: Output) -> Vec<Node> {
        self.problems = output.problems;
        self.failed = output.failed;
        self.incomplete = output.incomplete;
        self.no_ops = output.no_ops;
        self.releases = output.releases;
        output.objects
    }

    /// How far it got.
    pub fn status(&self) -> Status {
        match (&self.failed, self.incomplete.is_empty(), self.objects.is_empty()) {
            (Some(_), ..) => Status::Failed,
            (None, true, _) => Status::Rendered,
            (None, false, false) => Status::Partial,
            (None, false, true) => Status::Skipped,
        }
    }

    /// Why not all the way, for people.
    pub fn reason(&self) -> Option<String> {
        self.failed.clone().or_else(|| self.incomplete.first().map(|it| it.words.clone()))
    }
}

/// The configured version of the cluster that an app deploys to, or the version for all.
fn kube_version(app: &App, workspace: &Workspace) -> Option<SmolStr> {
    let config = &workspace.config;
    let is_it = |cluster: &&crate::config::Cluster| {
        let server = cluster.server.as_ref().map_or("", |server| server.value.as_str());
        app.cluster == cluster.name.value || (!server.is_empty() && app.cluster == server)
    };
    let own = config.clusters.iter().find(is_it).and_then(|cluster| cluster.kubernetes.as_ref());
    own.or(config.kubernetes.as_ref()).map(|version| version.value.clone())
}

/// The remotes of a workspace whose own tree is replaced.
#[derive(Debug)]
pub(super) struct Swapped<'a> {
    /// The inputs.
    pub workspace: &'a Workspace,
    /// What stands for its tree.
    pub tree: &'a Arc<dyn Tree>,
}

impl Swapped<'_> {
    fn swap(&self, dir: Dir) -> Dir {
        let ours = Arc::ptr_eq(&dir.tree, &self.workspace.tree);
        if ours { Dir::new(Arc::clone(self.tree), dir.path) } else { dir }
    }

    fn found(&self, found: Found) -> Found {
        match found {
            Found::Here(dir) => Found::Here(self.swap(dir)),
            Found::Instead(dir, words) => Found::Instead(self.swap(dir), words),
            missing @ Found::Missing { .. } => missing,
        }
    }
}

impl Remotes for Swapped<'_> {
    fn git(&self, url: &str, revision: &str) -> Found {
        self.found(self.workspace.remotes().git(url, revision))
    }

    fn chart(&self, url: &str, name: &str, version: &str) -> Found {
        self.found(self.workspace.remotes().chart(url, name, version))
    }
}

/// Where a render takes its files from: the workspace as it is, or with a change.
pub(super) struct View<'a> {
    /// The inputs that do not change.
    pub workspace: &'a Workspace,
    /// Where repositories and charts are found.
    pub remotes: &'a dyn Remotes,
    /// What stands for the linted tree.
    pub tree: &'a Arc<dyn Tree>,
}

impl<'a> View<'a> {
    fn renderer(&self, app: &App) -> Renderer<'a> {
        Renderer {
            remotes: self.remotes,
            settings: &self.workspace.control_plane().settings,
            cache: &self.workspace.cache,
            charts: &self.workspace.charts,
            kube_version: kube_version(app, self.workspace),
        }
    }

    /// A directory as this view sees it.
    fn dir(&self, dir: &Dir) -> Dir {
        let ours = Arc::ptr_eq(&dir.tree, &self.workspace.tree);
        if ours { Dir::new(Arc::clone(self.tree), dir.path.clone()) } else { dir.clone() }
    }
}

/// Renders a chart by itself, with nothing but its own values.
fn chart(app: &App, dir: &Dir, view: &View<'_>, origins: &mut Origins) -> Output {
    let renderer = view.renderer(app);
    let workspace = view.workspace;
    let loaded = workspace.charts.load(dir, &workspace.cache);
    let mut output = Output::default();
    output.take_problems(loaded.problems.clone());
    let Some(chart) = &loaded.chart else { return output };
    let mut options = ReleaseOptions::new(Placed::new("release-name".into(), app.place), "default");
    options.include_crds = true;
    let release = helm::render(chart, UserValues::new(app.place), &options, origins, &workspace.cache);
    output.take_problems(release.problems.clone());
    output.take_release(release, &options, &renderer);
    output
}

/// Renders an app.
pub fn render(app: &App, workspace: &Workspace) -> Rendered {
    let traced = Arc::new(TracingTree::new(Arc::clone(&workspace.tree)));
    let tree: Arc<dyn Tree> = traced.clone();
    let remotes = Swapped { workspace, tree: &tree };
    let mut rendered = render_in(app, &View { workspace, remotes: &remotes, tree: &tree });
    traced.note(app.path.clone());
    traced.note(rendered.releases.iter().flat_map(|release| chart_files(&release.root.chart, workspace)));
    rendered.files = traced.read_paths();
    rendered
}

/// The files of a chart and the charts inside of it, which is loaded once however many apps use it.
fn chart_files(chart: &Chart, workspace: &Workspace) -> Vec<TreePath> {
    let values = chart.values.as_ref().and_then(|values| workspace.sources.get(values.at.file));
    let files = chart.templates.iter().chain(&chart.files).map(|file| Arc::clone(&file.file));
    let files = files.chain([Arc::clone(&chart.chart_yaml)]).chain(values);
    let mut paths: Vec<TreePath> = files.filter_map(|file| TreePath::new(file.name()).ok()).collect();
    paths.extend(chart.dependencies.iter().flat_map(|chart| chart_files(chart, workspace)));
    paths
}

/// Renders an app from what a view shows.
pub(super) fn render_in(app: &App, view: &View<'_>) -> Rendered {
    let workspace = view.workspace;
    let mut rendered = Rendered { origins: app.origins.as_ref().clone(), ..Rendered::default() };
    let nodes: Vec<Node> = match &app.spec {
        Spec::Argo(application) => {
            let output = view.renderer(app).render(application, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::ArgoSet(set) => {
            let environment = argocd::Environment {
                remotes: view.remotes,
                config: &workspace.config,
                cluster_secrets: &workspace.control_plane().cluster_secrets,
                cache: &workspace.cache,
                sources: &workspace.sources,
            };
            let output = argocd::expand(set, &environment, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::Overlay(dir) => {
            let kube_version = kube_version(app, workspace).unwrap_or_default();
            let options = kustomize::Options {
                // Nobody said which options it is built with, so none is held against it.
                load_restrictor: kustomize::LoadRestrictor::None,
                enable_helm: true,
                enable_plugins: true,
                remotes: view.remotes,
                charts: Some(&workspace.charts),
                helm_kube_version: &kube_version,
                ..kustomize::Options::default()
            };
            let mut output = Output::default();
            output.take_built(kustomize::build(
                &view.dir(dir),
                &options,
                &mut rendered.origins,
                &workspace.cache,
            ));
            rendered.take(output)
        }
        Spec::Chart(dir) => {
            let output = chart(app, &view.dir(dir), view, &mut rendered.origins);
            rendered.take(output)
        }
    };
    for node in nodes {
        let place = node.place();
        match Object::new(node) {
            Some(mut object) => {
                object.settle(&app.target_namespace);
                rendered.objects.push(object);
            }
            None => {
                let message = "an object without a kind was rendered";
                rendered.problems.push(Problem::at(ProblemKind::Render, place, message));
            }
        }
    }
    rendered
}
