//! References between Flux objects, and the objects that they lead to.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::{Origins, Place, Placed, Shift};
use crate::yaml::Node;

/// Text with its place.
pub type Text = Placed<SmolStr>;

/// An object that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// Kind; the group follows from it.
    pub kind: SmolStr,
    /// Namespace: the one written, else that of the object that names it.
    pub namespace: SmolStr,
    /// Name.
    pub name: SmolStr,
    /// Where the name is written.
    pub place: Place,
}

impl ObjectName {
    /// The API group of the kinds that Flux objects name.
    pub fn group(&self) -> &'static str {
        match self.kind.as_str() {
            "Kustomization" => "kustomize.toolkit.fluxcd.io",
            "HelmRelease" => "helm.toolkit.fluxcd.io",
            "ConfigMap" | "Secret" => "",
            _ => SOURCE_GROUP,
        }
    }

    /// A reference block: `kind`, `name` and perhaps `namespace`.
    pub(super) fn read(block: &Node, kind: &str, namespace: &str) -> Option<Self> {
        let name = block.get("name")?;
        let text = |key: &str| block.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
        Some(Self {
            kind: SmolStr::new(text("kind").unwrap_or(kind)),
            namespace: SmolStr::new(text("namespace").unwrap_or(namespace)),
            name: SmolStr::new(name.as_str()?),
            place: name.place(),
        })
    }
}

/// The group of sources.
pub const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";

/// Kinds of sources.
pub const SOURCE_KINDS: [&str; 6] =
    ["GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ExternalArtifact"];

/// An object that was found.
#[derive(Debug, Clone)]
pub struct Input {
    /// Who names it.
    pub name: ObjectName,
    /// The object.
    pub node: Arc<Node>,
    /// The steps that places in `node` refer to.
    pub origins: Arc<Origins>,
    /// Whether something applies it to the cluster of whoever names it. A document of that name that nothing applies shows
    /// what the real one may hold, not all that it holds.
    pub applied: bool,
}

/// The objects that a Kustomization or HelmRelease names, as far as the repository shows them.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    found: Vec<Input>,
}

impl Inputs {
    /// Adds an object.
    pub fn add(&mut self, input: Input) {
        self.found.push(input);
    }

    /// The objects, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Input> {
        self.found.iter()
    }

    /// The object behind a reference.
    pub fn get(&self, name: &ObjectName) -> Option<&Input> {
        self.found.iter().find(|input| {
            let it = &input.name;
            it.kind == name.kind && it.name == name.name && it.namespace == name.namespace
        })
    }
}

/// A place of an input's object, once its steps are part of the render's own.
pub(super) fn shifted(place: Place, shift: Shift) -> Place {
    Place { at: place.at, origin: shift.apply(place.origin) }
}

/// The text of a key, when it is a string that is not empty.
pub(super) fn text(node: &Node, key: &str) -> Option<Text> {
    let value = node.get(key)?;
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(Placed::new(SmolStr::new(text), value.place()))
}

/// The strings of a list.
pub(super) fn texts(node: Option<&Node>) -> Vec<Text> {
    let items = node.map(Node::seq_or_empty).unwrap_or_default();
    items.iter().filter_map(|item| Some(Placed::new(SmolStr::new(item.as_str()?), item.place()))).collect()
}

/// A flag; absent means no.
pub(super) fn flag(node: Option<&Node>, key: &str) -> bool {
    node.and_then(|node| node.get(key)).and_then(Node::as_bool).unwrap_or(false)
}

/// What Kustomizations and HelmReleases have in common.
pub(super) struct Head {
    pub(super) name: SmolStr,
    pub(super) namespace: SmolStr,
    /// Where the name is written, else the whole object.
    pub(super) place: Place,
    /// `spec.dependsOn`: objects of the same kind.
    pub(super) depends_on: Vec<ObjectName>,
    /// `spec.suspend`.
    pub(super) suspended: bool,
    /// Whether `spec.kubeConfig` sends the objects to another cluster.
    pub(super) remote: bool,
}

impl Head {
    pub(super) fn of(node: &Node, kind: &'static str) -> Self {
        let (name, namespace, place) = identity(node);
        let spec = node.get("spec");
        let depends_on = spec.map(|spec| spec.items(&["dependsOn"])).unwrap_or_default();
        let same_kind = |item: &Node| {
            let object = ObjectName::read(item, kind, &namespace)?;
            Some(ObjectName { kind: SmolStr::new_static(kind), ..object })
        };
        let kube_config = spec.and_then(|spec| spec.get("kubeConfig"));
        Self {
            depends_on: depends_on.iter().filter_map(same_kind).collect(),
            suspended: flag(spec, "suspend"),
            remote: kube_config.is_some_and(|it| !it.is_null()),
            name,
            namespace,
            place,
        }
    }
}

/// What every object has: its name, its namespace, and where the name is written.
pub(super) fn identity(node: &Node) -> (SmolStr, SmolStr, Place) {
    let metadata = node.get("metadata");
    let part = |key| metadata.and_then(|metadata| text(metadata, key));
    let name = part("name");
    let place = name.as_ref().map_or_else(|| node.place(), |name| name.place);
    let value = |text: Option<Text>| text.map(|text| text.value).unwrap_or_default();
    (value(name), value(part("namespace")), place)
}
