//! What the values of `app-template` say of each other: its controllers and containers are named all over them.

use crate::origin::Place;
use crate::yaml::Node;

use super::release_values::has_known_chart;

/// A name in the values that stands for no controller or container of theirs.
#[derive(Debug)]
pub struct Unmatched<'a> {
    /// The name.
    pub name: &'a str,
    /// Where it stands.
    pub place: Place,
    /// Its field.
    pub field: String,
    /// `controller` or `container`.
    pub what: &'static str,
    /// The names that there are.
    pub known: Vec<&'a str>,
}

fn names(node: Option<&Node>) -> Vec<&str> {
    node.map(Node::entries).unwrap_or_default().iter().map(|entry| entry.key.text.as_str()).collect()
}

/// All names in the values of a HelmRelease of `app-template` that stand for a controller or container which the values lack. Volumes
/// that are mounted there are mounted nowhere, and a Service of none fails.
pub fn unmatched(object: &Node) -> Vec<Unmatched<'_>> {
    let Some(values) = object.at_path(&["spec", "values"]).filter(|_| has_known_chart(object)) else {
        return Vec::new();
    };
    let Some(controllers) = values.get("controllers").filter(|it| !it.entries().is_empty()) else {
        return Vec::new();
    };
    // Versions that have one of their own call it so.
    let known = names(Some(controllers));
    let lacks = |name: &str| name != "main" && !known.contains(&name) && !name.contains(['$', '{']);
    let mut found = Vec::new();
    for section in ["service", "networkpolicies", "serviceMonitor"] {
        for item in values.get(section).map(Node::entries).unwrap_or_default() {
            let Some(controller) = item.value.get("controller") else { continue };
            if let Some(name) = controller.as_str().filter(|name| lacks(name)) {
                let field = format!("spec.values.{section}.{}.controller", item.key.text);
                let (place, known) = (controller.place(), known.clone());
                found.push(Unmatched { name, place, field, what: "controller", known });
            }
        }
    }
    for item in values.get("persistence").map(Node::entries).unwrap_or_default() {
        if item.value.get("enabled").and_then(Node::as_bool) == Some(false) {
            continue;
        }
        for entry in item.value.get("advancedMounts").map(Node::entries).unwrap_or_default() {
            let field =
                format!("spec.values.persistence.{}.advancedMounts.{}", item.key.text, entry.key.text);
            let name = entry.key.text.as_str();
            let Some(controller) = controllers.get(name) else {
                if lacks(name) {
                    let (place, known) = (entry.key.place(), known.clone());
                    found.push(Unmatched { name, place, field, what: "controller", known });
                }
                continue;
            };
            let mut containers = names(controller.get("containers"));
            if containers.is_empty() {
                continue;
            }
            containers.extend(names(controller.get("initContainers")));
            for container in entry.value.entries() {
                let name = container.key.text.as_str();
                if name != "main" && !containers.contains(&name) && !name.contains(['$', '{']) {
                    found.push(Unmatched {
                        name,
                        place: container.key.place(),
                        field: format!("{field}.{name}"),
                        what: "container",
                        known: containers.clone(),
                    });
                }
            }
        }
    }
    found
}
