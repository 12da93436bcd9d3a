//! The entries of a kustomization, every value with its place.
//!
//! Values are read from trees that were checked against their Go types, so what does not fit is as good as absent.

use smol_str::SmolStr;

use crate::k8s::{Gvk, split_api_version};
use crate::origin::{Place, Placed};
use crate::yaml::Node;

use super::super::config::FieldSpec;
use super::super::go_json::get;
use super::super::resid::ResId;

/// A string with its place.
pub type Text = Placed<SmolStr>;

/// A string field; `None` when absent or empty, which is the same for kustomize.
pub(in super::super) fn text(node: &Node, key: &str) -> Option<Text> {
    let value = get(node, key)?;
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(Placed::new(text.into(), value.place()))
}

/// The plain text of a string field; empty when absent.
pub(super) fn plain(node: &Node, key: &str) -> SmolStr {
    text(node, key).map(|text| text.value).unwrap_or_default()
}

pub(super) fn flag(node: &Node, key: &str) -> bool {
    get(node, key).and_then(Node::as_bool).unwrap_or(false)
}

/// The elements of a list of strings; a null is an empty string.
pub(in super::super) fn texts(node: &Node, key: &str) -> Vec<Text> {
    let items = get(node, key).map(Node::seq_or_empty).unwrap_or_default();
    items.iter().map(|item| Placed::new(item.as_str().unwrap_or_default().into(), item.place())).collect()
}

fn list<T>(node: &Node, key: &str, read: impl Fn(&Node) -> T) -> Vec<T> {
    get(node, key).map(Node::seq_or_empty).unwrap_or_default().iter().map(read).collect()
}

/// A map of strings, sorted by key as Go's serialisation sorts it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairs(pub Vec<(Text, Text)>);

impl Pairs {
    pub(in super::super) fn read(node: &Node) -> Self {
        let mut pairs: Vec<(Text, Text)> = node
            .entries()
            .iter()
            .map(|entry| {
                let key = Placed::new(entry.key.text.clone(), entry.key.place());
                let value = entry.value.as_str().unwrap_or_default();
                (key, Placed::new(value.into(), entry.value.place()))
            })
            .collect();
        pairs.sort_by(|a, b| a.0.value.cmp(&b.0.value));
        Self(pairs)
    }

    pub(super) fn of(node: &Node, key: &str) -> Option<Self> {
        get(node, key).map(Self::read)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.0.iter().find(|(known, _)| known.value == key).map(|(_, value)| value)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An entry of `labels`.
#[derive(Debug, Clone)]
pub struct Label {
    /// The entry.
    pub place: Place,
    /// The labels.
    pub pairs: Pairs,
    /// Whether they go into selectors too.
    pub include_selectors: bool,
    /// Whether they go into pod templates too.
    pub include_templates: bool,
    /// Where else they go.
    pub fields: Vec<FieldSpec>,
}

impl Label {
    pub(in super::super) fn read(node: &Node) -> Self {
        Self {
            place: node.place(),
            pairs: Pairs::of(node, "pairs").unwrap_or_default(),
            include_selectors: flag(node, "includeSelectors"),
            include_templates: flag(node, "includeTemplates"),
            fields: list(node, "fields", field_spec),
        }
    }
}

/// A field spec as it stands in a configuration.
pub(in super::super) fn field_spec(node: &Node) -> FieldSpec {
    FieldSpec { gvk: gvk(node), path: plain(node, "path"), create: flag(node, "create") }
}

fn gvk(node: &Node) -> Gvk {
    Gvk { group: plain(node, "group"), version: plain(node, "version"), kind: plain(node, "kind") }
}

/// Selects resources: the target of a patch or replacement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Kind, name and namespace: regular expressions for patches, exact for replacements. Empty parts are any.
    pub id: ResId,
    /// A selector over annotations.
    pub annotation_selector: SmolStr,
    /// A selector over labels.
    pub label_selector: SmolStr,
}

impl Selector {
    pub(in super::super) fn read(node: &Node) -> Self {
        Self {
            id: res_id(node),
            annotation_selector: plain(node, "annotationSelector"),
            label_selector: plain(node, "labelSelector"),
        }
    }
}

fn res_id(node: &Node) -> ResId {
    ResId {
        gvk: gvk(node),
        name: plain(node, "name"),
        namespace: plain(node, "namespace"),
        cluster_scoped: false,
    }
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The whole entry.
    pub node: Node,
    /// The file that holds the patch.
    pub path: Option<Text>,
    /// The patch itself.
    pub patch: Option<Node>,
    /// What it is applied to, and where that is written.
    pub target: Option<Placed<Selector>>,
    /// Whether the patch may change names.
    pub allow_name_change: bool,
    /// Whether the patch may change kinds.
    pub allow_kind_change: bool,
}

impl Patch {
    pub(in super::super) fn read(node: &Node) -> Self {
        let options = get(node, "options");
        let option = |key| {
            let map = options.and_then(Node::as_map);
            map.and_then(|map| map.get(key)).and_then(Node::as_bool).unwrap_or(false)
        };
        Self {
            node: node.clone(),
            path: text(node, "path"),
            patch: get(node, "patch")
                .filter(|patch| patch.as_str().is_some_and(|text| !text.is_empty()))
                .cloned(),
            target: get(node, "target").map(|target| Placed::new(Selector::read(target), target.place())),
            allow_name_change: option("allowNameChange"),
            allow_kind_change: option("allowKindChange"),
        }
    }
}

/// An entry of `images`.
#[derive(Debug, Clone)]
pub struct Image {
    /// The entry.
    pub place: Place,
    /// The image to change; a regular expression in effect.
    pub name: SmolStr,
    /// Its new name.
    pub new_name: Option<Text>,
    /// Its new tag.
    pub new_tag: Option<Text>,
    /// What goes behind its tag.
    pub tag_suffix: Option<Text>,
    /// Its new digest.
    pub digest: Option<Text>,
}

impl Image {
    /// Reads an entry of `images`.
    pub fn read(node: &Node) -> Self {
        Self {
            place: node.place(),
            name: plain(node, "name"),
            new_name: text(node, "newName"),
            new_tag: text(node, "newTag"),
            tag_suffix: text(node, "tagSuffix"),
            digest: text(node, "digest"),
        }
    }
}

/// An entry of `replicas`.
#[derive(Debug, Clone)]
pub struct Replica {
    /// The entry.
    pub place: Place,
    /// The workload.
    pub name: SmolStr,
    /// How many.
    pub count: Placed<i64>,
}

impl Replica {
    pub(in super::super) fn read(node: &Node) -> Self {
        let count = get(node, "count");
        let number = count.and_then(Node::as_i64).unwrap_or(0);
        let place = count.map_or(node.place(), Node::place);
        Self { place: node.place(), name: plain(node, "name"), count: Placed::new(number, place) }
    }
}

/// How a field of a replacement is read or written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldOptions {
    /// Splits the value.
    pub delimiter: SmolStr,
    /// Which part counts.
    pub index: i64,
    /// Whether a missing field is made.
    pub create: bool,
}

