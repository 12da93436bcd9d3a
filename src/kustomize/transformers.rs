//! What a kustomization does to the resources it has gathered, in kustomize's order.
//!
//! Mirrors `api/internal/target/kusttarget_configplugin.go` and `multitransformer.go`. As there, everything is read
//! before anything is applied.

use std::sync::Arc;

use crate::origin::Place;
use crate::yaml::{Dialect, Entry, Key, Map, Node};

use super::accumulator::Accumulator;
use super::build_metadata::BuildOrigin;
use super::config::{FieldSpec, TransformerConfig};
use super::context::Context;
use super::failure::{Failure, Wrap};
use super::filters::namespace::Settings;
use super::filters::prefix_suffix::Affix;
use super::filters::value_add::{self, ValueAdd};
use super::filters::{annotations, images, labels, namespace, prefix_suffix, replacements, replicas};
use super::go_json::get;
use super::kustomization::{Image, Label, Pairs, Replacement, Replica, Text};
use super::patch::{self, LoadedPatch};
use super::plugins;
use super::resmap::ResMap;
use super::resource::Resource;
use super::target::Target;
use super::words::trouble;

/// One thing to do.
#[derive(Debug)]
pub(super) enum Step {
    MergePatches(Vec<Resource>),
    Patch(LoadedPatch),
    Json6902(LoadedPatch),
    Namespace(Text, Settings, Vec<FieldSpec>),
    Affix(Affix, Text, Vec<FieldSpec>),
    /// An entry of `labels`, whose fields follow from the configuration.
    Label(Box<Label>, Arc<TransformerConfig>),
    Labels(Pairs, Vec<FieldSpec>),
    Annotations(Pairs, Vec<FieldSpec>),
    Replicas(Replica, Vec<FieldSpec>),
    Images(Vec<Image>, Vec<FieldSpec>),
    Replacements(Vec<Replacement>),
    ValueAdd(ValueAdd),
    Hash,
}

/// A step, the kind of transformer that it is, and where it comes from for `buildMetadata`.
pub(super) struct Configured {
    pub(super) step: Step,
    pub(super) origin: Option<BuildOrigin>,
    pub(super) place: Place,
}

/// Runs all transformers and validators of a kustomization.
pub(super) fn run(target: &Target, ra: &mut Accumulator, cx: &mut Context<'_>) {
    let mut steps = built_in(target, &ra.config, cx);
    steps.extend(plugins::transformers(target, &target.kustomization.transformers, cx));
    for configured in &steps {
        apply(configured, &mut ra.resources, cx);
    }
    for validator in plugins::transformers(target, &target.kustomization.validators, cx) {
        validate(&validator, &mut ra.resources, cx);
    }
}

/// Runs a validator, which must not change what it checks.
fn validate(validator: &Configured, resources: &mut ResMap, cx: &mut Context<'_>) {
    let before: Vec<Node> = resources.iter().map(|resource| resource.node.clone()).collect();
    apply(validator, resources, cx);
    let mut changed = resources.iter().count() != before.len();
    for (resource, before) in resources.all_mut().iter_mut().zip(before) {
        changed |= !resource.node.means_same(&before, Dialect::V3);
        resource.node = before;
        resource.refresh(&mut cx.schemas);
    }
    if changed {
        let message = "validator shouldn't modify the resource map";
        cx.fail(Failure::at(validator.place, message));
    }
}

/// Runs one transformer.
fn apply(configured: &Configured, resources: &mut ResMap, cx: &mut Context<'_>) {
    let result = match &configured.step {
        Step::MergePatches(patches) => patch::apply_all_merge(patches, resources, cx),
        Step::Patch(patch) => patch::apply(patch, resources, false, cx),
        Step::Json6902(patch) => patch::apply(patch, resources, true, cx),
        Step::Namespace(name, settings, specs) => {
            namespace::apply(resources, name, *settings, specs, cx);
            Ok(())
        }
        Step::Affix(affix, text, specs) => {
            prefix_suffix::apply(resources, *affix, text, specs, cx);
            Ok(())
        }
        Step::Label(label, config) => {
            labels::apply(resources, label, config, cx);
            Ok(())
        }
        Step::Labels(pairs, specs) => {
            labels::add(resources, pairs, specs, cx);
            Ok(())
        }
        Step::Annotations(pairs, specs) => {
            annotations::apply(resources, pairs, specs, cx);
            Ok(())
        }
        Step::Replicas(replica, specs) => {
            replicas::apply(resources, replica, specs, cx);
            Ok(())
        }
        Step::Images(list, specs) => {
            images::apply(resources, list, specs, cx);
            Ok(())
        }
        Step::Replacements(list) => {
            replacements::apply(resources, list, cx);
            Ok(())
        }
        Step::ValueAdd(what) => value_add::apply(resources, what, cx),
        Step::Hash => super::hash::add_to_names(resources, cx),
    };
    cx.check(result.or_at(configured.place));
    if let Some(origin) = &configured.origin {
        let times = match &configured.step {
            Step::Images(images, _) => images.len(),
            _ => 1,
        };
        for resource in resources.all_mut() {
            for _ in 0..times {
                note(resource, origin);
            }
        }
    }
    resources.drop_gone();
}

