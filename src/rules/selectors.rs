//! What the rules about selectors share: where a selector looks.

use crate::k8s;
use crate::repo::ObjectFacts;
use crate::world::{Selectable, World};
use crate::yaml::Node;

/// The namespaces that a monitor looks into; `None` is all.
pub(super) fn namespaces(object: &ObjectFacts) -> Option<Vec<&str>> {
    let node = object.node.as_deref()?;
    let Some(selector) =
        node.at_path(&["spec", "namespaceSelector"]).filter(|_| object.group == "monitoring.coreos.com")
    else {
        return Some(vec![object.namespace.as_str()]);
    };
    if selector.get("any").and_then(Node::as_bool) == Some(true) {
        return None;
    }
    let names: Vec<&str> = selector.items(&["matchNames"]).iter().filter_map(Node::as_str).collect();
    Some(if names.is_empty() { vec![object.namespace.as_str()] } else { names })
}

/// What may be selected: the objects of the namespaces.
pub(super) fn candidates<'a>(
    world: &World<'a>,
    object: &ObjectFacts,
    namespaces: Option<&[&str]>,
) -> Vec<&'a ObjectFacts> {
    match namespaces {
        Some(names) => names.iter().flat_map(|name| world.in_namespace(object.app, name)).collect(),
        None => world.in_namespace(object.app, "").collect(),
    }
}

/// The Services that a ServiceMonitor selects; `None` where some of them may not be rendered.
pub(super) fn monitored<'a>(world: &World<'a>, monitor: &ObjectFacts) -> Option<Vec<&'a ObjectFacts>> {
    let selector = monitor.node.as_deref()?.at_path(&["spec", "selector"])?;
    let namespaces = namespaces(monitor);
    let opaque = |namespace: &str| {
        world.open(monitor.app, namespace, namespace.is_empty()).is_some()
            || world.has_operator(monitor.app, namespace)
    };
    let names = namespaces.as_deref();
    if names.map_or_else(|| opaque(""), |names| names.iter().any(|name| opaque(name))) {
        return None;
    }
    let labels = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
    let selected = |target: &&ObjectFacts| {
        let own = target.node.as_deref().and_then(|node| node.at_path(&["metadata", "labels"]));
        k8s::selects(selector, &|name| own?.get(name)?.scalar_text())
    };
    let services = |name: &&str| world.labelled(monitor.app, Selectable::Services, name, labels);
    Some(match &names {
        Some(names) => names.iter().flat_map(services).filter(selected).collect(),
        None => {
            let all = world.of_kind_in(monitor.app, "", "Service").filter(|it| it.group.is_empty());
            all.filter(selected).collect()
        }
    })
}
