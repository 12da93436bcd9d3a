//! Kustomization files: finding, decoding, checking.
//!
//! Mirrors `api/types/kustomization.go` and `LoadKustFile` of `api/internal/target/kusttarget.go`.

mod generators;
mod parts;
pub(super) mod schema;

use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::{Place, Placed};
use crate::source::SourceFile;
use crate::yaml::{Dialect, Document, Node, Stream};

pub use generators::{GeneratorArgs, GeneratorOptions, HelmChart};
pub use parts::{
    FieldOptions, Image, Label, Pairs, Patch, Replacement, Replica, Selector, SortOptions, SourceSelector,
    TargetSelector, Text, Var,
};
pub(super) use parts::{field_spec, text, texts};

use super::failure::{Failure, Result};
use super::go_json::{self, get};

/// The names that a kustomization file may have.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const API_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_API_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";
const KIND: &str = "Kustomization";
pub(super) const COMPONENT: &str = "Component";

/// A kustomization file, decoded. Deprecated fields are folded into the ones that replaced them, in kustomize's order.
#[derive(Debug, Clone)]
pub struct Kustomization {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The whole file, canonical.
    pub node: Node,
    /// `Kustomization` or `Component`.
    pub kind: SmolStr,
    /// Deprecated fields that are used.
    pub deprecated: Vec<(&'static str, Place)>,
    /// `openapi`
    pub openapi: Option<Pairs>,
    /// `namePrefix`
    pub name_prefix: Option<Text>,
    /// `nameSuffix`
    pub name_suffix: Option<Text>,
    /// `namespace`
    pub namespace: Option<Text>,
    /// `commonLabels`
    pub common_labels: Option<Pairs>,
    /// `labels`
    pub labels: Vec<Label>,
    /// `commonAnnotations`
    pub common_annotations: Option<Pairs>,
    /// `patchesStrategicMerge`: paths or patches.
    pub patches_strategic_merge: Vec<Node>,
    /// `patchesJson6902`
    pub patches_json6902: Vec<Patch>,
    /// `patches`
    pub patches: Vec<Patch>,
    /// `images`, then `imageTags`
    pub images: Vec<Image>,
    /// `replacements`
    pub replacements: Vec<Replacement>,
    /// `replicas`
    pub replicas: Vec<Replica>,
    /// `vars`
    pub vars: Vec<Var>,
    /// `sortOptions`
    pub sort_options: Option<SortOptions>,
    /// `resources`, then `bases`
    pub resources: Vec<Text>,
    /// `components`
    pub components: Vec<Text>,
    /// `crds`
    pub crds: Vec<Text>,
    /// `configMapGenerator`
    pub config_map_generator: Vec<GeneratorArgs>,
    /// `secretGenerator`
    pub secret_generator: Vec<GeneratorArgs>,
    /// `helmGlobals.chartHome`
    pub chart_home: Option<Text>,
    /// `helmCharts`, then `helmChartInflationGenerator`
    pub helm_charts: Vec<HelmChart>,
    /// `generatorOptions`
    pub generator_options: Option<GeneratorOptions>,
    /// `configurations`
    pub configurations: Vec<Text>,
    /// `generators`: paths or configurations.
    pub generators: Vec<Node>,
    /// `transformers`: paths or configurations.
    pub transformers: Vec<Node>,
    /// `validators`: paths or configurations.
    pub validators: Vec<Node>,
    /// `buildMetadata`
    pub build_metadata: Vec<SmolStr>,
}

impl Kustomization {
    /// Reads a file as the tools do: its first document, turned into JSON. The message of a failure is what
    /// kustomize prints before it knows which directory the file is in.
    pub fn decode(stream: &Stream) -> std::result::Result<Self, Placed<String>> {
        let document = stream.documents.first();
        let node = Self::read_root(document, &stream.file)?;
        Self::from_node(node, Arc::clone(&stream.file))
    }

    /// The first document, canonical; null for an empty file.
    pub(super) fn read_root(
        document: Option<&Document>,
        file: &SourceFile,
    ) -> std::result::Result<Node, Placed<String>> {
        let refuse = |problem: &crate::yaml::YamlProblem| {
            let message = format!("invalid Kustomization: {}", problem.go_message(Dialect::Sigs));
            Placed::new(message, Place::written(problem.at))
        };
        if let Some(problem) = document.and_then(|document| document.error.as_deref()) {
            return Err(refuse(problem));
        }
        let whole = Place::written(file.span());
        let mut node =
            document.and_then(|document| document.root.clone()).unwrap_or_else(|| Node::plain("null", whole));
        node.canonicalize(Dialect::Sigs).map_err(|problem| refuse(&problem))?;
        Ok(node)
    }

    /// Decodes a canonical tree: a file's, or one that a controller made in memory from it.
    pub fn from_node(node: Node, file: Arc<SourceFile>) -> std::result::Result<Self, Placed<String>> {
        go_json::check(&node, &schema::KUSTOMIZATION).map_err(|misfit| {
            Placed::new(format!("invalid Kustomization: {}", misfit.message), misfit.place)
        })?;
        let mut this = Self::of(node, file);
        if this.is_empty() {
            return Err(Placed::new("kustomization.yaml is empty".to_owned(), this.node.place()));
        }
        if this.kind.is_empty() {
            this.kind = KIND.into();
        }
        Ok(this)
    }

