//! The policies that a repository has for its cluster, and what they see beside the object: Namespaces and parameters.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use smol_str::SmolStr;

use crate::admission::{Decision, Policies, Share, Subject, Surroundings, is_policy, wanted_kinds};
use crate::cel::Budget;
use crate::k8s::selects;
use crate::schema::Scope;
use crate::source::FileId;
use crate::yaml::Node;

use super::key::hash_node;
use super::{Object, Scan, ScannedDocument, Workspace};

/// Policies among the files of the tree, read when the first object is decided about.
#[derive(Debug, Default)]
pub struct TreePolicies {
    policies: Vec<ScannedDocument>,
    namespaces: Vec<ScannedDocument>,
    /// What may be parameters, and what tells clusters apart.
    others: Vec<ScannedDocument>,
    loaded: OnceLock<Loaded>,
}

#[derive(Debug, Default)]
struct Loaded {
    policies: Policies,
    namespaces: Vec<Named>,
    parameters: Vec<Named>,
    one_cluster: bool,
    /// Files with policies that have variables in them, which are filled in where they are applied.
    open: BTreeSet<FileId>,
}

#[derive(Debug)]
struct Named {
    kind: SmolStr,
    namespace: SmolStr,
    name: SmolStr,
    node: Node,
}

impl TreePolicies {
    pub(super) fn of(scan: &Scan) -> Self {
        let is_policy = |it: &&ScannedDocument| is_policy(&it.group, &it.kind);
        let policies: Vec<ScannedDocument> = scan.documents.iter().filter(is_policy).cloned().collect();
        if policies.is_empty() {
            return Self::default();
        }
        let (namespaces, others) =
            scan.documents.iter().cloned().partition(|it| it.group.is_empty() && it.kind == "Namespace");
        Self { policies, namespaces, others, loaded: OnceLock::new() }
    }

    /// Puts into `hasher` all that decisions depend on beside the object.
    pub(super) fn mark(&self, workspace: &Workspace, hasher: &mut impl Hasher) {
        if self.policies.is_empty() {
            return;
        }
        for document in &self.policies {
            let file = workspace.tree.read(&document.path).map(|file| file.id());
            (&document.path, document.index, file).hash(hasher);
        }
        let loaded = self.loaded(workspace);
        loaded.one_cluster.hash(hasher);
        for it in loaded.namespaces.iter().chain(&loaded.parameters) {
            (&it.kind, &it.namespace, &it.name).hash(hasher);
            hash_node(&it.node, hasher);
        }
    }

    fn loaded(&self, workspace: &Workspace) -> &Loaded {
        self.loaded.get_or_init(|| {
            let nodes: Vec<Node> = self.policies.iter().filter_map(|it| it.node(workspace)).collect();
            let kinds: BTreeSet<SmolStr> = nodes.iter().flat_map(wanted_kinds).collect();
            let named = |it: &ScannedDocument| {
                Some(Named {
                    kind: it.kind.clone(),
                    namespace: it.namespace.clone(),
                    name: it.name.clone(),
                    node: it.node(workspace)?,
                })
            };
            Loaded {
                open: nodes
                    .iter()
                    .filter(|node| holds_variable(node))
                    .map(|node| node.place().at.file)
                    .collect(),
                policies: Policies::of(nodes),
                namespaces: self.namespaces.iter().filter_map(named).collect(),
                parameters: self
                    .others
                    .iter()
                    .filter(|it| kinds.contains(&it.kind))
                    .filter_map(named)
                    .collect(),
                one_cluster: self.is_one_cluster(workspace),
            }
        })
    }

