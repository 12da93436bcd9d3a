//! A resource of a build: a tree, its identity, and what kustomize remembers about it.
//!
//! Mirrors `api/resource`. kustomize keeps its memory in annotations of the object itself; here it is beside the
//! object, and is [put there](Resource::expose) for as long as somebody could see it: a patch that replaces all
//! annotations makes kustomize forget the names that an object had.

use smol_str::SmolStr;

use crate::k8s::{Gvk, split_api_version};
use crate::origin::{OriginId, Origins, Place};
use crate::yaml::{Data, Entry, Key, Map, Node, YamlProblem};

use super::context::Schemas;
use super::resid::ResId;
use super::rnode;
use super::setter::Aliases;

const DOMAIN: &str = "internal.config.kubernetes.io/";
const HELM_GENERATED: &str = "internal.config.kubernetes.io/helm-generated";
/// Where `buildMetadata: [originAnnotations]` writes.
pub(super) const ORIGIN: &str = "config.kubernetes.io/origin";
/// Where `buildMetadata: [transformerAnnotations]` writes.
pub(super) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// Annotations that are taken away in the end, beside those that this module keeps itself.
const DROPPED: [&str; 8] = [
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

/// How a generator treats what is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            "create" => Self::Create,
            _ => Self::Unspecified,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// A name that a resource had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PreviousId {
    pub(super) name: SmolStr,
    pub(super) namespace: SmolStr,
    pub(super) kind: SmolStr,
}

/// What kustomize remembers about a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) previous: Vec<PreviousId>,
    pub(super) prefixes: Vec<SmolStr>,
    pub(super) suffixes: Vec<SmolStr>,
    /// `None` for what no generator made.
    pub(super) behavior: Option<Behavior>,
    pub(super) needs_hash: bool,
    /// Whether Helm rendered it, so that the `namespace` field lets it be.
    pub(super) from_helm: bool,
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
    /// The text of the origin annotation.
    pub(super) origin: Option<String>,
    /// The text of the transformations annotation.
    pub(super) transformations: Option<String>,
}

/// A resource.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// The object. Scalars are as written: what they mean is decided in the end.
    pub(super) node: Node,
    /// Who it is now.
    pub(super) id: ResId,
    pub(super) memory: Memory,
    pub(super) aliases: Aliases,
    /// Vars that take their value from here.
    pub(super) var_names: Vec<SmolStr>,
    /// What made it, when a generator did.
    pub(super) generated: Option<Place>,
    /// A key that the file repeats: the file can be read, but the object cannot be written.
    pub(super) duplicate_key: Option<Box<YamlProblem>>,
    /// Whether it was deleted.
    pub(super) gone: bool,
}

impl Resource {
    /// A resource of an object, with what its annotations remember.
    pub(super) fn new(node: Node, schemas: &mut Schemas) -> Self {
        let mut this = Self {
            node,
            id: ResId::default(),
            memory: Memory::default(),
            aliases: Aliases::default(),
            var_names: Vec::new(),
            generated: None,
            duplicate_key: None,
            gone: false,
        };
        this.hide();
        this.refresh(schemas);
        this
    }

    /// Reads the identity again, after the object was changed.
    pub(super) fn refresh(&mut self, schemas: &mut Schemas) {
        self.gone |= rnode::is_nil_or_empty(&self.node);
        let text = |node: Option<&Node>| node.map(rnode::raw).unwrap_or_default();
        let kind = text(self.node.get("kind"));
        let api_version = text(self.node.get("apiVersion"));
        let metadata = self.node.get("metadata").filter(|metadata| !rnode::is_nil_or_empty(metadata));
        let name = text(metadata.and_then(|metadata| present(metadata, "name")));
        let namespace = text(metadata.and_then(|metadata| present(metadata, "namespace")));
        let (group, version) = split_api_version(&api_version);
        if self.id.gvk.kind != kind || self.id.gvk.version != version || self.id.gvk.group != group {
            self.id.gvk = Gvk::new(group, version, kind);
            let api_version = self.id.gvk.api_version();
            self.id.cluster_scoped = schemas.is_cluster_scoped(&api_version, &self.id.gvk.kind);
        }
        self.id.name = name;
        self.id.namespace = namespace;
    }

