//! Who provides what an object names, on its cluster and in its namespace; and whether that can be known at all.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::config::{Config, External};
use crate::golang::Glob;
use crate::k8s::{self, Before, Keys, Provided, Reference};
use crate::schema;
use crate::yaml::Entry;

use super::facts::ObjectFacts;
use super::index::{Index, List, is_operated, meets};
use super::{AppEntry, AppId, Inventory};

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

    pub(super) fn objects<'l>(
        &self,
        list: Option<&'l List>,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a, 'l> {
        let inventory = self.inventory;
        list.into_iter().flatten().filter_map(move |at| inventory.objects.get(*at as usize))
    }

    fn objects_reversed(&self, list: Option<&'a List>) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let inventory = self.inventory;
        list.into_iter().flatten().rev().filter_map(move |at| inventory.objects.get(*at as usize))
    }

    /// The objects that have the kind and name of a reference where it looks, or may have, in order.
    fn located(&self, namespace: &str, reference: &Reference, anywhere: bool) -> Cow<'a, List> {
        let index = self.index();
        if anywhere || namespace.is_empty() {
            return index.named.get(&reference.name).map_or_else(Cow::default, Cow::Borrowed);
        }
        let of = |namespace: &str| {
            let location = (SmolStr::new(namespace), reference.kind.clone(), reference.name.clone());
            index.located.get(&location)
        };
        match (of(namespace), of("")) {
            (Some(one), None) | (None, Some(one)) => Cow::Borrowed(one),
            (None, None) => Cow::default(),
            (Some(one), Some(other)) => {
                let mut all = one.clone();
                all.extend(other);
                all.sort_unstable();
                Cow::Owned(all)
            }
        }
    }

    /// Whether what one app makes may serve another: like [`Inventory::may_meet`], but what names no cluster may be
    /// on any.
    pub fn may_serve(&self, provider: AppId, consumer: AppId) -> bool {
        if provider == consumer || self.inventory.may_meet(provider, consumer) {
            return true;
        }
        let cluster = |id| self.inventory.app(id).map_or("", |entry| entry.app.cluster.as_str());
        (cluster(provider).is_empty() || cluster(consumer).is_empty())
            && self.inventory.variants_meet(provider, consumer)
    }

    /// Objects of that group, kind and name that may serve an app, in any namespace.
    pub fn named(
        &self,
        app: AppId,
        group: &'a str,
        kind: &'a str,
        name: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let world = *self;
        self.objects(self.index().named.get(name)).filter(move |object| {
            object.kind == kind && same_group(&object.group, group) && world.may_serve(object.app, app)
        })
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
        let located = self.located(namespace, reference, cluster_scoped);
        for object in self.objects(Some(&*located)).filter(is_it).filter(here) {
            providers.push((object, object.keys.as_ref().unwrap_or(&Keys::Unknown)));
        }
        providers.extend(self.providing(
            self.index().provided.get(&reference.name),
            app,
            namespace,
            reference,
        ));
        if providers.is_empty() {
            providers.extend(self.providing(
                self.index().patterns.get(&reference.kind),
                app,
                namespace,
                reference,
            ));
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
        let elsewhere = self.objects_reversed(self.index().named.get(&reference.name)).find(is_it);
        if let Some(why) = self.may_make(app, namespace, cluster_scoped, &reference.name) {
            return Answer::Unknown(why);
        }
        let makeable = matches!(
            reference.kind.as_str(),
            "Secret" | "ConfigMap" | "Service" | "ServiceAccount" | "PersistentVolumeClaim"
        );
        let operated =
            |object: &&ObjectFacts| object.name.len() > 3 && reference.name.contains(object.name.as_str());
        let mut near = self.operated_in(app, namespace).filter(operated);
        if (makeable || reference.kind == "Role") && near.next().is_some() {
            return Answer::Unknown("an operator may make it");
        }
        let mut mentioning = self.objects(self.index().mentioned.get(&reference.name));
        let makes = |object: &ObjectFacts| reference.kind == "Secret" || !makes_secrets_only(object);
        if makeable && mentioning.any(|object| makes(object) && self.may_serve(object.app, app)) {
            return Answer::Unknown("something mentions it that may make it");
        }
        let written = self.index().written.get(&reference.name).into_iter().flatten();
        let documents = written.filter_map(|at| self.inventory.scan.documents.get(*at as usize));
        let mut documents = documents.filter(|document| {
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

    /// Objects of a list that provide what a reference names, with its keys.
    fn providing(
        &self,
        list: Option<&'a Vec<u32>>,
        app: AppId,
        namespace: &str,
        reference: &Reference,
    ) -> Vec<(&'a ObjectFacts, &'a Keys)> {
        let mut found = Vec::new();
        for object in self.objects(list) {
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
            if let Some(provided) = object.provides.iter().find(fits)
                && self.may_serve(object.app, app)
            {
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
        let world = *self;
        let everything = namespace.is_empty();
        let all = self.inventory.objects.iter().filter(move |_| everything);
        let named = self.by_namespace(&self.index().in_namespace, namespace);
        named.chain(all).filter(move |object| world.may_serve(object.app, app))
    }

    /// The objects of a list by namespace that are in one, and those of unknown namespace; nothing for an empty name.
    fn by_namespace(
        &self,
        lists: &'a FxHashMap<SmolStr, List>,
        namespace: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let known = !namespace.is_empty();
        let of = |name: &str| lists.get(name).filter(|_| known);
        self.objects(of(namespace)).chain(self.objects(of("")))
    }

    /// Objects in a namespace, or of unknown namespace, that operators act on and that may serve an app.
    pub(super) fn operated_in(
        &self,
        app: AppId,
        namespace: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let world = *self;
        let everything = namespace.is_empty();
        let all = self.inventory.objects.iter().filter(move |object| everything && is_operated(object));
        let named = self.by_namespace(&self.index().operated_in, namespace);
        named.chain(all).filter(move |object| world.may_serve(object.app, app))
    }

    /// Objects of a kind in a namespace, and those of unknown namespace, that may serve an app; in any when `namespace` is
    /// empty.
    pub fn of_kind_in(
        &self,
        app: AppId,
        namespace: &str,
        kind: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let (world, index) = (*self, self.index());
        let known = !namespace.is_empty();
        let of = |namespace: &str| index.kinds_in.get(&(SmolStr::new(namespace), SmolStr::new(kind)));
        let lists = [
            known.then(|| of(namespace)).flatten(),
            known.then(|| of("")).flatten(),
            index.kinds.get(kind).filter(|_| !known),
        ];
        let lists = lists.into_iter().flatten();
        lists.flat_map(move |list| world.objects(Some(list))).filter(move |it| world.may_serve(it.app, app))
    }

    /// The kinds that are rendered, in no order.
    pub fn kinds(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.index().kinds.keys().map(SmolStr::as_str)
    }

    /// Objects of exactly this namespace whose pods may have all these labels and which may serve an app: at least those that
    /// have them. Labels without a scalar value narrow nothing.
    pub fn labelled(
        &self,
        app: AppId,
        namespace: &str,
        labels: &[Entry],
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        const NOBODY: &List = &Vec::new();
        let (world, index) = (*self, self.index());
        let of = |entry: &Entry| {
            let value = entry.value.scalar_text()?;
            let label = (SmolStr::new(namespace), entry.key.text.clone(), SmolStr::new(value));
            Some(index.labelled.get(&label).unwrap_or(NOBODY))
        };
        let shortest = labels.iter().filter_map(of).min_by_key(|list| list.len());
        let list = shortest.or_else(|| index.pods_in.get(namespace));
        self.objects(list).filter(move |object| world.may_serve(object.app, app))
    }

    pub(super) fn apps(&self, list: Option<&'a List>) -> impl Iterator<Item = &'a AppEntry> + use<'a> {
        let inventory = self.inventory;
        list.into_iter().flatten().filter_map(move |at| inventory.apps.get(*at as usize))
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

    /// Whether the apps that we see are what fills a namespace: some workload of theirs lies in it.
    pub fn is_ours(&self, app: AppId, namespace: &str) -> bool {
        self.objects(self.index().pods_in.get(namespace)).any(|object| self.may_serve(object.app, app))
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
                && self.may_serve(object.app, app)
        };
        match kind {
            Some(kind) => self.objects(self.index().provided.get(kind)).filter(crds).any(fits),
            None => self.inventory.of_kind("CustomResourceDefinition").filter(crds).any(fits),
        }
    }

    /// Whether something makes this namespace: a Namespace or a relative, or an Application with `CreateNamespace`.
    pub fn makes_namespace(&self, app: AppId, name: &str) -> bool {
        let made = self.objects(self.index().named.get(name)).any(|object| {
            matches!(
                object.kind.as_str(),
                "Namespace" | "Project" | "ProjectRequest" | "SubnamespaceAnchor" | "Tenant" | "Profile"
            ) && self.may_serve(object.app, app)
        });
        made || self.apps(self.index().targeting.get(name)).any(|entry| {
            self.may_serve(entry.app.id, app)
                && entry.app.node.as_ref().is_some_and(|node| {
                    let options = node.items(&["spec", "syncPolicy", "syncOptions"]).iter();
                    options
                        .filter_map(crate::yaml::Node::as_str)
                        .any(|option| option == "CreateNamespace=true")
                })
        })
    }

    /// Whether an operator may make objects in a namespace that no render shows.
    pub fn has_operator(&self, app: AppId, namespace: &str) -> bool {
        self.operated_in(app, namespace).any(|object| !object.namespace.is_empty())
    }

    /// Whether an operator that we know nothing about may make objects in a namespace; of that name only, when one is given:
    /// most call what they make after what they act on.
    pub fn has_unknown_operator(&self, app: AppId, namespace: &str, name: Option<&str>) -> bool {
        self.operated_in(app, namespace).any(|object| {
            !object.namespace.is_empty()
                && name.is_none_or(|name| {
                    k8s::is_named_after(name, &object.name) || k8s::is_named_after(name, &object.kind)
                })
                && !k8s::is_known_operator(&object.group, &object.kind)
        })
    }

    /// Whether a document as written has this kind and name.
    pub fn is_written(&self, kind: &str, name: &str) -> bool {
        let written = self.index().written.get(name).into_iter().flatten();
        written
            .filter_map(|at| self.inventory.scan.documents.get(*at as usize))
            .any(|document| document.kind == kind)
    }

    /// Whether a chart may be older than a version: its source says so, or is not here.
    fn is_older(&self, object: &ObjectFacts, before: &Before) -> bool {
        let namespace = before.namespace.as_deref().unwrap_or(&object.namespace);
        let sources = self.objects(self.index().named.get(&before.name)).filter(|it| {
            it.kind == before.kind
                && it.group == "source.toolkit.fluxcd.io"
                && meets(&it.namespace, namespace)
        });
        let tags = sources.filter_map(|it| it.node.as_deref()?.at_path(&["spec", "ref", "tag"])?.as_str());
        let majors: Vec<u32> = tags.filter_map(k8s::major).collect();
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
