//! References, and what collects those of one object.

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::Node;

/// How an object names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A field made for it.
    Field,
    /// A DNS name inside a text.
    Dns,
    /// A value of a chart that is not here.
    Values,
    /// A field of a custom resource that by its name holds one: its controller may as well make what it names.
    Custom,
}

/// A name in one object that stands for another object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Group of the named object.
    pub group: SmolStr,
    /// Kind of the named object.
    pub kind: SmolStr,
    /// Its namespace, where the field says it; `None` means the namespace of the object itself.
    pub namespace: Option<SmolStr>,
    /// Its name.
    pub name: SmolStr,
    /// The key of a Secret or ConfigMap, the port (name or number) of a Service.
    pub key: Option<SmolStr>,
    /// Whether the object works without it.
    pub optional: bool,
    /// Where the name is written.
    pub place: Place,
    /// Where the key is written, when there is one.
    pub key_place: Option<Place>,
    /// Path of the field that holds the name.
    pub field: Box<str>,
    /// How it is named.
    pub via: Via,
}

/// Collects the references of one object.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pub(super) found: Vec<Reference>,
}

impl Collector {
    /// Adds the object named by a node; nothing when the node is no text or empty, or holds a placeholder.
    pub(super) fn add(
        &mut self,
        group: &str,
        kind: &str,
        name: Option<&Node>,
        field: String,
    ) -> Option<&mut Reference> {
        let name = name?;
        let text = name.as_str().filter(|text| is_plain(text))?;
        self.found.push(Reference {
            group: group.into(),
            kind: kind.into(),
            namespace: None,
            name: text.into(),
            key: None,
            optional: false,
            place: name.place(),
            key_place: None,
            field: field.into(),
            via: Via::Field,
        });
        self.found.last_mut()
    }

    /// Adds `{name, key, optional}` as in `secretKeyRef`.
    pub(super) fn add_selector(&mut self, kind: &str, node: &Node, field: &str) {
        let optional = flag(node, "optional");
        let key = node.get("key");
        if let Some(reference) = self.add("", kind, node.get("name"), format!("{field}.name")) {
            reference.optional = optional;
            reference.set_key(key);
        }
    }
}

impl Reference {
    /// Sets the key from a node that holds a text or a number.
    pub(super) fn set_key(&mut self, key: Option<&Node>) {
        let Some(key) = key else { return };
        let Some(text) = key.scalar().filter(|text| !key.is_null() && is_plain(text)) else { return };
        self.key = Some(text.clone());
        self.key_place = Some(key.place());
    }

    /// Sets the namespace from a node, when it says one.
    pub(super) fn set_namespace(&mut self, namespace: Option<&Node>) {
        if let Some(text) = namespace.and_then(Node::as_str).filter(|text| !text.is_empty()) {
            self.namespace = Some(text.into());
        }
    }
}

/// Whether a text can be a name: placeholders of other tools, and what SOPS encrypted, are not.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['$', '{', '<', '[', '%', ' ', '/'])
}

pub(super) fn flag(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::as_bool).unwrap_or(false)
}
