//! `generators`, `transformers` and `validators`: configurations of built-in kinds run here, others are programs that
//! do not.
//!
//! Mirrors `api/internal/plugins/loader` and the `Config` functions of `api/internal/builtins`.

use crate::origin::{Place, Placed};
use crate::yaml::{Data, Dialect, Node};

use super::accumulator::Accumulator;
use super::build_metadata::BuildOrigin;
use super::config::{FieldSpec, load_field_specs};
use super::context::Context;
use super::failure::{Failure, Result, Wrap};
use super::filters::namespace::{Settings, Subjects};
use super::filters::prefix_suffix::Affix;
use super::filters::{replacements, value_add};
use super::generators::{self, Generator};
use super::go_json::get;
use super::kustomization::{
    GeneratorArgs, HelmChart, Image, Pairs, Patch, Replacement, Replica, Selector, Text, text,
};
use super::patch;
use super::resid::ShownGvk;
use super::resource::Resource;
use super::target::Target;
use super::transformers::{Configured, Step};

/// The version of configurations of built-in kinds.
const BUILT_IN: &str = "builtin";

/// The configurations that entries name or hold.
fn configs(target: &Target, entries: &[Node], cx: &mut Context<'_>) -> Vec<Resource> {
    let mut ra = Accumulator::default();
    let mut paths: Vec<Text> = Vec::new();
    for entry in entries {
        let text = entry.as_str().unwrap_or_default();
        match patch::load_inline(entry, &target.kustomization.file, cx) {
            Ok(mut resources) => {
                for resource in &mut resources {
                    let origin =
                        target.origin.as_ref().map(|origin| origin.append(&target.file_name).to_yaml());
                    resource.memory.origin = origin;
                }
                cx.check(ra.resources.append_all(resources).or_at(entry.place()));
            }
            Err(_) => paths.push(Placed::new(text.into(), entry.place())),
        }
    }
    target.accumulate_resources(&mut ra, &paths, cx);
    ra.resources.into_list()
}

/// The object of a configuration, canonical, when its kind is built in.
fn built_in(config: &Resource, target: &Target, cx: &mut Context<'_>) -> Option<Node> {
    let id = &config.id;
    if id.gvk.group.is_empty() && id.gvk.version == BUILT_IN {
        let mut node = config.node.clone();
        let canonical = node
            .canonicalize(Dialect::V3)
            .map_err(|problem| Failure::at(Place::written(problem.at), problem.go_message(Dialect::V3)));
        return cx.check(canonical).map(|()| node);
    }
    let kind = &id.gvk.kind;
    let place = config.node.place();
    read_inputs(config, target, cx);
    cx.fail(if cx.options.enable_plugins {
        generators::unavailable(place, format!("the plugin `{kind}` is a program, which is not run"))
            .help("declare what it makes and others refer to under `external:` in .gitops-lint.yaml")
    } else {
        let message = format!("external plugins disabled; unable to load external plugin '{kind}'");
        Failure::at(place, message)
    });
    None
}

/// Reads the files that a program is told to make objects of (`files`, and `secretFrom` of KSOPS): whoever asks who reads a file
/// learns that the build does.
fn read_inputs(config: &Resource, target: &Target, cx: &mut Context<'_>) {
    let lists = std::iter::once(&config.node).chain(config.node.items(&["secretFrom"]));
    for file in lists.flat_map(|list| list.items(&["files"])).filter_map(Node::as_str) {
        let path = file.rsplit_once('=').map_or(file, |(_, path)| path);
        // What is not there is the program's to say.
        let _ = target.loader.load(path, cx);
    }
}

fn unknown(config: &Resource) -> Box<Failure> {
    Failure::at(config.node.place(), format!("unable to load builtin {}", ShownGvk(&config.id.gvk)))
}

/// The generators of `generators`.
pub(super) fn generators(target: &Target, cx: &mut Context<'_>) -> Vec<generators::Configured> {
    let mut list = Vec::new();
    let mark = cx.mark();
    for config in configs(target, &target.kustomization.generators, cx) {
        let before = cx.mark();
        let Some(node) = built_in(&config, target, cx) else {
            cx.wrap_since(before, |message| format!("failed to load generator: {message}"));
            continue;
        };
        let args = || {
            let mut args = GeneratorArgs::read(&node);
            let metadata = get(&node, "metadata");
            args.name = args.name.or_else(|| text(metadata?, "name"));
            args.namespace = args.namespace.or_else(|| text(metadata?, "namespace"));
            args
        };
        let generator = match config.id.gvk.kind.as_str() {
            "ConfigMapGenerator" => Generator::ConfigMap(args()),
            "SecretGenerator" => Generator::Secret(args()),
            "HelmChartInflationGenerator" => {
                let chart = HelmChart::read(&node);
                let checked = generators::check_chart(&chart, &target.loader, cx);
                if cx.check(checked).is_none() {
                    continue;
                }
                Generator::Helm(Box::new(chart), text(&node, "chartHome"))
            }
            "IAMPolicyGenerator" => Generator::IamPolicy(Box::new(node.clone())),
            _ => {
                cx.fail(unknown(&config).wrap("failed to load generator"));
                continue;
            }
        };
        list.push(generators::Configured { generator, origin: BuildOrigin::of_config(&config) });
    }
    cx.wrap_since(mark, |message| format!("loading generator plugins: {message}"));
    list
}