    fn of(node: Node, file: Arc<SourceFile>) -> Self {
        fn list<T>(node: &Node, key: &str, read: impl Fn(&Node) -> T) -> Vec<T> {
            get(node, key).map(Node::seq_or_empty).unwrap_or_default().iter().map(read).collect()
        }
        let deprecated =
            ["bases", "commonLabels", "imageTags", "patchesJson6902", "patchesStrategicMerge", "vars"];
        let used = |key: &'static str| {
            let entry = node.entries().iter().find(|entry| entry.key.text.eq_ignore_ascii_case(key))?;
            (!entry.value.is_null()).then(|| (key, entry.key.place()))
        };
        let mut resources = texts(&node, "resources");
        resources.extend(texts(&node, "bases"));
        let mut images = list(&node, "images", Image::read);
        images.extend(list(&node, "imageTags", Image::read));
        let mut helm_charts = list(&node, "helmCharts", HelmChart::read);
        helm_charts.extend(list(&node, "helmChartInflationGenerator", HelmChart::read_args));
        let old_charts =
            get(&node, "helmChartInflationGenerator").map(Node::seq_or_empty).unwrap_or_default();
        let chart_home = match get(&node, "helmGlobals") {
            Some(globals) => text(globals, "chartHome"),
            // The last one wins.
            None => old_charts.iter().filter_map(|chart| text(chart, "chartHome")).next_back(),
        };
        let build_metadata = texts(&node, "buildMetadata").into_iter().map(|text| text.value).collect();
        Self {
            kind: text(&node, "kind").map(|text| text.value).unwrap_or_default(),
            deprecated: deprecated.into_iter().filter_map(used).collect(),
            openapi: get(&node, "openapi").map(Pairs::read),
            name_prefix: text(&node, "namePrefix"),
            name_suffix: text(&node, "nameSuffix"),
            namespace: text(&node, "namespace"),
            common_labels: get(&node, "commonLabels").map(Pairs::read),
            labels: list(&node, "labels", Label::read),
            common_annotations: get(&node, "commonAnnotations").map(Pairs::read),
            patches_strategic_merge: list(&node, "patchesStrategicMerge", Node::clone),
            patches_json6902: list(&node, "patchesJson6902", Patch::read),
            patches: list(&node, "patches", Patch::read),
            images,
            replacements: list(&node, "replacements", Replacement::read),
            replicas: list(&node, "replicas", Replica::read),
            vars: list(&node, "vars", Var::read),
            sort_options: get(&node, "sortOptions").map(SortOptions::read),
            resources,
            components: texts(&node, "components"),
            crds: texts(&node, "crds"),
            config_map_generator: list(&node, "configMapGenerator", GeneratorArgs::read),
            secret_generator: list(&node, "secretGenerator", GeneratorArgs::read),
            chart_home,
            helm_charts,
            generator_options: get(&node, "generatorOptions").map(GeneratorOptions::read),
            configurations: texts(&node, "configurations"),
            generators: list(&node, "generators", Node::clone),
            transformers: list(&node, "transformers", Node::clone),
            validators: list(&node, "validators", Node::clone),
            build_metadata,
            node,
            file,
        }
    }

    /// Whether nothing but kind and version is set. An empty list is something.
    fn is_empty(&self) -> bool {
        self.node.entries().iter().all(|entry| {
            let key = &entry.key.text;
            let type_meta = key.eq_ignore_ascii_case("kind") || key.eq_ignore_ascii_case("apiVersion");
            let empty_text = entry.value.as_str() == Some("");
            // Lists that are moved elsewhere leave nothing behind when they are empty.
            let moved = ["bases", "imageTags", "helmChartInflationGenerator"]
                .iter()
                .any(|field| key.eq_ignore_ascii_case(field));
            let empty_list = moved && entry.value.as_seq().is_some_and(<[Node]>::is_empty);
            type_meta || entry.value.is_null() || empty_text || empty_list
        })
    }

    /// Whether kind and version are what they should be, in kustomize's words. `root` is the directory.
    pub(super) fn enforce_fields(&self, root: &str) -> Result<()> {
        let mut errors = Vec::new();
        let mut place = self.node.place();
        if self.kind != KIND && self.kind != COMPONENT {
            errors.push("kind should be Kustomization or Component".to_owned());
            place = get(&self.node, "kind").map_or(place, Node::place);
        }
        let wanted = if self.kind == COMPONENT { COMPONENT_API_VERSION } else { API_VERSION };
        if let Some(version) = text(&self.node, "apiVersion").filter(|version| version.value != wanted) {
            errors.push(format!("apiVersion for {} should be {wanted}", self.kind));
            if errors.len() == 1 {
                place = version.place;
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        let message = format!("Failed to read kustomization file under {root}:\n{}", errors.join("\n"));
        Err(Failure::at(place, message))
    }

    /// Whether this is a component.
    pub fn is_component(&self) -> bool {
        self.kind == COMPONENT
    }

    /// A value of `openapi`.
    pub(super) fn openapi_value(&self, key: &str) -> Option<&Text> {
        self.openapi.as_ref()?.get(key)
    }
}
