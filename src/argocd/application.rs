//! A typed view of an Application, with the place of every value that a render or a rule speaks of.
//!
//! Mirrors `pkg/apis/application/v1alpha1/types.go`. Decoding never fails: a field of the wrong type is absent
//! here and reported by the rules that check the schema.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::{Place, Placed};
use crate::yaml::{Data, Entry, Node};

/// Text with its place.
pub type Text = Placed<SmolStr>;

/// `https://kubernetes.default.svc`, the cluster that Argo CD runs in.
pub const IN_CLUSTER: &str = "https://kubernetes.default.svc";

/// An Argo CD Application.
#[derive(Debug, Clone)]
pub struct Application {
    /// `metadata.name`; empty when absent.
    pub name: SmolStr,
    /// `metadata.namespace`; empty when absent.
    pub namespace: SmolStr,
    /// Where the name is written, else the whole object.
    pub place: Place,
    /// `spec.project`.
    pub project: Option<Text>,
    /// `spec.sources`, or `spec.source` alone, or the dry source of `spec.sourceHydrator`.
    pub sources: Vec<Source>,
    /// Whether `spec.sources` decides: `$ref` value files work only then.
    pub multi: bool,
    /// `spec.destination`.
    pub destination: Destination,
    /// `spec.syncPolicy.syncOptions`.
    pub sync_options: Vec<Text>,
    /// `spec.syncPolicy.automated`, when present and not disabled.
    pub automated: Option<Automated>,
    /// The whole object.
    pub node: Arc<Node>,
}

/// `spec.syncPolicy.automated`.
#[derive(Debug, Clone)]
pub struct Automated {
    /// `prune`.
    pub prune: bool,
    /// `selfHeal`.
    pub self_heal: bool,
    /// `allowEmpty`.
    pub allow_empty: bool,
    /// Where the block is written.
    pub place: Place,
}

/// `spec.destination`.
#[derive(Debug, Clone, Default)]
pub struct Destination {
    /// `server`.
    pub server: Option<Text>,
    /// `name`.
    pub name: Option<Text>,
    /// `namespace`.
    pub namespace: Option<Text>,
}

impl Destination {
    /// The namespace, or the empty string.
    pub fn namespace(&self) -> &str {
        self.namespace.as_ref().map_or("", |text| &text.value)
    }

    /// What identifies the cluster: the server without a trailing slash, else the cluster's name. The names of
    /// the cluster that Argo CD runs in are one.
    pub fn cluster(&self) -> SmolStr {
        let server = self.server.as_ref().map(|text| text.value.trim_end_matches('/'));
        match (server, &self.name) {
            (Some(server), _) if !server.is_empty() => SmolStr::new(server),
            (_, Some(name)) if name.value == "in-cluster" => SmolStr::new(IN_CLUSTER),
            (_, Some(name)) => name.value.clone(),
            _ => SmolStr::default(),
        }
    }
}

/// One source of an Application.
#[derive(Debug, Clone)]
pub struct Source {
    /// The whole block.
    pub place: Place,
    /// `repoURL`.
    pub repo_url: Option<Text>,
    /// `targetRevision`.
    pub target_revision: Option<Text>,
    /// `path`.
    pub path: Option<Text>,
    /// `chart`.
    pub chart: Option<Text>,
    /// `ref`.
    pub ref_name: Option<Text>,
    /// The block as a node: `helm`, `kustomize`, `directory` and `plugin` are read from it when the source is
    /// rendered, after `.argocd-source.yaml` had its say.
    pub node: Arc<Node>,
}

impl Source {
    /// Decodes a source block.
    pub fn new(node: Arc<Node>) -> Self {
        Self {
            place: node.place(),
            repo_url: text(&node, "repoURL"),
            target_revision: text(&node, "targetRevision"),
            path: text(&node, "path"),
            chart: text(&node, "chart").filter(|chart| !chart.value.is_empty()),
            ref_name: text(&node, "ref").filter(|name| !name.value.is_empty()),
            node,
        }
    }

    /// `repoURL`, or the empty string.
    pub fn repo_url(&self) -> &str {
        self.repo_url.as_ref().map_or("", |text| &text.value)
    }

    /// `targetRevision`, or the empty string.
    pub fn target_revision(&self) -> &str {
        self.target_revision.as_ref().map_or("", |text| &text.value)
    }

    /// `path`, or the empty string.
    pub fn path(&self) -> &str {
        self.path.as_ref().map_or("", |text| &text.value)
    }