impl FieldOptions {
    fn read(node: &Node) -> Self {
        Self {
            delimiter: plain(node, "delimiter"),
            index: get(node, "index").and_then(Node::as_i64).unwrap_or(0),
            create: flag(node, "create"),
        }
    }
}

/// The source of a replacement.
#[derive(Debug, Clone)]
pub struct SourceSelector {
    /// Where it is written.
    pub place: Place,
    /// The resource, exactly.
    pub id: ResId,
    /// The field; `metadata.name` by default.
    pub field_path: Option<Text>,
    /// Which part of it.
    pub options: Option<FieldOptions>,
}

/// A target of a replacement.
#[derive(Debug, Clone)]
pub struct TargetSelector {
    /// Where it is written.
    pub place: Place,
    /// The resources.
    pub select: Option<Selector>,
    /// Those to leave out.
    pub reject: Vec<Selector>,
    /// The fields; `metadata.name` by default.
    pub field_paths: Vec<Text>,
    /// How to write them.
    pub options: Option<FieldOptions>,
}

/// An entry of `replacements`.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// The entry.
    pub place: Place,
    /// A file that holds replacements.
    pub path: Option<Text>,
    /// Where the value comes from.
    pub source: Option<SourceSelector>,
    /// The value itself.
    pub source_value: Option<Text>,
    /// Where it goes; `None` when not given at all.
    pub targets: Option<Vec<TargetSelector>>,
}

impl Replacement {
    pub(in super::super) fn read(node: &Node) -> Self {
        let source = |node: &Node| SourceSelector {
            place: node.place(),
            id: res_id(node),
            field_path: text(node, "fieldPath"),
            options: get(node, "options").map(FieldOptions::read),
        };
        let target = |node: &Node| TargetSelector {
            place: node.place(),
            select: get(node, "select").map(Selector::read),
            reject: list(node, "reject", Selector::read),
            field_paths: texts(node, "fieldPaths"),
            options: get(node, "options").map(FieldOptions::read),
        };
        // An empty `sourceValue` is a value, unlike other empty strings.
        let value = get(node, "sourceValue");
        Self {
            place: node.place(),
            path: text(node, "path"),
            source: get(node, "source").map(source),
            source_value: value.and_then(|value| Some(Placed::new(value.as_str()?.into(), value.place()))),
            targets: get(node, "targets").map(|targets| targets.seq_or_empty().iter().map(target).collect()),
        }
    }
}

/// An entry of `vars`.
#[derive(Debug, Clone)]
pub struct Var {
    /// The entry.
    pub place: Place,
    /// Its name.
    pub name: SmolStr,
    /// The object it is taken from.
    pub id: ResId,
    /// The field it is taken from.
    pub field_path: SmolStr,
}

impl Var {
    pub(super) fn read(node: &Node) -> Self {
        let empty = Node::map(crate::yaml::Map::new(), node.place());
        let object = get(node, "objref").unwrap_or(&empty);
        let api_version = plain(object, "apiVersion");
        let mut id = res_id(object);
        if !api_version.is_empty() && api_version.matches('/').count() <= 1 {
            let (group, version) = split_api_version(&api_version);
            if api_version.contains('/') {
                id.gvk.group = group.into();
            }
            id.gvk.version = version.into();
        }
        let field_path = get(node, "fieldref").map(|field| plain(field, "fieldPath"));
        let field_path = field_path.filter(|path| !path.is_empty()).unwrap_or_else(|| "metadata.name".into());
        Self { place: node.place(), name: plain(node, "name"), id, field_path }
    }
}

/// `sortOptions`.
#[derive(Debug, Clone)]
pub struct SortOptions {
    /// Where it is written.
    pub place: Place,
    /// `legacy` or `fifo`.
    pub order: SmolStr,
    /// Kinds that come first and last, when given.
    pub legacy: Option<(Vec<SmolStr>, Vec<SmolStr>)>,
}

impl SortOptions {
    pub(super) fn read(node: &Node) -> Self {
        let kinds = |node: &Node, key| texts(node, key).into_iter().map(|text| text.value).collect();
        Self {
            place: node.place(),
            order: plain(node, "order"),
            legacy: get(node, "legacySortOptions")
                .map(|legacy| (kinds(legacy, "orderFirst"), kinds(legacy, "orderLast"))),
        }
    }
}
