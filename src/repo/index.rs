//! Who has, needs or mentions a name: every question across apps is a look-up here, never a loop over all objects.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::finding::Missing;
use crate::k8s;
use crate::relations::{self, NamePattern};
use crate::source::{TreePath, repository_key};
use crate::yaml::Node;

use super::facts::ObjectFacts;
use super::list::{List, Positions};
use super::sites::Sites;
use super::{AppEntry, AppId, AppKind, Inventory, Status};

/// A namespace, and a label with its value.
pub(crate) type LabelKey = (SmolStr, SmolStr, SmolStr);

/// Objects and apps by what is asked for.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Objects that have the name.
    pub(crate) named: FxHashMap<SmolStr, List>,
    /// Objects by namespace, kind and name.
    pub(crate) located: FxHashMap<(SmolStr, SmolStr, SmolStr), List>,
    /// Objects by kind and name.
    pub(crate) kinds_named: FxHashMap<(SmolStr, SmolStr), List>,
    /// Objects by kind.
    pub(crate) kinds: FxHashMap<SmolStr, List>,
    /// Objects by namespace and kind.
    pub(crate) kinds_in: FxHashMap<(SmolStr, SmolStr), List>,
    /// Objects that provide the name beside themselves.
    pub(crate) provided: FxHashMap<SmolStr, List>,
    /// Objects that provide all names that begin so, by the kind that they provide and that beginning.
    pub(crate) patterns: FxHashMap<(SmolStr, SmolStr), List>,
    /// How long the beginnings are, by kind.
    pub(crate) pattern_lengths: FxHashMap<SmolStr, BTreeSet<usize>>,
    /// Releases of Flux that may make anything, by the namespace that they make it in.
    pub(crate) makers_in: FxHashMap<SmolStr, List>,
    /// The same, all of them.
    pub(crate) makers: List,
    /// All objects.
    pub(crate) everything: List,
    /// Objects by namespace; those of unknown namespace under the empty name, with the cluster-scoped ones.
    pub(crate) in_namespace: FxHashMap<SmolStr, List>,
    /// Objects with pods, by namespace.
    pub(crate) pods_in: FxHashMap<SmolStr, List>,
    /// Objects with pods, by namespace and a label of the pods.
    pub(crate) labelled: FxHashMap<LabelKey, List>,
    /// Services by namespace.
    pub(crate) services_in: FxHashMap<SmolStr, List>,
    /// Services by namespace and a label of theirs.
    pub(crate) services_labelled: FxHashMap<LabelKey, List>,
    /// Objects that operators act on, by namespace.
    pub(crate) operated_in: FxHashMap<SmolStr, List>,
    /// The same, all of them.
    pub(crate) operated: List,
    /// Those of them whose operators nothing is known about, by namespace.
    pub(crate) unknown_in: FxHashMap<SmolStr, List>,
    /// The same, all of them that have a namespace.
    pub(crate) unknown: List,
    /// Objects that mention the name.
    pub(crate) mentioned: FxHashMap<SmolStr, List>,
    /// Objects that refer to the name.
    pub(crate) referenced: FxHashMap<SmolStr, List>,
    /// Documents as written, by name.
    pub(crate) written: FxHashMap<SmolStr, List>,
    /// Apps that were not rendered, or not in full.
    pub(crate) incomplete: List,
    /// Those of them that something deploys, by the namespace that they deploy to.
    pub(crate) incomplete_in: FxHashMap<SmolStr, List>,
    /// The same, all of them.
    pub(crate) unseen: List,
    /// The repositories of those whose content is not here.
    pub(crate) content_of: FxHashMap<AppId, Vec<String>>,
    /// Apps that something applies although nothing of them is here, by Flux's reckoning: charts bring no objects of Flux.
    pub(crate) hidden: List,
    /// Directories that hold the definition of a Kustomization which is built and which no app renders.
    pub(crate) applied_dirs: FxHashSet<Option<TreePath>>,
    /// Apps that create the namespace which they deploy to, by that.
    pub(crate) creating: FxHashMap<SmolStr, List>,
    /// Apps by the namespace that they deploy to.
    pub(crate) targeting: FxHashMap<SmolStr, List>,
    /// Apps by name.
    pub(crate) apps: FxHashMap<SmolStr, List>,
    /// Names of the releases that are apps.
    pub(crate) releases: FxHashSet<SmolStr>,
    /// Owners of the repositories whose content is here.
    pub(crate) owners: BTreeSet<String>,
}

