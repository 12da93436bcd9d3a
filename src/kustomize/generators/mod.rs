//! What `configMapGenerator`, `secretGenerator` and `helmCharts` make.
//!
//! Mirrors `api/internal/generators` and the plugins around them (`api/internal/builtins`).

mod helm;
mod iam_policy;
mod kv;

use base64::Engine as _;
use smol_str::SmolStr;

use crate::finding::ProblemKind;
use crate::origin::{Name, Origin, Place, Step};
use crate::yaml::{Entry, Key, Map, Node, Style};

use super::accumulator::Accumulator;
use super::build_metadata::BuildOrigin;
use super::context::Context;
use super::failure::{Failure, Result, Wrap};
use super::kustomization::{GeneratorArgs, GeneratorOptions, HelmChart, Pairs, Text};
use super::loader::Loader;
use super::plugins;
use super::resource::{Behavior, Resource};
use super::target::Target;

pub(super) use helm::check as check_chart;

/// What makes resources.
#[derive(Debug)]
pub(super) enum Generator {
    ConfigMap(GeneratorArgs),
    Secret(GeneratorArgs),
    Helm(Box<HelmChart>, Option<Text>),
    /// The configuration, canonical.
    IamPolicy(Box<Node>),
}

/// A generator and where it comes from for `buildMetadata`.
pub(super) struct Configured {
    pub(super) generator: Generator,
    pub(super) origin: Option<BuildOrigin>,
}

/// Runs all generators of a kustomization.
pub(super) fn run(target: &Target, ra: &mut Accumulator, cx: &mut Context<'_>) {
    let mut generators = built_in(target, cx);
    generators.extend(plugins::generators(target, cx));
    for configured in generators {
        let made = generate(&configured.generator, &target.loader, cx);
        for mut resource in cx.check(made).unwrap_or_default() {
            if let Some(origin) = &configured.origin {
                resource.memory.origin.get_or_insert_with(|| origin.to_yaml());
            }
            let place = resource.generated.unwrap_or_else(|| resource.node.place());
            let Context { origins, schemas, .. } = cx;
            let absorbed = ra.resources.absorb(resource, origins, schemas);
            cx.check(absorbed.wrap(|| "merging from generator".to_owned()).or_at(place));
        }
    }
}

fn built_in(target: &Target, cx: &mut Context<'_>) -> Vec<Configured> {
    let kustomization = &target.kustomization;
    let global = kustomization.generator_options.as_ref();
    let origin = |kind: &str| target.origin.as_ref().map(|origin| origin.built_in(&target.file_name, kind));
    let merged = |args: &GeneratorArgs| {
        let options = GeneratorOptions::merged(args.options.as_ref(), global);
        GeneratorArgs { options: Some(options), ..args.clone() }
    };
    let mut list = Vec::new();
    for args in &kustomization.config_map_generator {
        let origin = origin("ConfigMapGenerator");
        list.push(Configured { generator: Generator::ConfigMap(merged(args)), origin });
    }
    for args in &kustomization.secret_generator {
        list.push(Configured {
            generator: Generator::Secret(merged(args)),
            origin: origin("SecretGenerator"),
        });
    }
    for chart in &kustomization.helm_charts {
        let kind = "HelmChartInflationGenerator";
        let mut chart = chart.clone();
        if chart.namespace.is_empty() {
            chart.namespace = target.helm_namespace();
        }
        let checked = super::words::trouble(helm::check(&chart, &target.loader, cx), kind, &chart.node);
        if cx.check(checked).is_some() {
            let generator = Generator::Helm(Box::new(chart), kustomization.chart_home.clone());
            list.push(Configured { generator, origin: origin(kind) });
        }
    }
    list
}

fn generate(generator: &Generator, loader: &Loader, cx: &mut Context<'_>) -> Result<Vec<Resource>> {
    match generator {
        Generator::ConfigMap(args) => Ok(vec![make("ConfigMap", args, loader, cx).or_at(args.place)?]),
        Generator::Secret(args) => Ok(vec![make("Secret", args, loader, cx).or_at(args.place)?]),
        Generator::IamPolicy(config) => iam_policy::generate(config, cx),
        Generator::Helm(chart, home) => {
            helm::generate(chart, home.as_ref(), loader, cx).or_at(chart.node.place())
        }
    }
}

const GENERATOR: Name = Name::new(&"generator");
const BASE64: Name = Name::new(&"base64");

/// Makes nodes on behalf of one entry.
struct Maker<'c, 'a> {
    cx: &'c mut Context<'a>,
    entry: Place,
}

impl Maker<'_, '_> {
    fn place(&mut self, at: Place) -> Place {
        let step = Origin::new(at.at, Step::Generated);
        let step = if at.origin.is_written() { step } else { step.from(at.origin) };
        Place { at: at.at, origin: self.cx.origins.add(step) }
    }

    /// The place of what every ConfigMap or Secret has.
    fn fixed(&mut self) -> Place {
        let step = Origin::new(self.entry.at, Step::BuiltIn(GENERATOR)).from(self.entry.origin);
        Place { at: self.entry.at, origin: self.cx.origins.add(step) }
    }