    /// The ids it had, oldest first: their group and version are today's.
    pub(super) fn previous_ids(&self) -> impl Iterator<Item = ResId> + '_ {
        self.memory.previous.iter().map(|previous| ResId {
            gvk: Gvk { kind: previous.kind.clone(), ..self.id.gvk.clone() },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
            cluster_scoped: false,
        })
    }

    /// The id it came with.
    pub(super) fn original_id(&self) -> ResId {
        self.previous_ids().next().unwrap_or_else(|| self.id.clone())
    }

    /// Remembers today's id.
    pub(super) fn store_previous_id(&mut self) {
        // Without a name nothing is remembered, or the three lists would not fit together.
        if self.id.name.is_empty() {
            return;
        }
        self.memory.previous.push(PreviousId {
            name: self.id.name.clone(),
            namespace: self.id.effective_namespace().into(),
            kind: self.id.gvk.kind.clone(),
        });
    }

    /// An annotation's raw text.
    pub(super) fn annotation(&self, key: &str) -> Option<&SmolStr> {
        text_at(&self.node, "annotations", key)
    }

    /// A label's raw text.
    pub(super) fn label(&self, key: &str) -> Option<&SmolStr> {
        text_at(&self.node, "labels", key)
    }

    /// Whether there is anything that kustomize would keep in annotations.
    fn remembers(&self) -> bool {
        self.memory != Memory::default()
    }

    /// Puts what is remembered into annotations, for somebody who could see or change them.
    pub(super) fn expose(&mut self) {
        if !self.remembers() {
            return;
        }
        let memory = std::mem::take(&mut self.memory);
        let place = self.node.place();
        let annotations = annotations_mut(&mut self.node);
        let Some(annotations) = annotations else {
            self.memory = memory;
            return;
        };
        let mut put = |key: &str, value: String| {
            annotations.insert(Key::new(SmolStr::new(key), place), Node::string(value, place));
        };
        let join = |texts: &mut dyn Iterator<Item = &SmolStr>| {
            texts.map(SmolStr::as_str).collect::<Vec<_>>().join(",")
        };
        if !memory.previous.is_empty() {
            put(
                "internal.config.kubernetes.io/previousNames",
                join(&mut memory.previous.iter().map(|id| &id.name)),
            );
            put(
                "internal.config.kubernetes.io/previousNamespaces",
                join(&mut memory.previous.iter().map(|id| &id.namespace)),
            );
            put(
                "internal.config.kubernetes.io/previousKinds",
                join(&mut memory.previous.iter().map(|id| &id.kind)),
            );
        }
        if !memory.prefixes.is_empty() {
            put("internal.config.kubernetes.io/prefixes", join(&mut memory.prefixes.iter()));
        }
        if !memory.suffixes.is_empty() {
            put("internal.config.kubernetes.io/suffixes", join(&mut memory.suffixes.iter()));
        }
        if let Some(behavior) = memory.behavior {
            put("internal.config.kubernetes.io/generatorBehavior", behavior.as_str().to_owned());
        }
        for (key, on) in [
            ("internal.config.kubernetes.io/needsHashSuffix", memory.needs_hash),
            ("internal.config.kubernetes.io/allowNameChange", memory.allow_name_change),
            ("internal.config.kubernetes.io/allowKindChange", memory.allow_kind_change),
        ] {
            if on {
                put(key, "enabled".to_owned());
            }
        }
        if memory.from_helm {
            put(HELM_GENERATED, "true".to_owned());
        }
        if let Some(origin) = memory.origin {
            put(ORIGIN, origin);
        }
        if let Some(transformations) = memory.transformations {
            put(TRANSFORMATIONS, transformations);
        }
    }

    /// Takes what is remembered out of the annotations again.
    pub(super) fn hide(&mut self) {
        let annotations = self.node.as_map_mut().and_then(|map| map.get_mut("metadata"));
        let annotations = annotations.and_then(Node::as_map_mut).and_then(|map| map.get_mut("annotations"));
        let Some(annotations) = annotations.and_then(Node::as_map_mut) else { return };
        let ours = |key: &str| key.starts_with(DOMAIN) || key == ORIGIN || key == TRANSFORMATIONS;
        if !annotations.iter().any(|entry| ours(&entry.key.text)) {
            return;
        }
        let mut take = |key: &str| annotations.remove(key).map(|entry| rnode::raw(&entry.value));
        let csv = |text: Option<SmolStr>| -> Vec<SmolStr> {
            text.map(|text| text.split(',').map(SmolStr::new).collect()).unwrap_or_default()
        };
        let names = csv(take("internal.config.kubernetes.io/previousNames"));
        let namespaces = csv(take("internal.config.kubernetes.io/previousNamespaces"));
        let kinds = csv(take("internal.config.kubernetes.io/previousKinds"));
        // kustomize gives up when the three do not fit together; nobody writes them by hand.
        self.memory.previous = names
            .into_iter()
            .zip(namespaces)
            .zip(kinds)
            .map(|((name, namespace), kind)| PreviousId { name, namespace, kind })
            .collect();
        self.memory.prefixes = csv(take("internal.config.kubernetes.io/prefixes"));
        self.memory.suffixes = csv(take("internal.config.kubernetes.io/suffixes"));
        self.memory.behavior =
            take("internal.config.kubernetes.io/generatorBehavior").map(|text| Behavior::parse(&text));
        let mut enabled = |key: &str| take(key).is_some_and(|text| text == "enabled");
        self.memory.needs_hash = enabled("internal.config.kubernetes.io/needsHashSuffix");
        self.memory.allow_name_change = enabled("internal.config.kubernetes.io/allowNameChange");
        self.memory.allow_kind_change = enabled("internal.config.kubernetes.io/allowKindChange");
        take("internal.config.kubernetes.io/refBy");
        self.memory.from_helm = take(HELM_GENERATED).is_some_and(|text| text == "true");
        self.memory.origin = take(ORIGIN).map(|text| text.to_string());
        self.memory.transformations = take(TRANSFORMATIONS).map(|text| text.to_string());
    }

    /// Writes annotations as kustomize leaves them behind: strings all of them, its own gone, none at all rather
    /// than an empty mapping.
    pub(super) fn finish_annotations(
        &mut self,
        keep_origin: bool,
        keep_transformations: bool,
        origins: &mut Origins,
    ) {
        let origin = self.memory.origin.take().filter(|_| keep_origin);
        let transformations = self.memory.transformations.take().filter(|_| keep_transformations);
        self.memory = Memory::default();
        let place = self.node.place();
        if origin.is_some() || transformations.is_some() {
            let step = origins.add(crate::origin::Origin::new(place.at, crate::origin::Step::BuildMetadata));
            let place = Place { at: place.at, origin: step };
            if let Some(annotations) = annotations_mut(&mut self.node) {
                for (key, text) in [(ORIGIN, origin), (TRANSFORMATIONS, transformations)] {
                    if let Some(text) = text {
                        annotations
                            .insert(Key::new(SmolStr::new_static(key), place), Node::string(text, place));
                    }
                }
            }
        }
        let Some(metadata) = self.node.as_map_mut().and_then(|map| map.get_mut("metadata")) else { return };
        let Some(metadata) = metadata.as_map_mut() else { return };
        let Some(node) = metadata.get_mut("annotations") else { return };
        if let Some(annotations) = node.as_map_mut() {
            annotations.retain(|entry| !DROPPED.contains(&entry.key.text.as_str()));
            stringify(annotations);
            if !annotations.is_empty() {
                return;
            }
        }
        metadata.remove("annotations");
    }
}

