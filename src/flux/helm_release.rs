//! A typed view of a HelmRelease (`helm.toolkit.fluxcd.io`).
//!
//! Mirrors `api/v2/helmrelease_types.go` and `internal/release/name.go` of helm-controller. Decoding never fails.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use smol_str::{SmolStr, format_smolstr};

use crate::origin::Place;
use crate::yaml::Node;

use super::reference::{Head, ObjectName, Text, flag, text, texts};

/// A HelmRelease.
#[derive(Debug, Clone)]
pub struct HelmRelease {
    /// `metadata.name`; empty when absent.
    pub name: SmolStr,
    /// `metadata.namespace`; empty when absent.
    pub namespace: SmolStr,
    /// Where the name is written, else the whole object.
    pub place: Place,
    /// `spec.chart.spec`.
    pub chart: Option<ChartTemplate>,
    /// `spec.chartRef`.
    pub chart_ref: Option<ObjectName>,
    /// `spec.releaseName`.
    pub release_name: Option<Text>,
    /// `spec.targetNamespace`.
    pub target_namespace: Option<Text>,
    /// `spec.storageNamespace`.
    pub storage_namespace: Option<Text>,
    /// `spec.dependsOn`.
    pub depends_on: Vec<ObjectName>,
    /// `spec.valuesFrom`.
    pub values_from: Vec<ValuesReference>,
    /// `spec.suspend`.
    pub suspended: bool,
    /// Whether `spec.kubeConfig` sends the objects to another cluster.
    pub remote: bool,
    /// The whole object.
    pub node: Arc<Node>,
}

/// `spec.chart.spec` of a HelmRelease, or `spec` of a HelmChart: both say which chart of which source.
#[derive(Debug, Clone)]
pub struct ChartTemplate {
    /// `chart`: its name, or its path in a Git repository or bucket.
    pub chart: Text,
    /// `version`.
    pub version: Option<Text>,
    /// `sourceRef`.
    pub source: Option<ObjectName>,
    /// `valuesFiles`, relative to the source for charts in Git, else to the chart.
    pub values_files: Vec<Text>,
    /// `ignoreMissingValuesFiles`.
    pub ignore_missing: bool,
}

/// An entry of `spec.valuesFrom`.
#[derive(Debug, Clone)]
pub struct ValuesReference {
    /// The ConfigMap or Secret.
    pub object: ObjectName,
    /// `valuesKey`, `values.yaml` unless written.
    pub key: SmolStr,
    /// `targetPath`.
    pub target_path: Option<Text>,
    /// `optional`.
    pub optional: bool,
    /// `literal`.
    pub literal: bool,
}

impl ChartTemplate {
    /// Reads the block. `namespace` is that of the object that holds it.
    pub fn read(spec: &Node, namespace: &str) -> Option<Self> {
        let values_file = text(spec, "valuesFile");
        Some(Self {
            chart: text(spec, "chart")?,
            version: text(spec, "version"),
            source: spec
                .get("sourceRef")
                .and_then(|block| ObjectName::read(block, "HelmRepository", namespace)),
            values_files: values_file.into_iter().chain(texts(spec.get("valuesFiles"))).collect(),
            ignore_missing: flag(Some(spec), "ignoreMissingValuesFiles"),
        })
    }
}

