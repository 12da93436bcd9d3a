//! What selectors may select, and which selectors may select something: by labels, never by going through all of both.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::yaml::{Entry, Node};

use crate::repo::{AppId, Index, LabelKey, List, ObjectFacts};

use super::World;

/// What a selector selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selectable {
    /// Objects with pods, by the labels of the pods.
    Pods,
    /// Services, by their own labels.
    Services,
}

impl Selectable {
    fn labels(self, index: &Index) -> &FxHashMap<LabelKey, List> {
        match self {
            Self::Pods => &index.labelled,
            Self::Services => &index.services_labelled,
        }
    }

    fn all<'l>(self, index: &'l Index, namespace: &str) -> Option<&'l List> {
        match self {
            Self::Pods => index.pods_in.get(namespace),
            Self::Services => index.services_in.get(namespace),
        }
    }
}

impl<'a> World<'a> {
    /// All that can be selected in exactly this namespace and may serve an app.
    pub fn selectable(
        &self,
        app: AppId,
        what: Selectable,
        namespace: &str,
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        self.serving(app, what.all(self.index(), namespace))
    }

    /// What may have all these labels in exactly this namespace and may serve an app: at least what has them. Labels without a
    /// scalar value narrow nothing.
    pub fn labelled(
        &self,
        app: AppId,
        what: Selectable,
        namespace: &str,
        labels: &[Entry],
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let lists = self.lists(what, namespace, labels);
        let shortest = lists.into_iter().min_by_key(|list| list.map_or(0, |list| list.len()));
        self.serving(app, shortest.unwrap_or_else(|| what.all(self.index(), namespace)))
    }

    /// The same for all these labels but one, of two or more.
    pub fn nearly_labelled(
        &self,
        app: AppId,
        what: Selectable,
        namespace: &str,
        labels: &[Entry],
    ) -> impl Iterator<Item = &'a ObjectFacts> + use<'a> {
        let mut lists = self.lists(what, namespace, labels);
        if lists.len() < 2 {
            lists = vec![what.all(self.index(), namespace)];
        }
        // Whatever lacks one label only is in one of any two lists.
        lists.sort_by_key(|list| list.map_or(0, |list| list.len()));
        self.serving(app, lists.into_iter().take(2).flatten())
    }

    /// For each label with a scalar value what has it; nobody has a label of which there is no list.
    fn lists(&self, what: Selectable, namespace: &str, labels: &[Entry]) -> Vec<Option<&'a List>> {
        let known = what.labels(self.index());
        let of = |entry: &Entry| {
            let value = entry.value.scalar_text()?;
            Some(known.get(&(SmolStr::new(namespace), entry.key.text.clone(), SmolStr::new(value))))
        };
        labels.iter().filter_map(of).collect()
    }
}

/// Objects of one kind that select pods, by what they select.
#[derive(Debug)]
pub struct Selectors<'a> {
    world: World<'a>,
    /// By namespace and one label that the pods must have.
    labelled: FxHashMap<LabelKey, List>,
    /// By namespace, those that ask for no label.
    open: FxHashMap<SmolStr, List>,
    all: List,
}

impl<'a> Selectors<'a> {
    /// Those of a group and kind, whose selector is found at a path.
    pub fn new(world: World<'a>, group: &str, kind: &str, path: &[&str]) -> Self {
        let index = world.index();
        let mut found =
            Self { world, labelled: FxHashMap::default(), open: FxHashMap::default(), all: List::default() };
        for at in index.kinds.get(kind).into_iter().flat_map(|list| list.iter().copied()) {
            let object = world.inventory.objects.get(at as usize).filter(|object| object.group == group);
            let Some(object) = object else { continue };
            found.all.push(at);
            let selector = object.node.as_deref().and_then(|node| node.at_path(path));
            let labels = selector.and_then(|it| it.get("matchLabels")).map(Node::entries).unwrap_or_default();
            let keys = labels.iter().filter_map(|entry| {
                let value = SmolStr::new(entry.value.scalar_text()?);
                Some((object.namespace.clone(), entry.key.text.clone(), value))
            });
            // The label that the fewest have tells most.
            match keys.min_by_key(|key| index.labelled.get(key).map_or(0, |list| list.len())) {
                Some(key) => found.labelled.entry(key).or_default().push(at),
                None => found.open.entry(object.namespace.clone()).or_default().push(at),
            }
        }
        let sites = world.inventory.sites();
        if sites.len() > 1 {
            let app = |at: u32| world.inventory.objects.get(at as usize).map_or(AppId(0), |it| it.app);
            let of_object = |at: u32| sites.of_app(app(at)).unwrap_or_default();
            found.labelled.values_mut().for_each(|list| list.split(of_object));
            found.open.values_mut().for_each(|list| list.split(of_object));
            found.all.split(of_object);
        }
        found
    }

    /// Those that may select the pods of an object in its namespace and may serve its app: at least those that do.
    pub fn about(&self, object: &ObjectFacts) -> impl Iterator<Item = &'a ObjectFacts> + use<'a, '_> {
        let mut lists: Vec<&List> = Vec::new();
        if object.namespace.is_empty() {
            lists.push(&self.all);
        } else {
            for namespace in [object.namespace.clone(), SmolStr::default()] {
                lists.extend(self.open.get(&namespace));
                for (key, value) in object.pod.iter().flat_map(|pod| &pod.labels) {
                    lists.extend(self.labelled.get(&(namespace.clone(), key.clone(), value.clone())));
                }
            }
        }
        let world = self.world;
        let positions = world.inventory.positions_for(object.app, lists);
        let objects = positions.filter_map(move |at| world.inventory.objects.get(at as usize));
        let app = object.app;
        objects.filter(move |it| world.may_serve(it.app, app))
    }
}