    /// An OCI artifact: `repoURL` begins with `oci://`. Wins over `chart`.
    pub fn is_oci(&self) -> bool {
        self.repo_url().starts_with("oci://")
    }

    /// A chart of a Helm repository.
    pub fn is_helm_chart(&self) -> bool {
        self.chart.is_some() && !self.is_oci()
    }

    /// Provides value files only: a `ref` without anything to render.
    pub fn is_ref_only(&self) -> bool {
        self.path().is_empty() && self.chart.is_none() && !self.is_oci()
    }
}

impl Application {
    /// Decodes an Application. The node is canonical.
    pub fn new(node: Arc<Node>) -> Self {
        let spec = node.get("spec");
        let metadata = node.get("metadata");
        let name = metadata.and_then(|metadata| text(metadata, "name"));
        let list = spec.map(|spec| spec.items(&["sources"])).unwrap_or_default();
        let (sources, multi) =
            if let Some(dry) = spec.and_then(|spec| spec.at_path(&["sourceHydrator", "drySource"])) {
                (vec![Source::new(Arc::new(dry.clone()))], false)
            } else if list.is_empty() {
                let source = spec.and_then(|spec| spec.get("source"));
                (source.map(|source| Source::new(Arc::new(source.clone()))).into_iter().collect(), false)
            } else {
                (list.iter().map(|source| Source::new(Arc::new(source.clone()))).collect(), true)
            };
        let destination = spec.and_then(|spec| spec.get("destination"));
        let destination_text = |key| destination.and_then(|destination| text(destination, key));
        let policy = spec.and_then(|spec| spec.get("syncPolicy"));
        let flag = |node: &Node, key| node.get(key).and_then(Node::as_bool);
        let automated = policy
            .and_then(|policy| policy.get("automated"))
            .filter(|automated| automated.as_map().is_some() && flag(automated, "enabled") != Some(false))
            .map(|automated| Automated {
                prune: flag(automated, "prune").unwrap_or(false),
                self_heal: flag(automated, "selfHeal").unwrap_or(false),
                allow_empty: flag(automated, "allowEmpty").unwrap_or(false),
                place: automated.place(),
            });
        let options = policy.map(|policy| policy.items(&["syncOptions"])).unwrap_or_default();
        Self {
            place: name.as_ref().map_or_else(|| node.place(), |name| name.place),
            name: name.map(|name| name.value).unwrap_or_default(),
            namespace: metadata
                .and_then(|metadata| text(metadata, "namespace"))
                .map(|it| it.value)
                .unwrap_or_default(),
            project: spec.and_then(|spec| text(spec, "project")),
            sources,
            multi,
            destination: Destination {
                server: destination_text("server"),
                name: destination_text("name"),
                namespace: destination_text("namespace"),
            },
            sync_options: options
                .iter()
                .filter_map(|option| Some(Placed::new(SmolStr::new(option.as_str()?), option.place())))
                .collect(),
            automated,
            node,
        }
    }

    /// Takes away the blocks of tools that say nothing, as the controller does before anything is rendered
    /// (`NormalizeApplicationSpec` of `util/argo/argo.go`): they choose no tool.
    pub fn normalize(&mut self) {
        for source in &mut self.sources {
            let is_idle = |entry: &Entry| {
                matches!(entry.key.text.as_str(), "kustomize" | "helm" | "directory")
                    && is_zero(&entry.value, 0)
            };
            if source.node.entries().iter().any(is_idle) {
                let mut node = source.node.as_ref().clone();
                if let Some(map) = node.as_map_mut() {
                    map.retain(|entry| !is_idle(entry));
                }
                *source = Source::new(Arc::new(node));
            }
        }
    }

    /// Whether `spec.syncPolicy.syncOptions` has this option, compared exactly as Argo CD does.
    pub fn has_sync_option(&self, option: &str) -> bool {
        self.sync_options.iter().any(|known| known.value == option)
    }
}

/// Go's zero values, and what holds nothing else.
fn is_zero(node: &Node, depth: u32) -> bool {
    if depth > 20 {
        return false;
    }
    match &node.data {
        Data::Seq(items) => items.is_empty(),
        Data::Map(map) => map.iter().all(|entry| is_zero(&entry.value, depth + 1)),
        Data::Scalar(text) => text.is_empty() || node.is_null() || node.as_bool() == Some(false),
    }
}

/// The text of a key, when it is a string.
pub(super) fn text(node: &Node, key: &str) -> Option<Text> {
    let value = node.get(key)?;
    Some(Placed::new(SmolStr::new(value.as_str()?), value.place()))
}