    /// Whether nothing here speaks of a second cluster: then every policy is about every object.
    fn is_one_cluster(&self, workspace: &Workspace) -> bool {
        let mut clusters = BTreeSet::new();
        for document in &self.others {
            match (document.group.as_str(), document.kind.as_str()) {
                ("argoproj.io", "ApplicationSet") => return false,
                ("argoproj.io", "Application") => {
                    let Some(node) = document.node(workspace) else { return false };
                    let text = |key| node.at_path(&["spec", "destination", key]).and_then(Node::as_str);
                    clusters.insert(text("server").or(text("name")).unwrap_or_default().to_owned());
                }
                ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                    let Some(node) = document.node(workspace) else { return false };
                    if node.at_path(&["spec", "kubeConfig"]).is_some() {
                        return false;
                    }
                    // Each cluster has a root of its own.
                    if document.name == "flux-system" {
                        clusters.insert(document.path.as_str().to_owned());
                    }
                }
                _ => {}
            }
        }
        clusters.len() <= 1
    }

    /// Them, as they are written.
    pub(super) fn nodes(&self, workspace: &Workspace) -> Vec<Node> {
        self.policies.iter().filter_map(|it| it.node(workspace)).collect()
    }

    /// What files say of Namespaces and parameters, where there are policies.
    pub(super) fn surroundings(&self, workspace: &Workspace) -> Option<&dyn Surroundings> {
        (!self.policies.is_empty()).then(|| self.loaded(workspace) as &dyn Surroundings)
    }

    /// Whether nothing here speaks of a second cluster, as far as there are policies to ask for.
    pub fn of_one_cluster(&self, workspace: &Workspace) -> bool {
        !self.policies.is_empty() && self.loaded(workspace).one_cluster
    }

    /// How much of the policies is executed, and what is not.
    pub fn share(&self, workspace: &Workspace) -> Share {
        if self.policies.is_empty() {
            return Share::default();
        }
        self.loaded(workspace).policies.share()
    }

    /// Whether what a policy of this file asks for is known only where its variables are.
    pub fn is_open(&self, file: FileId) -> bool {
        self.loaded.get().is_some_and(|loaded| loaded.open.contains(&file))
    }

    /// What the policies say about an object, and whether they are surely those of its cluster. Expressions take from the pool.
    pub fn decide(
        &self,
        object: &Object,
        how: Request<'_>,
        workspace: &Workspace,
        pool: &Budget,
    ) -> (Vec<Decision>, bool) {
        if self.policies.is_empty() {
            return (Vec::new(), false);
        }
        let loaded = self.loaded(workspace);
        if loaded.policies.is_empty() {
            return (Vec::new(), false);
        }
        let subject = Subject {
            node: &object.node,
            group: &object.group,
            version: &object.version,
            kind: &object.kind,
            namespace: &object.namespace,
            name: &object.name,
            namespaced: object.scope(workspace) != Some(Scope::Cluster),
            old: if let Request::Update(old) = how { Some(&old.node) } else { None },
            removed: matches!(how, Request::Delete),
        };
        (loaded.policies.decide(&subject, loaded, pool), loaded.one_cluster)
    }
}

/// What becomes of an object that policies are asked about.
#[derive(Debug, Clone, Copy)]
pub enum Request<'a> {
    /// It is made.
    Create,
    /// It was this one before.
    Update(&'a Object),
    /// It goes.
    Delete,
}

/// Whether some text of a tree has a variable that was not filled in: `${DOMAIN}`.
pub fn holds_variable(node: &Node) -> bool {
    node.find_text(&|text| text.contains("${")).is_some()
}

impl Loaded {
    /// The one of that name; none where there are several.
    fn only<'n>(mut found: impl Iterator<Item = &'n Named>) -> Option<&'n Node> {
        let first = found.next()?;
        found.next().is_none().then_some(&first.node)
    }
}

impl Surroundings for Loaded {
    fn namespace(&self, name: &str) -> Option<&Node> {
        Self::only(self.namespaces.iter().filter(|it| it.name == name))
    }

    fn parameters(&self, kind: &str, namespace: &str, name: &str) -> Option<&Node> {
        let is = |it: &&Named| {
            it.kind == kind && it.name == name && (it.namespace.is_empty() || it.namespace == namespace)
        };
        Self::only(self.parameters.iter().filter(is))
    }

    fn selected(&self, kind: &str, namespace: &str, selector: &Node) -> Option<Vec<&Node>> {
        let is = |it: &&Named| {
            let labels = it.node.at_path(&["metadata", "labels"]);
            it.kind == kind
                && (it.namespace.is_empty() || it.namespace == namespace)
                && selects(selector, &|name| labels?.get(name)?.scalar_text())
        };
        let found: Vec<&Named> = self.parameters.iter().filter(is).collect();
        // Two of one name are two clusters'.
        let names: BTreeSet<&str> = found.iter().map(|it| it.name.as_str()).collect();
        (names.len() == found.len()).then(|| found.into_iter().map(|it| &it.node).collect())
    }
}
