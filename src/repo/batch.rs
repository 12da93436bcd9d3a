//! One step of discovery: an app is rendered, rules look at it, and the trees are dropped.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::Origins;
use crate::source::TreePath;
use crate::yaml::Node;

use super::app::App;
use super::definition::is_app_kind;
use super::facts::{self, ObjectFacts};
use super::flux;
use super::inventory::visit_origins;
use super::said::Said;
use super::{Rendered, Workspace, render};

/// What remains of a render.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) status: super::Status,
    pub(super) reason: Option<String>,
    pub(super) objects: usize,
    pub(super) problems: Vec<crate::finding::Problem>,
    pub(super) assumed: Vec<(SmolStr, SmolStr)>,
    pub(super) no_ops: Vec<crate::kustomize::NoOp>,
    pub(super) idle_values: Vec<super::IdleValue>,
    pub(super) redundant_values: Vec<super::RedundantValue>,
    pub(super) incomplete: Vec<crate::finding::Incomplete>,
    pub(super) files: BTreeSet<TreePath>,
    pub(super) built: Option<TreePath>,
    pub(super) wants: BTreeSet<crate::cache::Want>,
    pub(super) said: Option<Said>,
}

/// What a worker hands back.
#[derive(Debug, Clone)]
pub(super) struct Batch<T> {
    pub(super) app: App,
    pub(super) depth: u32,
    pub(super) summary: Summary,
    pub(super) facts: Vec<ObjectFacts>,
    pub(super) origins: Origins,
    pub(super) children: Vec<(Node, Arc<Origins>)>,
    /// Kind, namespace and object of what others may name.
    pub(super) named: Vec<(SmolStr, SmolStr, Node, Arc<Origins>)>,
    pub(super) result: T,
}

impl<T: Clone> Batch<T> {
    /// The same for an app that only has another number in another analysis.
    pub(super) fn again(&self, app: App, depth: u32) -> Self {
        let id = app.id;
        let mut batch = Self { app, depth, ..self.clone() };
        batch.facts.iter_mut().for_each(|facts| facts.app = id);
        batch
    }
}

/// Renders an app and keeps what is wanted of it later.
pub(super) fn work<T>(
    workspace: &Workspace,
    on_app: &dyn Fn(&App, &Rendered) -> T,
    app: App,
    depth: u32,
    keeps_named: bool,
) -> Batch<T> {
    workspace.watch.begins(&app.name);
    let rendered = render(&app, workspace);
    let result = on_app(&app, &rendered);
    let facts = facts::facts(&app, &rendered, workspace);
    let of_values = (
        super::idle::idle_values(&rendered, workspace),
        super::redundant::redundant_values(&rendered, workspace),
    );
    // Both look at the problems.
    let said = (rendered.status() == super::Status::Failed).then(|| Said::of(&app, &rendered, workspace));
    let mut batch = keep(app, depth, rendered, facts, keeps_named, result);
    (batch.summary.idle_values, batch.summary.redundant_values) = of_values;
    batch.summary.said = said;
    workspace.watch.ends(&batch.app.name);
    batch
}

/// Renders an app for who wants to know of it only what it brings forth.
pub(super) fn glance<T>(
    workspace: &Workspace,
    on_app: &dyn Fn(&App, &Rendered) -> T,
    app: App,
    depth: u32,
    keeps_named: bool,
) -> Batch<T> {
    let rendered = render(&app, workspace);
    let result = on_app(&app, &rendered);
    keep(app, depth, rendered, Vec::new(), keeps_named, result)
}

/// What is kept of an app that brings forth nothing.
pub(super) fn outline<T>(app: App, depth: u32, rendered: Rendered, result: T) -> Batch<T> {
    let (status, reason) = (rendered.status(), rendered.reason());
    let summary = summary(rendered, Vec::new(), (status, reason));
    let (facts, origins) = (Vec::new(), Origins::new());
    Batch { app, depth, summary, facts, origins, children: Vec::new(), named: Vec::new(), result }
}

fn keep<T>(
    app: App,
    depth: u32,
    mut rendered: Rendered,
    mut facts: Vec<ObjectFacts>,
    keeps_named: bool,
    result: T,
) -> Batch<T> {
    let children = rendered.objects.iter().filter(|object| is_app_kind(&object.group, &object.kind));
    let alone = |object: &super::Object| {
        let mut node = object.node.clone();
        let mut ids = Vec::new();
        visit_origins(&mut node, &mut |id| ids.push(*id));
        let origins = rendered.origins.extract(&mut ids);
        let mut renamed = ids.into_iter();
        visit_origins(&mut node, &mut |id| *id = renamed.next().unwrap_or_default());
        (node, Arc::new(origins))
    };
    let children: Vec<(Node, Arc<Origins>)> = children.map(alone).collect();
    let named = |object: &&super::Object| flux::is_named(&object.group, &object.kind);
    let named = rendered.objects.iter().filter(|_| keeps_named).filter(named).map(|object| {
        let (node, origins) = alone(object);
        (object.kind.clone(), object.namespace.clone(), node, origins)
    });
    let named = named.collect();
    // Both look at the problems.
    let (status, reason) = (rendered.status(), rendered.reason());
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
    let origins = std::mem::take(&mut rendered.origins);
    let summary = summary(rendered, problems, (status, reason));
    Batch { app, depth, summary, facts, origins, children, named, result }
}

fn summary(
    rendered: Rendered,
    problems: Vec<crate::finding::Problem>,
    (status, reason): (super::Status, Option<String>),
) -> Summary {
    Summary {
        status,
        reason,
        objects: rendered.objects.len(),
        problems,
        assumed: rendered.assumed,
        no_ops: rendered.no_ops,
        idle_values: Vec::new(),
        redundant_values: Vec::new(),
        incomplete: rendered.incomplete,
        files: rendered.files,
        built: rendered.dir,
        wants: rendered.wants,
        said: None,
    }
}
