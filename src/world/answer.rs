//! Who provides what an object names, on its cluster and in its namespace; and whether that can be known at all.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::config::{Config, External};
use crate::golang::Glob;
use crate::relations::{self, Before, Keys, Provided, Reference};
use crate::schema;

use crate::repo::{AppEntry, AppId, Index, Inventory, List, ObjectFacts, Positions, ScannedDocument, meets};

/// What is known about a name.
#[derive(Debug, Clone)]
pub enum Answer<'a> {
    /// These objects provide it, with these keys together.
    Provided(Vec<&'a ObjectFacts>, Keys),
    /// It may exist; why.
    Unknown(&'static str),
    /// A manifest of the repository defines it, but nothing renders that one: its file.
    Unapplied(&'a crate::source::TreePath),
    /// Nothing provides it. Perhaps an object of that name lies in another namespace or on another cluster.
    Missing(Option<&'a ObjectFacts>),
}

/// Answers what exists.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The repository.
    pub inventory: &'a Inventory,
    /// What exists outside of it.
    pub config: &'a Config,
}

impl<'a> World<'a> {
    /// The world of an inventory.
    pub fn new(inventory: &'a Inventory, config: &'a Config) -> Self {
        Self { inventory, config }
    }

    pub(super) fn index(&self) -> &'a Index {
        self.inventory.index()
    }

    /// The objects of lists that may serve an app, in order.
    pub(super) fn serving<L: IntoIterator<Item = &'a List>>(
        &self,
        app: AppId,
        lists: L,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a, L> {
        let inventory = self.inventory;
        let objects = inventory.positions_for(app, lists).filter_map(|at| inventory.objects.get(at as usize));
        objects.filter(move |object| inventory.may_serve(object.app, app))
    }

    /// Whether what one app makes may serve another: like [`Inventory::may_meet`], but what names no cluster may be
    /// on any.
    pub fn may_serve(&self, provider: AppId, consumer: AppId) -> bool {
        provider == consumer || self.inventory.may_serve(provider, consumer)
    }

    /// Objects of that group, kind and name that may serve an app, in any namespace.
    pub fn named(
        &self,
        app: AppId,
        group: &'a str,
        kind: &'a str,
        name: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let list = self.index().kinds_named.get(&(SmolStr::new(kind), SmolStr::new(name)));
        self.serving(app, list).filter(move |object| same_group(&object.group, group))
    }

    /// Who provides what `reference` of an object in `namespace` names.
    pub fn look_up(&self, app: AppId, namespace: &str, reference: &Reference) -> Answer<'a> {
        let cluster_scoped = schema::is_cluster_scoped(&reference.group, &reference.kind);
        let namespace = if cluster_scoped { "" } else { reference.namespace.as_deref().unwrap_or(namespace) };
        let mut providers: Vec<(&'a ObjectFacts, &'a Keys)> = Vec::new();
        let is_it = |object: &&ObjectFacts| {
            object.kind == reference.kind && same_group(&object.group, &reference.group)
        };
        let here = |object: &&ObjectFacts| {
            self.may_serve(object.app, app) && (cluster_scoped || meets(&object.namespace, namespace))
        };
        let located = self.located(app, namespace, reference, cluster_scoped);
        for object in located.filter(is_it).filter(here) {
            providers.push((object, object.keys.as_ref().unwrap_or(&Keys::Unknown)));
        }
        let named = self.index().provided.get(&reference.name);
        providers.extend(self.providing(named, app, namespace, reference));
        if providers.is_empty() {
            let patterns = self.index().patterns_of(&reference.kind, &reference.name);
            providers.extend(self.providing(patterns, app, namespace, reference));
        }
        if !providers.is_empty() {
            let mut known = BTreeSet::new();
            let mut unknown = false;
            for (object, keys) in &providers {
                match keys {
                    _ if !self.inventory.are_deployed_together(object.app, app) => unknown = true,
                    Keys::Known(keys) => known.extend(keys.iter().cloned()),
                    Keys::Unknown => unknown = true,
                }
            }
            let keys = if unknown { Keys::Unknown } else { Keys::Known(known) };
            return Answer::Provided(providers.into_iter().map(|(object, _)| object).collect(), keys);
        }
        if self.external(&reference.group, &reference.kind, namespace, &reference.name).is_some() {
            return Answer::Unknown("declared as external");
        }
        // Nothing of that name is here, so all there is lies elsewhere.
        let named = self.index().kinds_named.get(&(reference.kind.clone(), reference.name.clone()));
        let elsewhere = named.and_then(|list| {
            let mut reversed = list.iter().rev().filter_map(|at| self.inventory.objects.get(*at as usize));
            reversed.find(is_it)
        });
        if let Some(why) = self.may_make(app, namespace, cluster_scoped, &reference.name) {
            return Answer::Unknown(why);
        }
        let makeable = matches!(
            reference.kind.as_str(),
            "Secret" | "ConfigMap" | "Service" | "ServiceAccount" | "PersistentVolumeClaim"
        );
        if (makeable || reference.kind == "Role") && self.is_operated_alike(app, namespace, &reference.name) {
            return Answer::Unknown("an operator may make it");
        }
        let mut mentioning = self.serving(app, self.index().mentioned.get(&reference.name));
        let makes = |object: &ObjectFacts| reference.kind == "Secret" || !makes_secrets_only(object);
        // Drivers of storage make the class that a ConfigMap of theirs holds as a text.
        let held = |object: &ObjectFacts| reference.kind == "StorageClass" && object.is("", "ConfigMap");
        if mentioning.any(|object| held(object) || makeable && makes(object)) {
            return Answer::Unknown("something mentions it that may make it");
        }
        let mut documents = self.written(&reference.name).filter(|document| {
            let producer = (document.kind == "ExternalSecret" || document.kind == "SealedSecret")
                && reference.kind == "Secret";
            let is_it = document.kind == reference.kind && same_group(&document.group, &reference.group);
            (is_it || producer) && (cluster_scoped || meets(&document.namespace, namespace))
        });
        if elsewhere.is_none()
            && let Some(document) = documents.next()
        {
            return Answer::Unapplied(&document.path);
        }
        Answer::Missing(elsewhere)
    }

    /// The objects that have the kind and name of a reference where it looks, or may have, and may serve an app, in order.
    fn located(
        &self,
        app: AppId,
        namespace: &str,
        reference: &Reference,
        anywhere: bool,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let index = self.index();
        let of = |namespace: &str| {
            let location = (SmolStr::new(namespace), reference.kind.clone(), reference.name.clone());
            index.located.get(&location)
        };
        let lists = if anywhere || namespace.is_empty() {
            [index.kinds_named.get(&(reference.kind.clone(), reference.name.clone())), None]
        } else {
            [of(namespace), of("")]
        };
        self.serving(app, lists.into_iter().flatten())
    }

    /// The documents of a name as they are written, in order.
    pub fn written(&self, name: &str) -> impl Iterator<Item = &'a ScannedDocument> + use<'a> {
        let scan = &self.inventory.scan;
        Positions::all(self.index().written.get(name)).filter_map(|at| scan.documents.get(at as usize))
    }

    /// Objects of lists that provide what a reference names, with its keys.
    fn providing(
        &self,
        lists: impl IntoIterator<Item = &'a List>,
        app: AppId,
        namespace: &str,
        reference: &Reference,
    ) -> Vec<(&'a ObjectFacts, &'a Keys)> {
        let mut found = Vec::new();
        for object in self.serving(app, lists) {
            let fits = |provided: &&Provided| {
                provided.before.as_ref().is_none_or(|before| self.is_older(object, before))
                    && provided.kind == reference.kind
                    && provided.name.matches(&reference.name)
                    && match provided.namespace.as_deref() {
                        Some("*") => true,
                        Some(other) => meets(other, namespace),
                        None => meets(&object.namespace, namespace),
                    }
            };
            if let Some(provided) = object.provides.iter().find(fits) {
                found.push((object, &provided.keys));
            }
        }
        found
    }

    /// Objects in a namespace, and those of unknown namespace, that may serve an app. All objects when `namespace` is
    /// empty.
    pub fn in_namespace(
        &self,
        app: AppId,
        namespace: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        self.by_namespace(app, namespace, &self.index().in_namespace, &self.index().everything)
    }

    /// The objects of a list by namespace that are in one, then those of unknown namespace, as far as they may serve an app;
    /// all of them for an empty name.
    fn by_namespace(
        &self,
        app: AppId,
        namespace: &str,
        lists: &'a FxHashMap<SmolStr, List>,
        all: &'a List,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let known = !namespace.is_empty();
        let own = if known { lists.get(namespace) } else { Some(all) };
        self.serving(app, own).chain(self.serving(app, lists.get("").filter(|_| known)))
    }

    /// Whether an operator acts on something in a namespace whose name is part of another one.
    pub(super) fn is_operated_alike(&self, app: AppId, namespace: &str, name: &str) -> bool {
        let known = !namespace.is_empty();
        let own = self.inventory.operated(known.then_some(namespace));
        let nowhere = known.then(|| self.inventory.operated(Some("")));
        let mut alike = own.like(name).chain(nowhere.iter().flat_map(|nowhere| nowhere.like(name)));
        alike.any(|at| {
            let object = self.inventory.objects.get(at as usize);
            object.is_some_and(|it| {
                it.name.len() > 3 && name.contains(it.name.as_str()) && self.may_serve(it.app, app)
            })
        })
    }

    /// Objects of a kind in a namespace, and those of unknown namespace, that may serve an app; in any when `namespace` is
    /// empty.
    pub fn of_kind_in(
        &self,
        app: AppId,
        namespace: &str,
        kind: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let index = self.index();
        let known = !namespace.is_empty();
        let of = |namespace: &str| index.kinds_in.get(&(SmolStr::new(namespace), SmolStr::new(kind)));
        let own = if known { of(namespace) } else { index.kinds.get(kind) };
        self.serving(app, own).chain(self.serving(app, known.then(|| of("")).flatten()))
    }

    /// The kinds that are rendered, in no order.
    pub fn kinds(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.index().kinds.keys().map(SmolStr::as_str)
    }

    /// The apps of a list that may serve an app, in order.
    pub(super) fn apps<L: IntoIterator<Item = &'a List>>(
        &self,
        app: AppId,
        lists: L,
    ) -> impl Iterator<Item = &'a AppEntry> + use<'a, L> {
        let (inventory, world) = (self.inventory, *self);
        let apps = inventory.positions_for(app, lists).filter_map(|at| inventory.apps.get(at as usize));
        apps.filter(move |entry| world.may_serve(entry.app.id, app))
    }

    /// The entry of `external:` that declares an object.
    pub fn external(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<&'a External> {
        let fits = |pattern: &str, text: &str| {
            pattern == text || Glob::new(pattern, &[]).is_some_and(|glob| glob.matches(text))
        };
        self.config.external.iter().find(|external| {
            external.group.as_ref().is_none_or(|it| it.value == group)
                && (external.kind.value == kind || external.kind.value == "*")
                && external
                    .namespace
                    .as_ref()
                    .is_none_or(|it| namespace.is_empty() || fits(&it.value, namespace))
                && fits(&external.name.value, name)
        })
    }

    /// Whether everything that is applied to the cluster of an app is in the repository, as far as Flux's own objects go:
    /// charts do not bring those.
    pub fn is_closed(&self, app: AppId) -> bool {
        self.apps(app, Some(&self.index().hidden)).next().is_none()
    }

    /// Whether the apps that we see are what fills a namespace: some workload of theirs lies in it.
    pub fn is_ours(&self, app: AppId, namespace: &str) -> bool {
        self.serving(app, self.index().pods_in.get(namespace)).next().is_some()
    }

    /// Whether a CustomResourceDefinition of that group and kind is rendered; for any kind of the group when `kind` is
    /// `None`.
    pub fn defines(&self, app: AppId, group: &str, kind: Option<&str>) -> bool {
        let crds = |object: &&ObjectFacts| object.is("apiextensions.k8s.io", "CustomResourceDefinition");
        let fits = |object: &ObjectFacts| {
            object
                .provides
                .iter()
                .any(|it| it.group == group && kind.is_none_or(|kind| it.name.matches(kind)))
        };
        let list = match kind {
            Some(kind) => self.index().provided.get(kind),
            None => self.index().kinds.get("CustomResourceDefinition"),
        };
        self.serving(app, list).filter(crds).any(fits)
    }

    /// Whether something makes this namespace: a Namespace or a relative, or an Application with `CreateNamespace`.
    pub fn makes_namespace(&self, app: AppId, name: &str) -> bool {
        let kinds = ["Namespace", "Project", "ProjectRequest", "SubnamespaceAnchor", "Tenant", "Profile"];
        let index = self.index();
        let of_kind = |kind: &&str| index.kinds_named.get(&(SmolStr::new(*kind), SmolStr::new(name)));
        self.serving(app, kinds.iter().filter_map(of_kind)).next().is_some()
            || self.apps(app, index.creating.get(name)).next().is_some()
    }

    /// Whether an operator may make objects in a namespace that no render shows.
    pub fn has_operator(&self, app: AppId, namespace: &str) -> bool {
        // What has no namespace itself says nothing about this one.
        let index = self.index();
        let list =
            if namespace.is_empty() { Some(&index.operated) } else { index.operated_in.get(namespace) };
        self.serving(app, list).any(|object| !object.namespace.is_empty())
    }

    /// Whether an operator that we know nothing about may make objects in a namespace; of that name only, when one is given:
    /// most call what they make after what they act on.
    pub fn has_unknown_operator(&self, app: AppId, namespace: &str, name: Option<&str>) -> bool {
        let index = self.index();
        let Some(name) = name else {
            let list =
                if namespace.is_empty() { Some(&index.unknown) } else { index.unknown_in.get(namespace) };
            return self.serving(app, list).next().is_some();
        };
        let called = self.inventory.operated((!namespace.is_empty()).then_some(namespace));
        let serves = |at: u32| {
            let object = self.inventory.objects.get(at as usize);
            object.filter(|object| self.may_serve(object.app, app))
        };
        let is_unknown = |object: &ObjectFacts| {
            !object.namespace.is_empty() && !relations::is_known_operator(&object.group, &object.kind)
        };
        let mut kinds = called.unknown_kinds();
        called
            .like(name)
            .filter_map(serves)
            .any(|object| is_unknown(object) && relations::is_named_after(name, &object.name))
            || kinds.any(|(kind, positions)| {
                relations::is_named_after(name, kind) && positions.iter().any(|at| serves(*at).is_some())
            })
    }

    /// Whether a document as written has this kind and name.
    pub fn is_written(&self, kind: &str, name: &str) -> bool {
        self.inventory.scan.is_written(&SmolStr::new(kind), &SmolStr::new(name))
    }

    /// Whether a chart may be older than a version: its source says so, or is not here.
    fn is_older(&self, object: &ObjectFacts, before: &Before) -> bool {
        let namespace = before.namespace.as_deref().unwrap_or(&object.namespace);
        let named = self.index().kinds_named.get(&(before.kind.clone(), before.name.clone()));
        let sources = Positions::all(named).filter_map(|at| self.inventory.objects.get(at as usize));
        let sources =
            sources.filter(|it| it.group == "source.toolkit.fluxcd.io" && meets(&it.namespace, namespace));
        let tags = sources.filter_map(|it| it.node.as_deref()?.at_path(&["spec", "ref", "tag"])?.as_str());
        let majors: Vec<u32> = tags.filter_map(relations::major).collect();
        majors.is_empty() || majors.iter().any(|major| *major < before.major)
    }
}

/// Whether all that ever comes of an object is a Secret.
pub(super) fn makes_secrets_only(object: &ObjectFacts) -> bool {
    matches!(object.kind.as_str(), "SealedSecret" | "ExternalSecret" | "SopsSecret")
}

/// `extensions` and its successors serve the same objects; so do versions of External Secrets and others.
fn same_group(a: &str, b: &str) -> bool {
    a == b || (a == "extensions" || b == "extensions")
}
