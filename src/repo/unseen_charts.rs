//! Charts that an app's own chart depends on and that are not here: what their values name is known all the same.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::argocd::SyncPosition;
use crate::helm::{ChartTree, Dependency, Release};
use crate::origin::Place;
use crate::relations;
use crate::schema::Scope;
use crate::yaml::Node;

use super::app::App;
use super::facts::ObjectFacts;
use super::render::Rendered;

/// Stands for such a chart among the objects of an app. Nobody owns it, and it is in the way of nothing.
pub(super) fn facts(app: &App, rendered: &Rendered) -> Vec<ObjectFacts> {
    rendered.releases.iter().flat_map(|release| of_release(app, release)).collect()
}

fn of_release(app: &App, release: &Release) -> Vec<ObjectFacts> {
    let mut missing: Vec<(&Dependency, Vec<&str>)> = Vec::new();
    for tree in release.root.walk() {
        let path: Vec<&str> = tree.values_path.iter().map(SmolStr::as_str).collect();
        let dependencies = tree.chart.metadata.dependencies.iter().flatten();
        let dependencies = dependencies.filter(|it| is_missing(tree, it) && takes_part(it, release, &path));
        missing.extend(dependencies.map(|it| {
            let path = path.iter().copied().chain([called(it)]).collect();
            (it, path)
        }));
    }
    // Charts call what they make after themselves.
    let mut makers: Vec<&str> = missing.iter().map(|(it, _)| called(it)).collect();
    makers.dedup();
    let mut found = Vec::new();
    for (dependency, path) in &missing {
        let Some(values) = release.values.at_path(path) else { continue };
        let name = called(dependency);
        let mut references = relations::references_of_values(&dependency.name.value, values, &path.join("."));
        references.retain(|reference| {
            let of_another = makers.iter().any(|it| *it != name && reference.name.contains(it));
            !of_another && !relations::values_say(&release.values, &reference.name)
        });
        let node = Some(Arc::new(values.clone()));
        found.push(ObjectFacts { references, node, ..chart(app, name, dependency.place) });
    }
    found
}

/// The key of its values.
fn called(dependency: &Dependency) -> &str {
    let alias = &dependency.alias.value;
    if alias.is_empty() { &dependency.name.value } else { alias }
}

fn is_missing(tree: &ChartTree, dependency: &Dependency) -> bool {
    let name = dependency.name.value.as_str();
    !tree.dependencies.iter().any(|it| it.name == called(dependency))
        && !tree.chart.dependencies.iter().any(|it| it.metadata.name.value == name)
}

/// Whether its `condition` is not switched off: the first of its paths that leads to a boolean decides.
fn takes_part(dependency: &Dependency, release: &Release, path: &[&str]) -> bool {
    let switch = |condition: &str| {
        let path: Vec<&str> = path.iter().copied().chain(condition.trim().split('.')).collect();
        release.values.at_path(&path).and_then(Node::as_bool)
    };
    dependency.condition.value.split(',').find_map(switch).unwrap_or(true)
}

fn chart(app: &App, name: &str, place: Place) -> ObjectFacts {
    ObjectFacts {
        app: app.id,
        group: SmolStr::default(),
        version: SmolStr::default(),
        kind: "Chart".into(),
        namespace: SmolStr::new(&app.target_namespace),
        scope: Some(Scope::Cluster),
        defines: None,
        name: name.into(),
        place,
        hook: true,
        described: true,
        content: None,
        shared: true,
        sync: SyncPosition::of(|_| None),
        sync_place: None,
        pod_violations: Vec::new(),
        references: Vec::new(),
        provides: Vec::new(),
        keys: None,
        mentions: Box::default(),
        pod: None,
        makes_secrets: false,
        node: None,
    }
}
