//! Rendering one app: the one `match` that knows all engines.

use std::collections::BTreeSet;

use crate::argocd::{self, Incomplete, Missing, Output, Renderer};
use crate::finding::{Problem, ProblemKind};
use crate::kustomize::{self, NoOp};
use crate::origin::Origins;
use crate::source::TreePath;
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

/// Renders an app.
pub fn render(app: &App, workspace: &Workspace) -> Rendered {
    let mut rendered = Rendered { origins: app.origins.as_ref().clone(), ..Rendered::default() };
    let nodes: Vec<Node> = match &app.spec {
        Spec::Argo(application) => {
            let renderer = Renderer {
                remotes: workspace.remotes(),
                settings: &workspace.control_plane().settings,
                cache: &workspace.cache,
            };
            let output = renderer.render(application, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::ArgoSet(set) => {
            let environment = argocd::Environment {
                remotes: workspace.remotes(),
                config: &workspace.config,
                cluster_secrets: &workspace.control_plane().cluster_secrets,
                cache: &workspace.cache,
                sources: &workspace.sources,
            };
            let output = argocd::expand(set, &environment, &mut rendered.origins);
            rendered.take(output)
        }
        Spec::Overlay(dir) => {
            let options = kustomize::Options {
                // Nobody said which options it is built with, so none is held against it.
                load_restrictor: kustomize::LoadRestrictor::None,
                enable_helm: true,
                remotes: workspace.remotes(),
                ..kustomize::Options::default()
            };
            let mut output = Output::default();
            output.take_built(kustomize::build(dir, &options, &mut rendered.origins, &workspace.cache));
            rendered.take(output)
        }
        Spec::Chart(_) => {
            rendered
                .incomplete
                .push(Incomplete::new(Missing::Content, format!("{}s are not rendered yet", app.kind)));
            Vec::new()
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