/// The transformers of `transformers` or `validators`.
pub(super) fn transformers(target: &Target, entries: &[Node], cx: &mut Context<'_>) -> Vec<Configured> {
    let mut list = Vec::new();
    for config in configs(target, entries, cx) {
        let Some(node) = built_in(&config, target, cx) else { continue };
        let id = config.original_id();
        let steps = read(&config, &node, target, cx).map_err(|failure| {
            if failure.message == unknown(&config).message {
                failure
            } else {
                failure.wrap(format!("plugin {id} fails configuration"))
            }
        });
        for step in cx.check(steps.or_at(config.node.place())).unwrap_or_default() {
            let origin = BuildOrigin::of_config(&config);
            list.push(Configured { step, origin, place: config.node.place() });
        }
    }
    list
}

/// What a configuration says is to be done.
fn read(config: &Resource, node: &Node, target: &Target, cx: &mut Context<'_>) -> Result<Vec<Step>> {
    let (file, loader) = (&*target.kustomization.file, &*target.loader);
    let specs = || -> Vec<FieldSpec> { load_field_specs(node, "fieldSpecs") };
    let pairs = |key: &str| get(node, key).map(Pairs::read).unwrap_or_default();
    let empty = |place: Place| Placed::new(smol_str::SmolStr::default(), place);
    let affix = |affix: Affix, key: &str| {
        let value = text(node, key).unwrap_or_else(|| empty(node.place()));
        Step::Affix(affix, value, specs())
    };
    let needs_specs = || match get(node, "fieldSpecs") {
        Some(_) => Ok(()),
        None => Err(Failure::at(node.place(), "fieldSpecs is not expected to be nil")),
    };
    Ok(match config.id.gvk.kind.as_str() {
        "AnnotationsTransformer" => vec![Step::Annotations(pairs("annotations"), specs())],
        "LabelTransformer" => vec![Step::Labels(pairs("labels"), specs())],
        "NamespaceTransformer" => {
            let mode = text(node, "setRoleBindingSubjects");
            let subjects = Subjects::parse(mode.as_ref().map_or("", |mode| &mode.value))?;
            let unset_only = get(node, "unsetOnly").and_then(Node::as_bool).unwrap_or(false);
            let name = get(node, "metadata").and_then(|metadata| text(metadata, "namespace"));
            name.map(|name| Step::Namespace(name, Settings { unset_only, subjects }, specs()))
                .into_iter()
                .collect()
        }
        "PrefixTransformer" => {
            needs_specs()?;
            vec![affix(Affix::Prefix, "prefix")]
        }
        "SuffixTransformer" => {
            needs_specs()?;
            vec![affix(Affix::Suffix, "suffix")]
        }
        "PrefixSuffixTransformer" => {
            needs_specs()?;
            vec![affix(Affix::Prefix, "prefix"), affix(Affix::Suffix, "suffix")]
        }
        "ImageTagTransformer" => {
            let image = get(node, "imageTag").map(Image::read);
            vec![Step::Images(image.into_iter().collect(), specs())]
        }
        "ReplicaCountTransformer" => {
            let replica = get(node, "replica").map(Replica::read);
            replica.map(|replica| Step::Replicas(replica, specs())).into_iter().collect()
        }
        "PatchTransformer" => {
            vec![Step::Patch(patch::load(&Patch::read(node), file, loader, cx)?)]
        }
        "PatchJson6902Transformer" => {
            let patch = Patch {
                node: node.clone(),
                path: text(node, "path"),
                patch: get(node, "jsonOp").cloned(),
                target: get(node, "target").map(|target| Placed::new(Selector::read(target), target.place())),
                allow_name_change: false,
                allow_kind_change: false,
            };
            vec![Step::Json6902(patch::load_json(&patch, file, loader, cx)?)]
        }
        "PatchStrategicMergeTransformer" => {
            let mut patches = Vec::new();
            let paths = get(node, "paths").map(Node::seq_or_empty).unwrap_or_default();
            for entry in paths {
                patches.extend(patch::load_merge(entry, file, loader, cx)?);
            }
            if let Some(inline) = get(node, "patches").filter(|inline| matches!(inline.data, Data::Scalar(_)))
            {
                let file = cx.file_of(inline.place());
                let file = file.as_deref().unwrap_or(&target.kustomization.file);
                patches.extend(patch::load_inline(inline, file, cx)?);
            }
            if paths.is_empty() && get(node, "patches").is_none() {
                return Err(Failure::new("empty file path and empty patch content"));
            }
            vec![Step::MergePatches(patches)]
        }
        "ReplacementTransformer" => {
            let entries = get(node, "replacements").map(Node::seq_or_empty).unwrap_or_default();
            let entries: Vec<Replacement> = entries.iter().map(Replacement::read).collect();
            vec![Step::Replacements(replacements::load(&entries, loader, cx)?)]
        }
        "HashTransformer" => vec![Step::Hash],
        "ValueAddTransformer" => vec![Step::ValueAdd(value_add::read(node, loader, cx)?)],
        _ => return Err(unknown(config)),
    })
}
