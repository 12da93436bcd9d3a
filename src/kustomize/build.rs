//! A whole build: from a directory to the objects that `kustomize build` would print.
//!
//! Mirrors `api/krusty/kustomizer.go` and `MakeCustomizedResMap` of `api/internal/target/kusttarget.go`.

use std::collections::BTreeSet;

use crate::finding::Problem;
use crate::helm::Release;
use crate::origin::{Origin, Origins, Place, Step};
use crate::source::{Dir, TreePath};
use crate::yaml::{Cache, Dialect, EmitStyle, Entry, Key, Map, Node, YamlProblem, emit};

use super::accumulator::Accumulator;
use super::build_metadata::BuildOrigin;
use super::context::{Context, NoOp};
use super::failure::{Failure, Result, Wrap};
use super::filters::vars;
use super::loader::Loader;
use super::options::{Options, Reorder};
use super::resource::Resource;
use super::target::Target;
use super::{factory, hash, nameref, rewrite, sort};

/// Keeps a resource out of the output, whatever its value but `false`.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// What a build gives.
#[derive(Debug, Default)]
pub struct Built {
    /// The objects, canonical, in output order. Steps are in the arena that the build was given.
    pub resources: Vec<Node>,
    /// What is wrong, failures first, in the order in which they were met.
    pub problems: Vec<Problem>,
    /// What kustomize would stop with: the first failure's message. The resources are what could be built anyway.
    pub failure: Option<String>,
    /// Entries that did nothing.
    pub no_ops: Vec<NoOp>,
    /// Values of charts that were rendered, without their manifests.
    pub releases: Vec<Release>,
    /// All files that the build read or looked for, as paths in the tree of the directory.
    pub files: BTreeSet<TreePath>,
}

impl Built {
    /// Whether kustomize would fail.
    pub fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What kustomize prints.
    pub fn to_yaml(&self) -> String {
        let texts: Vec<String> =
            self.resources.iter().map(|node| emit(node, EmitStyle::Sigs).unwrap_or_default()).collect();
        texts.join("---\n")
    }
}

/// Builds the kustomization in a directory. Never fails: what went wrong is part of the answer.
pub fn build(dir: &Dir, options: &Options<'_>, origins: &mut Origins, cache: &Cache) -> Built {
    let mut cx = Context::new(origins, cache, options);
    let mut resources = Vec::new();
    match load_root(dir, &mut cx) {
        Ok(target) => {
            let list = run(&target, &mut cx);
            let kept = |option: &str| target.kustomization.build_metadata.iter().any(|known| known == option);
            for resource in list {
                let (origin, steps) = (kept("originAnnotations"), kept("transformerAnnotations"));
                let finished = finish(resource, origin, steps, &mut cx);
                resources.extend(cx.check(finished));
            }
        }
        Err(failure) => cx.fail(failure),
    }
    let failures = cx.take_failures();
    let failure = failures.first().map(|failure| failure.message.clone());
    let mut problems: Vec<Problem> = failures.iter().map(Failure::to_problem).collect();
    problems.append(&mut cx.problems);
    Built { resources, problems, failure, no_ops: cx.take_no_ops(), releases: cx.releases, files: cx.files }
}

fn load_root(dir: &Dir, cx: &mut Context<'_>) -> Result<Target> {
    let loader = Loader::root(dir, cx.options.load_restrictor)?;
    let mut target = Target::load(&loader, cx, true)?;
    let schema = target.set_schema(cx, true);
    cx.check(schema);
    if !target.kustomization.build_metadata.is_empty() {
        target.origin = Some(BuildOrigin::default());
    }
    Ok(target)
}

/// Everything up to the order of the output.
fn run(target: &Target, cx: &mut Context<'_>) -> Vec<Resource> {
    let mut ra = Accumulator::default();
    for node in cx.options.resources {
        let resource = Resource::new(node.clone(), &mut cx.schemas);
        let added = ra.resources.append(resource);
        cx.check(added);
    }
    target.accumulate(&mut ra, cx);
    let hashed = hash::add_to_names(&mut ra.resources, cx);
    cx.check(hashed);
    nameref::apply(&mut ra.resources, &ra.config, cx);
    vars::resolve(&mut ra.resources, &ra.vars, &ra.config.var_reference, cx);
    let kept = |resource: &Resource| resource.annotation(LOCAL_CONFIG).is_none_or(|value| value == "false");
    ra.resources.all_mut().retain_mut(|resource| !resource.gone && is_valid(resource, cx) && kept(resource));
    match &target.kustomization.sort_options {
        Some(options) => {
            let sorted = sort::apply(&mut ra.resources, options);
            cx.check(sorted);
        }
        None if cx.options.reorder == Reorder::Legacy => sort::legacy(&mut ra.resources),
        None => {}
    }
    let managed = target.kustomization.build_metadata.iter().any(|option| option == "managedByLabel");
    let mut list = ra.resources.into_list();
    if managed {
        let place = target
            .kustomization
            .node
            .get("buildMetadata")
            .map_or(target.kustomization.node.place(), Node::place);
        for resource in &mut list {
            label(resource, place, cx);
        }
    }
    list
}

/// Whether a resource still has a kind and a name behind all that was done to it.
fn is_valid(resource: &mut Resource, cx: &mut Context<'_>) -> bool {
    if factory::validate(&resource.node).is_ok() {
        return true;
    }
    // The message shows what kustomize remembers in annotations.
    resource.expose();
    cx.check(factory::validate(&resource.node)).is_some()
}

/// Adds the label of `managedByLabel`.
fn label(resource: &mut Resource, place: Place, cx: &mut Context<'_>) {
    let origin = cx.origins.add(Origin::new(place.at, Step::BuildMetadata));
    let place = Place { at: place.at, origin };
    let mut at = &mut resource.node;
    for key in ["metadata", "labels"] {
        let Some(map) = at.as_map_mut() else { return };
        if map.get(key).is_none_or(|node| node.as_map().is_none()) {
            map.insert(Key::new(key, place), Node::map(Map::new(), place));
        }
        let Some(next) = map.get_mut(key) else { return };
        at = next;
    }
    let Some(labels) = at.as_map_mut() else { return };
    let value = Node::string(format!("kustomize-{}", cx.options.flavor.version()), place);
    let key = Key::new("app.kubernetes.io/managed-by", place);
    match labels.get_mut(&key.text) {
        Some(node) => *node = value,
        None => labels.push(Entry { key, value }),
    }
}

/// Makes a resource what is written: without its memory, and canonical.
fn finish(mut resource: Resource, origin: bool, transformations: bool, cx: &mut Context<'_>) -> Result<Node> {
    if let Some(problem) = &resource.duplicate_key {
        return Err(refuse(problem));
    }
    resource.finish_annotations(origin, transformations, cx.origins);
    let mut node = resource.node;
    rewrite::reprint(&mut node);
    let place = node.place();
    node.canonicalize(Dialect::V3).map_err(|problem| refuse(&problem)).or_at(place)?;
    Ok(node)
}

/// What kustomize says when it cannot read back what it is about to write: with the map that it did not get.
fn refuse(problem: &YamlProblem) -> Box<Failure> {
    let message = format!("map[string]interface {{}}(nil): {}", problem.go_message(Dialect::V3));
    Failure::at(Place::written(problem.at), message)
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        let table = include_str!("../../fixtures/kustomize/build.yaml");
        crate::kustomize::filters::testing::check(table);
    }
}
