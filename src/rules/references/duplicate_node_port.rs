//! `duplicate-node-port`: see the page.

use std::collections::BTreeMap;

use crate::repo::{Inventory, ObjectFacts};
use crate::rules::missing;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "duplicate-node-port",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "Two Services claim the same node port."
);

pub(crate) struct DuplicateNodePort;

/// The object, the node that takes it, and its index.
type Use<'a> = (&'a ObjectFacts, &'a Node, usize);

impl Rule for DuplicateNodePort {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut ports: BTreeMap<(i64, String), Vec<Use<'_>>> = BTreeMap::new();
        for object in
            inventory.objects.iter().filter(|it| it.is("", "Service") && missing::is_deployed(inventory, it))
        {
            let Some(node) = object.node.as_deref() else { continue };
            for (index, port) in node.items(&["spec", "ports"]).iter().enumerate() {
                let Some(number) = port.get("nodePort") else { continue };
                let protocol = port.get("protocol").and_then(Node::as_str).unwrap_or("TCP").to_owned();
                if let Some(value) = number.as_i64().filter(|value| *value > 0) {
                    ports.entry((value, protocol)).or_default().push((object, number, index));
                }
            }
        }
        for ((port, _), users) in ports {
            for (at, (object, node, index)) in users.iter().enumerate() {
                let rival = users.iter().take(at).find(|(other, ..)| {
                    (other.name != object.name || other.namespace != object.namespace)
                        && inventory.may_meet(other.app, object.app)
                });
                let Some((other, first, _)) = rival else { continue };
                let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
                let mut object_ref = object.to_ref(cluster);
                object_ref.field = Some(format!("spec.ports[{index}].nodePort"));
                let message = format!(
                    "Service `{}` claims node port {port}, which Service `{}` has",
                    object.name, other.name
                );
                cx.report(node.place(), message)
                    .apps([object.app, other.app])
                    .object_ref(object_ref)
                    .related(first.place(), "claimed here first")
                    .help("choose another port, or leave `nodePort` out to get a free one");
            }
        }
    }
}