    fn own(&mut self) -> Place {
        self.place(self.entry)
    }

    fn entry(&mut self, key: &str, value: Node) -> Entry {
        let place = self.own();
        Entry { key: Key::new(key, place), value }
    }

    fn text(&mut self, text: &Text) -> Node {
        let place = self.place(text.place);
        Node::string(text.value.clone(), place)
    }

    /// Labels or annotations.
    fn pairs(&mut self, pairs: &Pairs) -> Node {
        let place = self.own();
        let mut map = Map::new();
        for (key, value) in &pairs.0 {
            let key = Key::new(key.value.clone(), self.place(key.place));
            let value = self.text(value);
            map.push(Entry { key, value });
        }
        Node::map(map, place)
    }
}

/// Makes a ConfigMap or Secret.
fn make(kind: &str, args: &GeneratorArgs, loader: &Loader, cx: &mut Context<'_>) -> Result<Resource> {
    let Some(name) = &args.name else {
        return Err(Failure::at(args.place, "a configmap must have a name"));
    };
    let mut pairs = kv::load(args, kind == "Secret", loader, cx).wrap(|| "loading KV pairs".to_owned())?;
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some([first, second]) = pairs.windows(2).find(|pair| matches!(pair, [a, b] if a.key == b.key)) {
        let message = format!("configmap {} illegally repeats the key `{}`", name.value, second.key);
        return Err(Failure::at(second.place, message).related(first.place, "the key is here too"));
    }
    let options = args.options.clone().unwrap_or_default();
    let is_secret = kind == "Secret";
    let mut maker = Maker { cx, entry: args.place };

    let mut metadata = Map::new();
    let value = maker.text(name);
    metadata.push(maker.entry("name", value));
    if let Some(namespace) = &args.namespace {
        let value = maker.text(namespace);
        metadata.push(maker.entry("namespace", value));
    }
    for (field, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        if !pairs.is_empty() {
            let value = maker.pairs(pairs);
            metadata.push(maker.entry(field, value));
        }
    }
    let mut root = Map::new();
    for (key, text) in [("apiVersion", "v1"), ("kind", kind)] {
        let place = maker.fixed();
        root.push(maker.entry(key, Node { style: Style::Plain, ..Node::string(text, place) }));
    }
    let place = maker.own();
    root.push(maker.entry("metadata", Node::map(metadata, place)));
    if is_secret {
        let value = match &args.secret_type {
            Some(text) => maker.text(text),
            None => {
                let place = maker.fixed();
                Node::string("Opaque", place)
            }
        };
        root.push(maker.entry("type", value));
    }
    let (mut data, mut binary) = (Map::new(), Map::new());
    for pair in pairs {
        let key = Key::new(pair.key.clone(), maker.place(pair.key_place));
        let mut place = maker.place(pair.place);
        let (text, into) = match std::str::from_utf8(&pair.value) {
            Ok(text) if !is_secret => (SmolStr::new(text), &mut data),
            _ => {
                let step = Origin::new(place.at, Step::Computed(BASE64)).from(place.origin);
                place.origin = maker.cx.origins.add(step);
                (base64_lines(&pair.value).into(), if is_secret { &mut data } else { &mut binary })
            }
        };
        if is_secret && let Some(file) = maker.cx.file_of(pair.place) {
            file.mark_secret(pair.place.at);
        }
        into.push(Entry { key, value: Node::string(text, place) });
    }
    for (field, map) in [("data", data), ("binaryData", binary)] {
        // A Secret has data even when there is none.
        if !map.is_empty() || (is_secret && field == "data") {
            let place = maker.own();
            root.push(maker.entry(field, Node::map(map, place)));
        }
    }
    if let Some(at) = options.immutable {
        let place = maker.place(at);
        root.push(maker.entry("immutable", Node::bool(true, place)));
    }
    let mut resource = Resource::new(Node::map(root, args.place), &mut cx.schemas);
    resource.generated = Some(args.place);
    resource.memory.needs_hash = !options.disable_name_suffix_hash;
    resource.memory.behavior = Some(Behavior::parse(&args.behavior));
    Ok(resource)
}

/// Base64 as kyaml writes it: in lines of seventy, where one is not enough.
fn base64_lines(bytes: &[u8]) -> String {
    const WIDTH: usize = 70;
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    if encoded.len() <= WIDTH {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / WIDTH + 1);
    for (index, char) in encoded.chars().enumerate() {
        if index > 0 && index % WIDTH == 0 {
            lines.push('\n');
        }
        lines.push(char);
    }
    lines.push('\n');
    lines
}

/// Something that cannot be made on this machine.
pub(super) fn unavailable(place: Place, message: String) -> Box<Failure> {
    Failure::at(place, message).kind(ProblemKind::Unavailable)
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        let table = include_str!("../../../fixtures/kustomize/generators.yaml");
        crate::kustomize::filters::testing::check(table);
    }
}
