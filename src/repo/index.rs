//! Who has, needs or mentions a name: every question across apps is a look-up here, never a loop over all objects.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::k8s::{self, NamePattern};
use crate::source::repository_key;
use crate::yaml::Node;

use super::facts::ObjectFacts;
use super::{AppEntry, AppKind, Inventory, Status};

/// Positions in the list of objects, apps or documents, ascending.
pub(super) type List = Vec<u32>;

/// Objects and apps by what is asked for.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Objects that have the name.
    pub(super) named: FxHashMap<SmolStr, List>,
    /// Objects by namespace, kind and name.
    pub(super) located: FxHashMap<(SmolStr, SmolStr, SmolStr), List>,
    /// Objects by kind.
    pub(super) kinds: FxHashMap<SmolStr, List>,
    /// Objects by namespace and kind.
    pub(super) kinds_in: FxHashMap<(SmolStr, SmolStr), List>,
    /// Objects that provide the name beside themselves.
    pub(super) provided: FxHashMap<SmolStr, List>,
    /// Objects that provide names by pattern, by the kind that they provide.
    pub(super) patterns: FxHashMap<SmolStr, List>,
    /// Objects by namespace; those of unknown namespace under the empty name, with the cluster-scoped ones.
    pub(super) in_namespace: FxHashMap<SmolStr, List>,
    /// Objects with pods, by namespace.
    pub(super) pods_in: FxHashMap<SmolStr, List>,
    /// Objects with pods, by namespace and a label of the pods.
    pub(super) labelled: FxHashMap<(SmolStr, SmolStr, SmolStr), List>,
    /// Objects that operators act on, by namespace.
    pub(super) operated_in: FxHashMap<SmolStr, List>,
    /// Objects that mention the name.
    pub(super) mentioned: FxHashMap<SmolStr, List>,
    /// Objects that refer to the name.
    pub(super) referenced: FxHashMap<SmolStr, List>,
    /// Documents as written, by name.
    pub(super) written: FxHashMap<SmolStr, List>,
    /// Apps that were not rendered, or not in full.
    pub(super) incomplete: List,
    /// Apps by the namespace that they deploy to.
    pub(super) targeting: FxHashMap<SmolStr, List>,
    /// Apps by name.
    pub(super) apps: FxHashMap<SmolStr, List>,
    /// Names of the releases that are apps.
    pub(super) releases: FxHashSet<SmolStr>,
    /// Owners of the repositories whose content is here.
    pub(super) owners: BTreeSet<String>,
}

/// Adds a position to a list once.
fn push(list: &mut List, at: u32) {
    if list.last() != Some(&at) {
        list.push(at);
    }
}

impl Index {
    pub(super) fn of(inventory: &Inventory) -> Self {
        let mut index = Self::default();
        for (at, object) in inventory.objects.iter().enumerate() {
            index.add(object, at as u32);
        }
        for (at, document) in inventory.scan.documents.iter().enumerate() {
            push(index.written.entry(document.name.clone()).or_default(), at as u32);
        }
        for (at, entry) in inventory.apps.iter().enumerate() {
            let at = at as u32;
            if entry.status == Status::Failed || !entry.incomplete.is_empty() {
                index.incomplete.push(at);
            }
            index.targeting.entry(entry.app.target_namespace.clone()).or_default().push(at);
            index.apps.entry(SmolStr::new(&entry.app.name)).or_default().push(at);
            if entry.app.kind == AppKind::HelmRelease {
                index.releases.insert(SmolStr::new(&entry.app.name));
            }
        }
        let mut owners = BTreeSet::new();
        for entry in inventory.apps.iter().filter(|entry| matches!(entry.status, Status::Rendered)) {
            owners.extend(index.repositories(inventory, entry).iter().filter_map(|key| owner(key)));
        }
        index.owners = owners;
        index
    }

    fn add(&mut self, object: &ObjectFacts, at: u32) {
        let namespace = &object.namespace;
        self.named.entry(object.name.clone()).or_default().push(at);
        let location = (namespace.clone(), object.kind.clone(), object.name.clone());
        self.located.entry(location).or_default().push(at);
        self.kinds.entry(object.kind.clone()).or_default().push(at);
        self.kinds_in.entry((namespace.clone(), object.kind.clone())).or_default().push(at);
        self.in_namespace.entry(namespace.clone()).or_default().push(at);
        if let Some(pod) = &object.pod {
            self.pods_in.entry(namespace.clone()).or_default().push(at);
            for (key, value) in &pod.labels {
                let label = (namespace.clone(), key.clone(), value.clone());
                push(self.labelled.entry(label).or_default(), at);
            }
        }
        if is_operated(object) {
            self.operated_in.entry(namespace.clone()).or_default().push(at);
        }
        for provided in &object.provides {
            match &provided.name {
                NamePattern::Exact(name) => push(self.provided.entry(name.clone()).or_default(), at),
                NamePattern::Prefix(_) => push(self.patterns.entry(provided.kind.clone()).or_default(), at),
            }
        }
        for name in &object.mentions {
            push(self.mentioned.entry(name.clone()).or_default(), at);
        }
        for reference in &object.references {
            push(self.referenced.entry(reference.name.clone()).or_default(), at);
        }
    }

    /// The repositories of an app, as [`repository_key`]s: those that an Application names, or the source of a Flux
    /// Kustomization.
    pub(super) fn repositories(&self, inventory: &Inventory, entry: &AppEntry) -> Vec<String> {
        let Some(spec) = entry.app.node.as_deref().and_then(|node| node.get("spec")) else {
            return Vec::new();
        };
        let sources = spec.get("source").into_iter().chain(spec.items(&["sources"]));
        let mut urls: Vec<String> =
            sources.filter_map(|source| source.get("repoURL")?.as_str()).map(repository_key).collect();
        if let Some(source) = spec.get("sourceRef") {
            let text = |key: &str| source.get(key).and_then(Node::as_str);
            let namespace = text("namespace").unwrap_or(&entry.app.namespace);
            let named = text("name").and_then(|name| self.named.get(name)).into_iter().flatten();
            let named = named
                .filter_map(|at| inventory.objects.get(*at as usize))
                .filter(|it| Some(it.kind.as_str()) == text("kind") && meets(&it.namespace, namespace));
            let of = |it: &ObjectFacts| {
                Some(repository_key(it.node.as_deref()?.at_path(&["spec", "url"])?.as_str()?))
            };
            urls.extend(named.filter_map(of));
        }
        urls
    }
}

/// `host/owner` of a repository.
pub(super) fn owner(key: &str) -> Option<String> {
    key.rsplit_once('/').map(|(owner, _)| owner.to_owned())
}

/// Whether an operator acts on an object.
pub(super) fn is_operated(object: &ObjectFacts) -> bool {
    !k8s::is_built_in(&object.group) && !k8s::is_passive(&object.group, &object.kind) && object.pod.is_none()
}

/// Whether two namespaces may be one: an empty one is not known.
pub(super) fn meets(a: &str, b: &str) -> bool {
    a == b || a.is_empty() || b.is_empty()
}
