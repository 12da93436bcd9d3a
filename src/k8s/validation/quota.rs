//! ResourceQuotas and LimitRanges.

use std::collections::BTreeSet;

use crate::k8s::node_quantity;

use super::at::{At, Found, final_text};
use super::container::resource_name_error;
use super::selectors::negative;
use super::shape::Shape;

/// Resources that are known by a name without a domain.
const KNOWN: [&str; 20] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

fn is_compute(name: &str) -> bool {
    let name = name.strip_prefix("requests.").or_else(|| name.strip_prefix("limits.")).unwrap_or(name);
    matches!(name, "cpu" | "memory")
}

pub(super) fn quota(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    for (entry, value) in spec.entries("hard") {
        let name = entry.key.text.as_str();
        if name.contains(['$', '{']) {
            continue;
        }
        let pages = name.strip_prefix("requests.").unwrap_or(name).starts_with("hugepages-");
        if Shape::Qualified.error(name).is_some()
            || !name.contains('/') && !pages && !KNOWN.contains(&name)
            || name == "storage"
        {
            found.wrong_key(&value, entry, format!("`{name}` is no resource that a quota can bound"), None);
            continue;
        }
        if negative(value.node) {
            found.wrong(&value, "a quantity must not be negative");
        }
        let counted =
            matches!(name, "pods" | "resourcequotas" | "services" | "replicationcontrollers" | "secrets")
                || matches!(
                    name,
                    "configmaps" | "persistentvolumeclaims" | "services.nodeports" | "services.loadbalancers"
                )
                || name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.");
        if counted && matches!(node_quantity(value.node), Ok(Some(it)) if it.fract() != 0.0) {
            found.wrong(&value, format!("`{name}` must be a whole number"));
        }
    }
    found.not_null(&spec, &["scopes"]);
    for scope in spec.items("scopes") {
        if let Some(text) = final_text(scope.node) {
            self::scope(text, &scope, &spec, found);
        }
    }
    let scopes: Vec<&str> =
        spec.node.items(&["scopes"]).iter().filter_map(crate::yaml::Node::as_str).collect();
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|scope| scopes.contains(scope)) {
            found.not_with(&spec, "scopes", format!("`{}` and `{}` exclude each other", pair[0], pair[1]));
        }
    }
    let Some(selector) = spec.get("scopeSelector") else { return };
    for item in selector.items("matchExpressions").filter(At::is_map) {
        let (name, operator) = (item.text("scopeName"), item.text("operator"));
        if let Some(at) = item.get("scopeName") {
            scope(name, &at, &spec, found);
        }
        let named = matches!(name, "PriorityClass" | "VolumeAttributesClass" | "");
        if !named && operator != "Exists" {
            found.not_with(&item, "operator", format!("the scope `{name}` takes `operator: Exists`"));
        }
        match operator {
            "In" | "NotIn" => found.need(&item, &["values"]),
            "Exists" | "DoesNotExist" if item.is_filled("values") => {
                found.not_with(&item, "values", format!("`operator: {operator}` takes no `values`"));
            }
            "Exists" | "DoesNotExist" => {}
            _ => {
                found.fill(&item, &["operator"]);
                found.one_of(&item, "operator", &["In", "NotIn", "Exists", "DoesNotExist"]);
            }
        }
    }
}

/// Whether a scope is one, and fits to what is bounded.
fn scope(name: &str, at: &At<'_>, spec: &At<'_>, found: &mut Found) {
    let storage = |resource: &str| matches!(resource, "persistentvolumeclaims" | "requests.storage");
    let fits = |resource: &str| match name {
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => storage(resource),
        _ => resource == "pods" || is_compute(resource),
    };
    match name {
        "BestEffort"
        | "NotBestEffort"
        | "Terminating"
        | "NotTerminating"
        | "PriorityClass"
        | "VolumeAttributesClass"
        | "CrossNamespacePodAffinity" => {}
        _ => {
            found.wrong(at, format!("`{name}` is no scope of a quota"));
            return;
        }
    }
    for entry in spec.node.get("hard").map(crate::yaml::Node::entries).unwrap_or_default() {
        let resource = entry.key.text.as_str();
        if KNOWN.contains(&resource) && !fits(resource) {
            found.wrong(at, format!("the scope `{name}` cannot bound `{resource}`"));
            return;
        }
    }
}