/// The raw text of a label or annotation; empty for a collection.
fn text_at<'n>(node: &'n Node, field: &str, key: &str) -> Option<&'n SmolStr> {
    static EMPTY: SmolStr = SmolStr::new_static("");
    let value = node.at_path(&["metadata", field])?.get(key)?;
    Some(value.scalar().unwrap_or(&EMPTY))
}

/// A value that is there and not null or empty.
fn present<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.get(key).filter(|value| !rnode::is_nil_or_empty(value))
}

/// Makes strings of all values, as kustomize does with labels and annotations that it reads and writes back. Keys
/// lose their quotes.
pub(super) fn stringify(map: &mut Map) {
    for entry in map.entries_mut() {
        entry.key.style = crate::yaml::Style::Plain;
        let place = entry.value.place();
        let text = rnode::raw(&entry.value);
        if !matches!(entry.value.data, Data::Scalar(_)) || rnode::tag(&entry.value) != rnode::Tag::Str {
            entry.value = Node::string(text, place);
        }
    }
}

/// The annotations of an object, made where they are missing; `None` when something else is in the way.
fn annotations_mut(node: &mut Node) -> Option<&mut Map> {
    let place = node.place();
    let map = node.as_map_mut()?;
    let metadata = child_map(map, "metadata", place)?;
    child_map(metadata, "annotations", place)
}

/// A mapping in a mapping, made where it is missing or null.
fn child_map<'n>(map: &'n mut Map, key: &'static str, place: Place) -> Option<&'n mut Map> {
    if map.get(key).is_none() {
        let place = Place { origin: OriginId::WRITTEN, ..place };
        map.push(Entry {
            key: Key::new(SmolStr::new_static(key), place),
            value: Node::map(Map::new(), place),
        });
    }
    let child = map.get_mut(key)?;
    if child.is_null() && child.scalar().is_some() {
        child.data = Data::Map(Map::new());
        child.tag = None;
    }
    child.as_map_mut()
}
