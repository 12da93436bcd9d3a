//! A typed view of a Kustomization (`kustomize.toolkit.fluxcd.io`).
//!
//! Mirrors `api/v1/kustomization_types.go` of kustomize-controller. Decoding never fails: a field of the wrong type is
//! absent here and reported by the rules that check the schema.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::Node;

use super::reference::{Head, ObjectName, Text, flag, text, texts};

/// A Kustomization.
#[derive(Debug, Clone)]
pub struct Kustomization {
    /// `metadata.name`; empty when absent.
    pub name: SmolStr,
    /// `metadata.namespace`; empty when absent.
    pub namespace: SmolStr,
    /// Where the name is written, else the whole object.
    pub place: Place,
    /// `spec.sourceRef`.
    pub source: Option<ObjectName>,
    /// `spec.path`.
    pub path: Option<Text>,
    /// `spec.targetNamespace`.
    pub target_namespace: Option<Text>,
    /// `spec.dependsOn`.
    pub depends_on: Vec<ObjectName>,
    /// `spec.components`.
    pub components: Vec<Text>,
    /// `spec.postBuild.substitute`.
    pub substitute: Vec<(Text, Text)>,
    /// `spec.postBuild.substituteFrom`, with whether the object may be missing.
    pub substitute_from: Vec<(ObjectName, bool)>,
    /// `spec.suspend`.
    pub suspended: bool,
    /// Whether `spec.kubeConfig` sends the objects to another cluster.
    pub remote: bool,
    /// The whole object.
    pub node: Arc<Node>,
}

impl Kustomization {
    /// Decodes a Kustomization. The node is canonical.
    pub fn new(node: Arc<Node>) -> Self {
        let Head { name, namespace, place, depends_on, suspended, remote } = Head::of(&node, "Kustomization");
        let spec = node.get("spec");
        let at = |key: &str| spec.and_then(|spec| spec.get(key));
        let own = |key: &str| spec.and_then(|spec| text(spec, key));
        let build = at("postBuild");
        let pairs = build.and_then(|build| build.get("substitute")).map(Node::entries).unwrap_or_default();
        let pair = |entry: &crate::yaml::Entry| {
            let value = SmolStr::new(entry.value.scalar_text()?);
            let key = Text::new(entry.key.text.clone(), entry.key.place());
            Some((key, Text::new(value, entry.value.place())))
        };
        let from = build.map(|build| build.items(&["substituteFrom"])).unwrap_or_default();
        Self {
            source: at("sourceRef").and_then(|block| ObjectName::read(block, "GitRepository", &namespace)),
            path: own("path"),
            target_namespace: own("targetNamespace"),
            depends_on,
            components: texts(at("components")),
            substitute: pairs.iter().filter_map(pair).collect(),
            substitute_from: from
                .iter()
                .filter_map(|item| {
                    // Only the Kustomization's own namespace is looked in.
                    let object = ObjectName::read(item, "", &namespace)?;
                    Some((
                        ObjectName { namespace: namespace.clone(), ..object },
                        flag(Some(item), "optional"),
                    ))
                })
                .collect(),
            suspended,
            remote,
            name,
            namespace,
            place,
            node,
        }
    }

    /// `spec.path` below the root of its source, without `./`.
    pub fn path(&self) -> &str {
        self.path.as_ref().map_or("", |path| path.value.as_str())
    }

    /// The objects that rendering it asks for.
    pub fn needs(&self) -> Vec<ObjectName> {
        self.source.iter().chain(self.substitute_from.iter().map(|(object, _)| object)).cloned().collect()
    }

    /// Whether variables are substituted even though there are none.
    pub fn always_substitutes(&self) -> bool {
        let strategy = self.node.at_path(&["spec", "postBuild", "substituteStrategy"]);
        strategy.and_then(Node::as_str) == Some("Always")
    }
}
