//! The entries of generators: `configMapGenerator`, `secretGenerator`, `helmCharts`.

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::Node;

use super::super::go_json::get;
use super::parts::{Pairs, Text, flag, plain, text, texts};

/// `generatorOptions`, or `options` of one generator.
#[derive(Debug, Clone, Default)]
pub struct GeneratorOptions {
    /// Labels of what is generated.
    pub labels: Pairs,
    /// Annotations of what is generated.
    pub annotations: Pairs,
    /// Whether names get no hash.
    pub disable_name_suffix_hash: bool,
    /// Whether what is generated cannot be changed; where that is written.
    pub immutable: Option<Place>,
}

impl GeneratorOptions {
    pub(super) fn read(node: &Node) -> Self {
        Self {
            labels: Pairs::of(node, "labels").unwrap_or_default(),
            annotations: Pairs::of(node, "annotations").unwrap_or_default(),
            disable_name_suffix_hash: flag(node, "disableNameSuffixHash"),
            immutable: get(node, "immutable").filter(|node| node.as_bool() == Some(true)).map(Node::place),
        }
    }

    /// These options with what the kustomization says for all generators: own labels and annotations win, but a
    /// switch that is on for all cannot be turned off.
    pub(in super::super) fn merged(local: Option<&Self>, global: Option<&Self>) -> Self {
        let mut merged = local.cloned().unwrap_or_default();
        let Some(global) = global else { return merged };
        for (own, all) in
            [(&mut merged.labels, &global.labels), (&mut merged.annotations, &global.annotations)]
        {
            let missing = all.0.iter().filter(|(key, _)| own.get(&key.value).is_none()).cloned();
            let missing: Vec<_> = missing.collect();
            own.0.extend(missing);
            own.0.sort_by(|a, b| a.0.value.cmp(&b.0.value));
        }
        merged.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        merged.immutable = merged.immutable.or(global.immutable);
        merged
    }
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone)]
pub struct GeneratorArgs {
    /// The entry.
    pub place: Place,
    /// Name of what is generated.
    pub name: Option<Text>,
    /// Its namespace.
    pub namespace: Option<Text>,
    /// `create`, `merge` or `replace`.
    pub behavior: SmolStr,
    /// `key=value`
    pub literals: Vec<Text>,
    /// `path` or `key=path`
    pub files: Vec<Text>,
    /// Files of `key=value` lines.
    pub envs: Vec<Text>,
    /// Options of this generator.
    pub options: Option<GeneratorOptions>,
    /// Of a Secret: its type.
    pub secret_type: Option<Text>,
}

impl GeneratorArgs {
    pub(in super::super) fn read(node: &Node) -> Self {
        let mut envs = texts(node, "envs");
        envs.extend(text(node, "env"));
        Self {
            place: node.place(),
            name: text(node, "name"),
            namespace: text(node, "namespace"),
            behavior: plain(node, "behavior"),
            literals: texts(node, "literals"),
            files: texts(node, "files"),
            envs,
            options: get(node, "options").map(GeneratorOptions::read),
            secret_type: text(node, "type"),
        }
    }
}

/// An entry of `helmCharts`.
#[derive(Debug, Clone)]
pub struct HelmChart {
    /// The entry, for what is not listed here.
    pub node: Node,
    /// The chart.
    pub name: SmolStr,
    /// Its version.
    pub version: SmolStr,
    /// The repository it comes from.
    pub repo: SmolStr,
    /// The release.
    pub release_name: SmolStr,
    /// The release's namespace.
    pub namespace: SmolStr,
    /// Values instead of the chart's own.
    pub values_file: Option<Text>,
    /// More values files.
    pub additional_values_files: Vec<Text>,
    /// Values written in the kustomization.
    pub values_inline: Option<Node>,
    /// `override`, `merge` or `replace`.
    pub values_merge: SmolStr,
    /// Whether CustomResourceDefinitions are rendered.
    pub include_crds: bool,
    /// Whether hooks are left out.
    pub skip_hooks: bool,
    /// Whether test hooks are left out.
    pub skip_tests: bool,
    /// What `.Capabilities.APIVersions` has in addition.
    pub api_versions: Vec<SmolStr>,
    /// `.Capabilities.KubeVersion`
    pub kube_version: SmolStr,
    /// A template for the release's name.
    pub name_template: SmolStr,
}

impl HelmChart {
    pub(in super::super) fn read(node: &Node) -> Self {
        Self {
            node: node.clone(),
            name: plain(node, "name"),
            version: plain(node, "version"),
            repo: plain(node, "repo"),
            release_name: plain(node, "releaseName"),
            namespace: plain(node, "namespace"),
            values_file: text(node, "valuesFile"),
            additional_values_files: texts(node, "additionalValuesFiles"),
            values_inline: get(node, "valuesInline").cloned(),
            values_merge: plain(node, "valuesMerge"),
            include_crds: flag(node, "includeCRDs"),
            skip_hooks: flag(node, "skipHooks"),
            skip_tests: flag(node, "skipTests"),
            api_versions: texts(node, "apiVersions").into_iter().map(|text| text.value).collect(),
            kube_version: plain(node, "kubeVersion"),
            name_template: plain(node, "nameTemplate"),
        }
    }

    /// An entry of the deprecated `helmChartInflationGenerator`.
    pub(super) fn read_args(node: &Node) -> Self {
        Self {
            name: plain(node, "chartName"),
            version: plain(node, "chartVersion"),
            repo: plain(node, "chartRepoUrl"),
            values_file: text(node, "values"),
            values_inline: get(node, "valuesLocal").cloned(),
            values_merge: plain(node, "valuesMerge"),
            release_name: plain(node, "releaseName"),
            ..Self::read(&Node::map(crate::yaml::Map::new(), node.place()))
        }
    }
}
