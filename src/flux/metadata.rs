//! Labels and annotations that both controllers put on what they apply.

use crate::k8s::set_text;
use crate::origin::{Name, Origins};
use crate::yaml::Node;

const COMMON_METADATA: Name = Name::new(&"commonMetadata");

/// Sets `spec.commonMetadata` of `owner`, and the labels `GROUP/name` and `GROUP/namespace` that say who owns the
/// object, as a step of `by`.
pub(super) fn set_metadata(object: &mut Node, owner: &Node, group: &str, by: Name, origins: &mut Origins) {
    let common = owner.at_path(&["spec", "commonMetadata"]);
    for field in ["labels", "annotations"] {
        for entry in common.and_then(|common| common.get(field)).map(Node::entries).unwrap_or_default() {
            let (key, text) = (&entry.key.text, entry.value.scalar_text().unwrap_or_default());
            set_text(object, &["metadata", field], key, text, entry.value.place(), COMMON_METADATA, origins);
        }
    }
    for key in ["name", "namespace"] {
        let node = owner.at_path(&["metadata", key]);
        let place = node.map_or(owner.place(), Node::place);
        let text = node.and_then(Node::as_str).unwrap_or_default();
        set_text(object, &["metadata", "labels"], &format!("{group}/{key}"), text, place, by, origins);
    }
}