impl Index {
    /// Of everything that was rendered.
    pub(crate) fn of(inventory: &Inventory) -> Self {
        let mut index = Self::default();
        for (at, object) in inventory.objects.iter().enumerate() {
            index.add(object, at as u32);
        }
        for (at, document) in inventory.scan.documents.iter().enumerate() {
            index.written.entry(document.name.clone()).or_default().push(at as u32);
        }
        for (at, entry) in inventory.apps.iter().enumerate() {
            let at = at as u32;
            if entry.status == Status::Failed || !entry.incomplete.is_empty() {
                index.incomplete.push(at);
                // What nothing deploys cannot be what others miss.
                if !entry.app.kind.is_loose() {
                    index.incomplete_in.entry(entry.app.target_namespace.clone()).or_default().push(at);
                    index.unseen.push(at);
                }
            }
            index.targeting.entry(entry.app.target_namespace.clone()).or_default().push(at);
            if creates_namespace(entry) {
                index.creating.entry(entry.app.target_namespace.clone()).or_default().push(at);
            }
            if entry.built.is_some() && entry.app.parent.is_none() {
                index.applied_dirs.insert(entry.app.path.as_ref().and_then(TreePath::parent));
            }
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
        for (at, entry) in inventory.apps.iter().enumerate() {
            let lacks = entry.status == Status::Failed
                || (entry.status == Status::Skipped
                    && entry.incomplete.iter().any(|it| it.missing == Missing::Content));
            if lacks && !entry.app.kind.is_loose() && index.is_alive(entry) {
                index.hidden.push(at as u32);
            }
        }
        let lacking = inventory.apps.iter().filter(|entry| !entry.incomplete.is_empty());
        index.content_of =
            lacking.map(|entry| (entry.app.id, index.repositories(inventory, entry))).collect();
        if inventory.sites().len() > 1 {
            index.split(inventory, inventory.sites());
        }
        index
    }

    /// See [`Inventory::is_alive`].
    pub(crate) fn is_alive(&self, entry: &AppEntry) -> bool {
        let dir = || entry.app.path.as_ref().and_then(TreePath::parent);
        entry.app.parent.is_some() || self.applied_dirs.contains(&dir())
    }

    /// Prepares the lists that single apps ask.
    fn split(&mut self, inventory: &Inventory, sites: &Sites) {
        let of_app = |app: AppId| sites.of_app(app).unwrap_or_default();
        let of_object = |at: u32| of_app(inventory.objects.get(at as usize).map_or(AppId(0), |it| it.app));
        self.named.values_mut().for_each(|list| list.split(of_object));
        self.located.values_mut().for_each(|list| list.split(of_object));
        self.kinds_named.values_mut().for_each(|list| list.split(of_object));
        self.kinds.values_mut().for_each(|list| list.split(of_object));
        self.kinds_in.values_mut().for_each(|list| list.split(of_object));
        self.provided.values_mut().for_each(|list| list.split(of_object));
        self.patterns.values_mut().for_each(|list| list.split(of_object));
        self.makers_in.values_mut().for_each(|list| list.split(of_object));
        self.in_namespace.values_mut().for_each(|list| list.split(of_object));
        self.pods_in.values_mut().for_each(|list| list.split(of_object));
        self.labelled.values_mut().for_each(|list| list.split(of_object));
        self.services_in.values_mut().for_each(|list| list.split(of_object));
        self.services_labelled.values_mut().for_each(|list| list.split(of_object));
        self.operated_in.values_mut().for_each(|list| list.split(of_object));
        self.unknown_in.values_mut().for_each(|list| list.split(of_object));
        self.mentioned.values_mut().for_each(|list| list.split(of_object));
        for list in [&mut self.makers, &mut self.everything, &mut self.operated, &mut self.unknown] {
            list.split(of_object);
        }
        let of_entry = |at: u32| of_app(AppId(at));
        self.incomplete_in.values_mut().for_each(|list| list.split(of_entry));
        self.targeting.values_mut().for_each(|list| list.split(of_entry));
        self.apps.values_mut().for_each(|list| list.split(of_entry));
        self.creating.values_mut().for_each(|list| list.split(of_entry));
        self.unseen.split(of_entry);
        self.hidden.split(of_entry);
    }

    fn add(&mut self, object: &ObjectFacts, at: u32) {
        let namespace = &object.namespace;
        self.everything.push(at);
        self.named.entry(object.name.clone()).or_default().push(at);
        let location = (namespace.clone(), object.kind.clone(), object.name.clone());
        self.located.entry(location).or_default().push(at);
        self.kinds_named.entry((object.kind.clone(), object.name.clone())).or_default().push(at);
        self.kinds.entry(object.kind.clone()).or_default().push(at);
        self.kinds_in.entry((namespace.clone(), object.kind.clone())).or_default().push(at);
        self.in_namespace.entry(namespace.clone()).or_default().push(at);
        if let Some(pod) = &object.pod {
            self.pods_in.entry(namespace.clone()).or_default().push(at);
            for (key, value) in &pod.labels {
                let label = (namespace.clone(), key.clone(), value.clone());
                self.labelled.entry(label).or_default().push(at);
            }
        }
        if object.is("", "Service") {
            self.services_in.entry(namespace.clone()).or_default().push(at);
            let labels = object.node.as_deref().and_then(|node| node.at_path(&["metadata", "labels"]));
            for entry in labels.map(Node::entries).unwrap_or_default() {
                if let Some(value) = entry.value.scalar_text() {
                    let label = (namespace.clone(), entry.key.text.clone(), SmolStr::new(value));
                    self.services_labelled.entry(label).or_default().push(at);
                }
            }
        }
        if is_operated(object) {
            self.operated.push(at);
            self.operated_in.entry(namespace.clone()).or_default().push(at);
            if !namespace.is_empty() && !relations::is_known_operator(&object.group, &object.kind) {
                self.unknown.push(at);
                self.unknown_in.entry(namespace.clone()).or_default().push(at);
            }
        }
        for provided in &object.provides {
            match &provided.name {
                NamePattern::Exact(name) => self.provided.entry(name.clone()).or_default().push(at),
                NamePattern::Prefix(prefix) => {
                    if provided.kind == relations::ANYTHING {
                        let target = provided.namespace.as_ref().unwrap_or(namespace);
                        self.makers_in.entry(target.clone()).or_default().push(at);
                        self.makers.push(at);
                    }
                    self.pattern_lengths.entry(provided.kind.clone()).or_default().insert(prefix.len());
                    self.patterns.entry((provided.kind.clone(), prefix.clone())).or_default().push(at);
                }
            }
        }
        for name in &object.mentions {
            self.mentioned.entry(name.clone()).or_default().push(at);
        }
        for reference in &object.references {
            self.referenced.entry(reference.name.clone()).or_default().push(at);
        }
    }

    /// Objects that provide a name of a kind by pattern.
    pub(crate) fn patterns_of<'l>(&'l self, kind: &SmolStr, name: &str) -> Vec<&'l List> {
        let lengths = self.pattern_lengths.get(kind).into_iter().flatten();
        let prefixes = lengths.filter_map(|length| name.get(..*length));
        prefixes.filter_map(|prefix| self.patterns.get(&(kind.clone(), SmolStr::new(prefix)))).collect()
    }

    /// The repositories of an app, as [`repository_key`]s: those that an Application names, or the source of a Flux
    /// Kustomization.
    pub(crate) fn repositories(&self, inventory: &Inventory, entry: &AppEntry) -> Vec<String> {
        let Some(spec) = entry.app.node.as_deref().and_then(|node| node.get("spec")) else {
            return Vec::new();
        };
        let sources = spec.get("source").into_iter().chain(spec.items(&["sources"]));
        let mut urls: Vec<String> =
            sources.filter_map(|source| source.get("repoURL")?.as_str()).map(repository_key).collect();
        if let Some(source) = spec.get("sourceRef") {
            let text = |key: &str| source.get(key).and_then(Node::as_str);
            let namespace = text("namespace").unwrap_or(&entry.app.namespace);
            let named = Positions::all(text("name").and_then(|name| self.named.get(name)));
            let named = named
                .filter_map(|at| inventory.objects.get(at as usize))
                .filter(|it| Some(it.kind.as_str()) == text("kind") && meets(&it.namespace, namespace));
            let of = |it: &ObjectFacts| {
                Some(repository_key(it.node.as_deref()?.at_path(&["spec", "url"])?.as_str()?))
            };
            urls.extend(named.filter_map(of));
        }
        urls
    }
}

/// Whether an app says that its namespace is to be created.
fn creates_namespace(entry: &AppEntry) -> bool {
    entry.app.node.as_ref().is_some_and(|node| {
        let mut options = node.items(&["spec", "syncPolicy", "syncOptions"]).iter().filter_map(Node::as_str);
        options.any(|option| option == "CreateNamespace=true")
    })
}

/// `host/owner` of a repository.
pub(crate) fn owner(key: &str) -> Option<String> {
    key.rsplit_once('/').map(|(owner, _)| owner.to_owned())
}

/// Whether an operator acts on an object.
pub(crate) fn is_operated(object: &ObjectFacts) -> bool {
    !k8s::is_built_in(&object.group)
        && !relations::is_passive(&object.group, &object.kind)
        && object.pod.is_none()
}

/// Whether two namespaces may be one: an empty one is not known.
pub(crate) fn meets(a: &str, b: &str) -> bool {
    a == b || a.is_empty() || b.is_empty()
}