pub(super) fn limits(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    for limit in spec.items("limits").filter(At::is_map) {
        let kind = limit.text("type");
        found.fill(&limit, &["type"]);
        let known =
            matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim" | "") || kind.contains(['/', '$']);
        if !known {
            found.not_with(&limit, "type", format!("`{kind}` is no type of limit"));
        }
        found.shape(&limit, "type", Shape::Qualified);
        if !kinds.insert(kind.to_owned()) {
            found.not_with(&limit, "type", format!("there are two limits of the type `{kind}`"));
        }
        names(&limit, kind, found);
        if kind == "Pod" {
            for name in ["default", "defaultRequest"].into_iter().filter(|name| limit.is_filled(name)) {
                found.not_with(&limit, name, format!("`{name}` cannot be set with `type: Pod`"));
            }
        }
        let bounds_storage = |name: &str| limit.node.at_path(&[name, "storage"]).is_some();
        if kind == "PersistentVolumeClaim" && !bounds_storage("min") && !bounds_storage("max") {
            found.lack(&limit, "", "a limit of claims needs `min.storage` or `max.storage`", None);
        }
        order(&limit, kind, found);
    }
}

fn names(limit: &At<'_>, kind: &str, found: &mut Found) {
    for section in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        for (entry, value) in limit.entries(section) {
            let name = entry.key.text.as_str();
            let good = match kind {
                _ if name.contains(['$', '{']) => true,
                "Pod" | "Container" => resource_name_error(name).is_none(),
                _ => Shape::Qualified.error(name).is_none() && (name.contains('/') || KNOWN.contains(&name)),
            };
            if !good {
                found.wrong_key(
                    &value,
                    entry,
                    format!("`{name}` is no resource that can be bounded here"),
                    None,
                );
            }
        }
    }
}

/// min <= defaultRequest <= default <= max, and the ratio of the outer two.
fn order(limit: &At<'_>, kind: &str, found: &mut Found) {
    let value = |section: &str, name: &str| {
        limit.node.at_path(&[section, name]).and_then(|it| node_quantity(it).ok().flatten())
    };
    let sections: &[&str] =
        if kind == "Pod" { &["min", "max"] } else { &["min", "defaultRequest", "default", "max"] };
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for section in sections.iter().chain(&["maxLimitRequestRatio"]) {
        names.extend(
            limit
                .node
                .get(section)
                .map(crate::yaml::Node::entries)
                .unwrap_or_default()
                .iter()
                .map(|it| it.key.text.as_str()),
        );
    }
    for name in names {
        let known: Vec<(&str, f64)> =
            sections.iter().filter_map(|section| Some((*section, value(section, name)?))).collect();
        for (index, (lower, least)) in known.iter().enumerate() {
            if let Some((upper, _)) = known.iter().skip(index + 1).find(|(_, most)| least > most)
                && let Some(at) = limit.get(lower)
            {
                found.wrong(&at, format!("`{lower}` of `{name}` is above its `{upper}`"));
            }
        }
        if let Some(ratio) = value("maxLimitRequestRatio", name)
            && let Some(at) = limit.get("maxLimitRequestRatio")
        {
            if ratio < 1.0 {
                found.wrong(&at, format!("the ratio of `{name}` must be at least 1"));
            }
            if let (Some(least), Some(most)) = (value("min", name), value("max", name))
                && least > 0.0
                && ratio > most / least
            {
                found.wrong(&at, format!("the ratio of `{name}` is more than `max` by `min`"));
            }
        }
        let free =
            !name.starts_with("hugepages-") && (!name.contains('/') || name.contains("kubernetes.io/"));
        if let (Some(first), Some(second)) = (value("default", name), value("defaultRequest", name))
            && !free
            && kind != "Pod"
            && first != second
        {
            found.not_with(
                limit,
                "defaultRequest",
                format!("`default` and `defaultRequest` of `{name}` must be the same"),
            );
        }
    }
}