impl HelmRelease {
    /// Decodes a HelmRelease. The node is canonical.
    pub fn new(node: Arc<Node>) -> Self {
        let Head { name, namespace, place, depends_on, suspended, remote } = Head::of(&node, "HelmRelease");
        let spec = node.get("spec");
        let at = |key: &str| spec.and_then(|spec| spec.get(key));
        let own = |key: &str| spec.and_then(|spec| text(spec, key));
        let from = at("valuesFrom").map(Node::seq_or_empty).unwrap_or_default();
        let values_reference = |item: &Node| {
            let object = ObjectName::read(item, "", &namespace)?;
            Some(ValuesReference {
                object: ObjectName { namespace: namespace.clone(), ..object },
                key: text(item, "valuesKey").map_or(SmolStr::new_static("values.yaml"), |key| key.value),
                target_path: text(item, "targetPath"),
                optional: flag(Some(item), "optional"),
                literal: flag(Some(item), "literal"),
            })
        };
        Self {
            chart: at("chart")
                .and_then(|chart| chart.get("spec"))
                .and_then(|spec| ChartTemplate::read(spec, &namespace)),
            chart_ref: at("chartRef").and_then(|block| ObjectName::read(block, "OCIRepository", &namespace)),
            release_name: own("releaseName"),
            target_namespace: own("targetNamespace"),
            storage_namespace: own("storageNamespace"),
            depends_on,
            values_from: from.iter().filter_map(values_reference).collect(),
            suspended,
            remote,
            name,
            namespace,
            place,
            node,
        }
    }

    /// The namespace that the chart is installed in (`GetReleaseNamespace`).
    pub fn release_namespace(&self) -> &SmolStr {
        self.target_namespace.as_ref().map_or(&self.namespace, |text| &text.value)
    }

    /// The name that the chart is installed under (`GetReleaseName`, `ShortenName`).
    pub fn release_name(&self) -> Text {
        let (name, place) = match (&self.release_name, &self.target_namespace) {
            (Some(name), _) => (name.value.clone(), name.place),
            (None, Some(namespace)) => (format_smolstr!("{}-{}", namespace.value, self.name), self.place),
            (None, None) => (self.name.clone(), self.place),
        };
        Text::new(shortened(&name), place)
    }

    /// The chart and its version, for people.
    pub fn chart_words(&self) -> (String, Option<SmolStr>) {
        match (&self.chart, &self.chart_ref) {
            (Some(chart), _) => {
                let source = chart.source.as_ref().map_or("", |source| source.name.as_str());
                let version = chart.version.as_ref().map(|version| version.value.clone());
                (format!("{} ({source})", chart.chart.value), version)
            }
            (None, Some(source)) => (format!("{}/{}", source.kind, source.name), None),
            (None, None) => (String::new(), None),
        }
    }

    /// The objects that rendering it asks for.
    pub fn needs(&self) -> Vec<ObjectName> {
        let sources = self.chart.iter().filter_map(|chart| chart.source.clone());
        let values = self.values_from.iter().map(|reference| reference.object.clone());
        sources.chain(self.chart_ref.clone()).chain(values).collect()
    }
}

/// Longest name of a release, and how much is kept of a longer one.
const MAX_NAME: usize = 53;
const KEPT: usize = 40;

fn shortened(name: &str) -> SmolStr {
    if name.len() <= MAX_NAME {
        return SmolStr::new(name);
    }
    let digest = Sha256::digest(name.as_bytes());
    let mut hash = String::new();
    for byte in digest.iter().take(6) {
        let _ = write!(hash, "{byte:02x}");
    }
    let kept: String = name.chars().take(KEPT).collect();
    format_smolstr!("{kept}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse};

    #[test]
    fn names_releases_like_flux() {
        let long = "x".repeat(60);
        let hashed = format!("{}-{}", "x".repeat(40), "42f2d9733566");
        for (metadata, spec, want) in [
            ("{name: shop, namespace: web}", "{}".to_owned(), "shop"),
            ("{name: shop, namespace: web}", "{targetNamespace: prod}".to_owned(), "prod-shop"),
            ("{name: shop}", "{targetNamespace: prod, releaseName: x}".to_owned(), "x"),
            ("{name: shop}", format!("{{releaseName: {long}}}"), hashed.as_str()),
        ] {
            let text = format!("metadata: {metadata}\nspec: {spec}\n");
            let mut root = parse(&Sources::new().add("a", text.into())).documents.remove(0).root.unwrap();
            root.canonicalize(Dialect::Sigs).unwrap();
            let release = HelmRelease::new(Arc::new(root));
            assert_eq!(release.release_name().value, want);
        }
    }
}
