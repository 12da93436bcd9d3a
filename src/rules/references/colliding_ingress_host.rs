//! `colliding-ingress-host`: see the page.

use std::collections::BTreeMap;

use crate::repo::{Inventory, ObjectFacts};
use crate::rules::missing;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "colliding-ingress-host",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "Two Ingresses serve the same host and path."
);

pub(crate) struct CollidingIngressHost;

/// Annotations by which a controller keeps Ingresses apart.
const SEPARATE: [&str; 3] =
    ["/router.entrypoints", "alb.ingress.kubernetes.io/scheme", "alb.ingress.kubernetes.io/group.name"];

/// The object, the node that takes it, and its index.
type Use<'a> = (&'a ObjectFacts, &'a Node, usize);

impl Rule for CollidingIngressHost {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut routes: BTreeMap<(String, String, String), Vec<Use<'_>>> = BTreeMap::new();
        let ingresses =
            inventory.objects.iter().filter(|it| it.is("networking.k8s.io", "Ingress") && !it.hook);
        for object in ingresses.filter(|it| missing::is_deployed(inventory, it)) {
            let Some(node) = object.node.as_deref() else { continue };
            let annotations = node.at_path(&["metadata", "annotations"]);
            let canary = annotations
                .map(Node::entries)
                .unwrap_or_default()
                .iter()
                .any(|entry| entry.key.text.contains("canary"));
            if canary {
                continue;
            }
            let class = node
                .at_path(&["spec", "ingressClassName"])
                .or_else(|| annotations?.get("kubernetes.io/ingress.class"));
            let mut class = class.and_then(Node::as_str).unwrap_or_default().to_owned();
            // One controller may listen on several ports, or run several balancers.
            for entry in annotations.map(Node::entries).unwrap_or_default() {
                if SEPARATE.iter().any(|end| entry.key.text.ends_with(end)) {
                    class.push(' ');
                    class.push_str(entry.value.as_str().unwrap_or_default());
                }
            }
            for (index, rule) in node.items(&["spec", "rules"]).iter().enumerate() {
                let Some(host) = rule.get("host") else { continue };
                let Some(text) = host.as_str().filter(|text| !text.is_empty() && !text.contains(['$', '{']))
                else {
                    continue;
                };
                for path in rule.items(&["http", "paths"]) {
                    let path = path.get("path").and_then(Node::as_str).unwrap_or("/");
                    routes
                        .entry((class.clone(), text.to_owned(), path.to_owned()))
                        .or_default()
                        .push((object, host, index));
                }
            }
        }
        for ((_, text, path), users) in routes {
            for (at, (object, host, index)) in users.iter().enumerate() {
                let rival = users.iter().take(at).find(|(other, ..)| {
                    (other.name != object.name || other.namespace != object.namespace)
                        && inventory.may_meet(other.app, object.app)
                });
                let Some((other, first, _)) = rival else { continue };
                let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
                let mut object_ref = object.to_ref(cluster);
                object_ref.field = Some(format!("spec.rules[{index}].host"));
                let message = format!(
                    "Ingress `{}` serves `{text}{path}`, which Ingress `{}` serves too",
                    object.name, other.name
                );
                cx.report(host.place(), message)
                    .apps([object.app, other.app])
                    .object_ref(object_ref)
                    .related(first.place(), "served here too")
                    .help("give each its own host or path");
            }
        }
    }
}
