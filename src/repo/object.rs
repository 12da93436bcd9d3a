//! A rendered object, as rules see it.

use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

use crate::finding::ObjectRef;
use crate::origin::Place;
use crate::schema::{Definitions, Scope, Violation, scope};
use crate::yaml::Node;

use super::Workspace;

/// One object that would be applied.
#[derive(Debug, Clone)]
pub struct Object {
    /// The whole object, canonical.
    pub node: Node,
    /// API group; empty for core.
    pub group: SmolStr,
    /// API version without the group.
    pub version: SmolStr,
    /// Kind.
    pub kind: SmolStr,
    /// `metadata.name`; empty when only `generateName` is given.
    pub name: SmolStr,
    /// The namespace it ends up in: its own, else the app's; empty for cluster-scoped kinds.
    pub namespace: SmolStr,
    /// Whether it is merged into another one, so that what it lacks may be there.
    pub is_part: bool,
    /// The kinds that objects of the same render define.
    pub(super) definitions: Arc<Definitions>,
    /// What the schema of its kind refuses, once somebody asked.
    pub(super) violations: OnceLock<Vec<Violation>>,
}

impl Object {
    /// Reads the identity of a node; `None` when it has no kind.
    pub fn new(node: Node) -> Option<Self> {
        let kind = SmolStr::new(node.get("kind")?.as_str()?);
        let api_version = node.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let metadata = |key| node.at_path(&["metadata", key]).and_then(Node::as_str).map(SmolStr::new);
        Some(Self {
            group: group.into(),
            version: version.into(),
            name: metadata("name").unwrap_or_default(),
            namespace: metadata("namespace").unwrap_or_default(),
            kind,
            node,
            is_part: false,
            definitions: Arc::default(),
            violations: OnceLock::new(),
        })
    }

    /// The same of what is merged into another object.
    pub fn part(node: Node) -> Option<Self> {
        Some(Self { is_part: true, ..Self::new(node)? })
    }

    /// Gives the object the app's namespace when it is namespaced and has none, and takes away the namespace of a
    /// cluster-scoped one, as Argo CD does (`NormalizeTargetObjects`): kinds of unknown scope are namespaced.
    pub(super) fn settle(&mut self, namespace: &str, workspace: &Workspace) {
        if self.scope(workspace) == Some(Scope::Cluster) {
            self.namespace = SmolStr::default();
        } else if self.namespace.is_empty() {
            self.namespace = namespace.into();
        }
    }

    /// Where it lives, as far as its kind is defined anywhere here.
    pub fn scope(&self, workspace: &Workspace) -> Option<Scope> {
        let own = self.definitions.find(&self.group, &self.kind);
        scope(&self.group, &self.kind, own).or_else(|| workspace.scope_of(&self.group, &self.kind))
    }

    /// Whether this is an object of that group and kind, in any version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        self.node.at_path(path)
    }

    /// Where the object is: its name, else the whole.
    pub fn place(&self) -> Place {
        self.at(&["metadata", "name"]).map_or_else(|| self.node.place(), Node::place)
    }

    /// An annotation.
    pub fn annotation(&self, name: &str) -> Option<&Node> {
        self.at(&["metadata", "annotations"])?.get(name)
    }

    /// A label.
    pub fn label(&self, name: &str) -> Option<&Node> {
        self.at(&["metadata", "labels"])?.get(name)
    }

    /// Whether only `helm test` makes this object: Argo CD never does, Flux where a release asks for it.
    pub fn is_helm_test(&self) -> bool {
        let hooks = self.annotation("helm.sh/hook").and_then(Node::as_str).unwrap_or_default();
        !hooks.is_empty() && hooks.split(',').all(|hook| hook.trim().starts_with("test"))
    }

    /// The identity, for a finding.
    pub fn to_ref(&self, cluster: &str, field: Option<&str>) -> ObjectRef {
        ObjectRef {
            cluster: (!cluster.is_empty()).then(|| cluster.into()),
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            field: field.map(str::to_owned),
        }
    }
}