/// Remembers that a transformer had to do with a resource.
fn note(resource: &mut Resource, origin: &BuildOrigin) {
    if resource.memory.origin.is_none() {
        resource.memory.origin = Some(origin.to_yaml());
    } else {
        resource.memory.transformations.get_or_insert_default().push_str(&origin.to_list_item());
    }
}

/// An entry of `patchesJson6902` as the configuration that kustomize makes of it.
fn as_json_config(entry: &Node) -> Node {
    let mut config = entry.clone();
    if let Some(map) = config.as_map_mut() {
        map.retain(|entry| ["target", "path", "patch"].contains(&entry.key.text.as_str()));
        for entry in map.entries_mut().iter_mut().filter(|entry| entry.key.text == "patch") {
            entry.key.text = "jsonOp".into();
        }
    }
    config
}

/// The transformers that the fields of the file stand for.
fn built_in(target: &Target, config: &Arc<TransformerConfig>, cx: &mut Context<'_>) -> Vec<Configured> {
    let kustomization = &target.kustomization;
    let (file, loader) = (&*kustomization.file, &*target.loader);
    let origin = |kind: &str| target.origin.as_ref().map(|origin| origin.built_in(&target.file_name, kind));
    let mut steps: Vec<Configured> = Vec::new();
    let mut add = |step: Step, kind: &str, place: Place| {
        steps.push(Configured { step, origin: origin(kind), place });
    };

    let merges = &kustomization.patches_strategic_merge;
    if let Some(first) = merges.first() {
        let kind = "PatchStrategicMergeTransformer";
        let mut patches = Vec::new();
        let mark = cx.mark();
        let list = Node::seq(merges.clone(), first.place());
        let paths = Entry { key: Key::new("paths", first.place()), value: list };
        let shown = Node::map(Map::from_entries(vec![paths]), first.place());
        for entry in merges {
            let loaded = trouble(patch::load_merge(entry, file, loader, cx), kind, &shown);
            patches.extend(cx.check(loaded.or_at(entry.place())).unwrap_or_default());
        }
        if patches.is_empty() && !cx.failed_since(mark) {
            let paths: Vec<&str> = merges.iter().filter_map(Node::as_str).collect();
            let message = format!("patch appears to be empty; files=[{}], Patch=", paths.join(" "));
            cx.check(trouble::<()>(Err(Failure::new(message)), kind, &shown));
        }
        add(Step::MergePatches(patches), kind, first.place());
    }
    for entry in &kustomization.patches {
        let kind = "PatchTransformer";
        let loaded = trouble(patch::load(entry, file, loader, cx), kind, &entry.node);
        if let Some(patch) = cx.check(loaded) {
            add(Step::Patch(patch), kind, entry.node.place());
        }
    }
    if let Some(name) = &kustomization.namespace {
        let step = Step::Namespace(name.clone(), Settings::default(), config.namespace.clone());
        add(step, "NamespaceTransformer", name.place);
    }
    if let Some(prefix) = &kustomization.name_prefix {
        let step = Step::Affix(Affix::Prefix, prefix.clone(), config.name_prefix.clone());
        add(step, "PrefixTransformer", prefix.place);
    }
    if let Some(suffix) = &kustomization.name_suffix {
        let step = Step::Affix(Affix::Suffix, suffix.clone(), config.name_suffix.clone());
        add(step, "SuffixTransformer", suffix.place);
    }
    for label in &kustomization.labels {
        add(Step::Label(Box::new(label.clone()), Arc::clone(config)), "LabelTransformer", label.place);
    }
    let common = kustomization.common_labels.clone().unwrap_or_default();
    // Where there are labels of any kind, kustomize runs a last one for `commonLabels`, even without any.
    if !kustomization.labels.is_empty() || !common.is_empty() {
        let place = common.0.first().map_or(kustomization.node.place(), |(key, _)| key.place);
        add(Step::Labels(common, config.common_labels.clone()), "LabelTransformer", place);
    }
    if let Some(pairs) = kustomization.common_annotations.as_ref().filter(|pairs| !pairs.is_empty()) {
        let place = pairs.0.first().map_or(kustomization.node.place(), |(key, _)| key.place);
        let step = Step::Annotations(pairs.clone(), config.common_annotations.clone());
        add(step, "AnnotationsTransformer", place);
    }
    for entry in &kustomization.patches_json6902 {
        let kind = "PatchJson6902Transformer";
        let loaded = trouble(patch::load_json(entry, file, loader, cx), kind, &as_json_config(&entry.node));
        if let Some(patch) = cx.check(loaded) {
            add(Step::Json6902(patch), kind, entry.node.place());
        }
    }
    for replica in &kustomization.replicas {
        let step = Step::Replicas(replica.clone(), config.replicas.clone());
        add(step, "ReplicaCountTransformer", replica.place);
    }
    if let Some(first) = kustomization.images.first() {
        let step = Step::Images(kustomization.images.clone(), config.images.clone());
        add(step, "ImageTagTransformer", first.place);
    }
    if let Some(first) = kustomization.replacements.first() {
        let loaded = replacements::load(&kustomization.replacements, loader, cx);
        let kind = "ReplacementTransformer";
        let field = get(&kustomization.node, "replacements").unwrap_or(&kustomization.node);
        if let Some(list) = cx.check(trouble(loaded, kind, field)) {
            add(Step::Replacements(list), kind, first.place);
        }
    }
    steps
}
