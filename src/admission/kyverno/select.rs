//! `match` and `exclude`: which objects a rule is about. Mirrors `pkg/engine/utils/match.go` and `pkg/utils/match`.

use smol_str::SmolStr;

use crate::k8s::{selects, selects_all};
use crate::yaml::{Key, Map, Node};

use super::super::policy::{Subject, Surroundings};
use super::scalar::wildcard;

/// Which kinds a filter is about, beside those that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kinds {
    /// As written.
    Named,
    /// Where it names Pod, the workload that makes pods.
    OfPods,
    /// The workload that makes pods, whatever it names.
    Any,
}

/// What becomes of a filter that asks who asks, which is not known. The first two are what Kyverno's CLI does about nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// It is about everybody.
    Everybody,
    /// It is about nobody.
    Nobody,
    /// That cannot be said.
    Unknown,
}

/// What a filter says of who asks.
const WHO: [&str; 3] = ["subjects", "roles", "clusterRoles"];

/// Whether a rule is about some users only, or spares some.
pub(super) fn asks_who(rule: &Node) -> bool {
    let blocks = [rule.get("match"), rule.get("exclude")].into_iter().flatten();
    let mut filters = blocks.flat_map(|block| filters(block).0);
    filters.any(|filter| WHO.iter().any(|key| !filter.items(&[key]).is_empty()))
}

/// The filters of a block, and whether all must match.
pub(super) fn filters(block: &Node) -> (Vec<&Node>, bool) {
    let listed = |key: &str| Some(block.get(key)?.seq_or_empty()).filter(|list| !list.is_empty());
    match (listed("any"), listed("all")) {
        (Some(any), _) => (any.iter().collect(), false),
        (None, Some(all)) => (all.iter().collect(), true),
        (None, None) => (vec![block], true),
    }
}

fn texts<'n>(node: &'n Node, key: &str) -> Vec<&'n str> {
    node.items(&[key]).iter().filter_map(Node::as_str).collect()
}

pub(super) fn kinds_of(resources: &Node) -> Vec<&str> {
    texts(resources, "kinds")
}

/// Whether kinds name Pod, in a version or not: `ContainsKind`.
pub(super) fn contains_pod(kinds: &[&str]) -> bool {
    let last = |kind: &str| kind.rsplit('/').next().map(|it| it.split('.').next() == Some("Pod"));
    kinds.iter().any(|kind| last(kind) == Some(true) || kind.starts_with("Pod/"))
}

pub(super) fn is_about(
    rule: &Node,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
    kinds: Kinds,
) -> Result<bool, String> {
    let Some(block) = rule.get("match") else { return Ok(false) };
    if !in_block(block, subject, world, (kinds, Who::Everybody))? {
        return Ok(false);
    }
    match rule.get("exclude").filter(|it| !it.entries().is_empty()) {
        Some(block) => Ok(!in_block(block, subject, world, (kinds, Who::Nobody))?),
        None => Ok(true),
    }
}

/// Whether an object is in a block of filters; a filter that asks nothing is about nothing.
pub(super) fn in_block(
    block: &Node,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
    about: (Kinds, Who),
) -> Result<bool, String> {
    let (filters, all) = filters(block);
    let mut unknown = None;
    for filter in filters {
        match in_filter(filter, subject, world, about) {
            Ok(is) if is != all => return Ok(is),
            Ok(_) => {}
            Err(why) => unknown = Some(why),
        }
    }
    unknown.map_or(Ok(all), Err)
}

fn in_filter(
    filter: &Node,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
    (as_kinds, about): (Kinds, Who),
) -> Result<bool, String> {
    let asks = WHO.iter().find(|key| !filter.items(&[key]).is_empty());
    let who = |key: &&str| match about {
        Who::Everybody => Ok(true),
        Who::Nobody => Ok(false),
        Who::Unknown => Err(format!("it asks for `{key}`, and who asks is not known")),
    };
    let Some(resources) = filter.get("resources").filter(|it| !it.entries().is_empty()) else {
        // One that says nothing else is then empty, and about nothing.
        return asks.filter(|_| about == Who::Unknown).map_or(Ok(false), who);
    };
    let kinds = kinds_of(resources);
    let mut named = kinds.is_empty()
        || match as_kinds {
            Kinds::Named => false,
            Kinds::OfPods => contains_pod(&kinds),
            Kinds::Any => true,
        };
    for wanted in kinds {
        named |= is_kind(wanted, subject);
    }
    let matching = |key: &str, text: &str| {
        let wanted = texts(resources, key);
        wanted.is_empty() || wanted.iter().any(|it| wildcard(it, text))
    };
    let name = resources.get("name").and_then(Node::as_str).is_none_or(|it| wildcard(it, subject.name));
    let operations = texts(resources, "operations");
    let operation = operations.is_empty() || operations.contains(&subject.operation());
    if !named || !name || !operation || !matching("names", subject.name) {
        return Ok(false);
    }
    let namespace = if subject.kind == "Namespace" { subject.name } else { subject.namespace };
    if !matching("namespaces", namespace) {
        return Ok(false);
    }
    let labels = subject.node.at_path(&["metadata", "labels"]);
    if let Some(selector) = resources.get("selector").filter(|it| !it.is_null())
        && !selected(selector, labels, &|name| labels?.get(name)?.scalar_text())
    {
        return Ok(false);
    }
    for entry in resources.get("annotations").map(Node::entries).unwrap_or_default() {
        let annotations = subject.node.at_path(&["metadata", "annotations"]).map(Node::entries);
        let wanted = entry.value.scalar_text().unwrap_or_default();
        let is = |has: &crate::yaml::Entry| {
            let text = has.value.scalar_text();
            wildcard(&entry.key.text, &has.key.text) && text.is_some_and(|text| wildcard(wanted, text))
        };
        if !annotations.unwrap_or_default().iter().any(is) {
            return Ok(false);
        }
    }
    if let Some(selector) = resources.get("namespaceSelector").filter(|it| !it.is_null()) {
        if subject.kind == "Namespace" {
            return Ok(false);
        }
        if !in_namespace(selector, subject, world)? {
            return Ok(false);
        }
    }
    asks.map_or(Ok(true), who)
}

/// Whether the namespace of an object has such labels; `Err` where they are not known.
pub(super) fn in_namespace(
    selector: &Node,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
) -> Result<bool, String> {
    if selects_all(selector) {
        return Ok(true);
    }
    if !subject.namespaced {
        return Ok(selected(selector, None, &|_| None));
    }
    let Some(node) = world.namespace(subject.namespace) else {
        return Err(format!("the labels of namespace `{}` are not known here", subject.namespace));
    };
    let labels = node.at_path(&["metadata", "labels"]);
    Ok(selected(selector, labels, &|name| match name {
        "kubernetes.io/metadata.name" => Some(subject.namespace),
        name => labels?.get(name)?.scalar_text(),
    }))
}

/// A selector whose keys and values may have wildcards: `ReplaceInSelector`.
fn selected<'a>(selector: &Node, labels: Option<&Node>, label: &dyn Fn(&str) -> Option<&'a str>) -> bool {
    let is_open = |text: &str| text.contains(['*', '?']);
    let open = selector.get("matchLabels").map(Node::entries).unwrap_or_default();
    if !open.iter().any(|it| is_open(&it.key.text) || it.value.scalar_text().is_some_and(is_open)) {
        return selects(selector, label);
    }
    let mut expanded = selector.clone();
    let mut wanted = Map::new();
    for entry in open {
        let value = entry.value.scalar_text().unwrap_or_default();
        let found = labels.map(Node::entries).unwrap_or_default().iter().find(|has| {
            wildcard(&entry.key.text, &has.key.text)
                && has.value.scalar_text().is_some_and(|text| wildcard(value, text))
        });
        let place = entry.value.place();
        let plain = |text: &str| -> SmolStr { text.replace(['*', '?'], "0").into() };
        match found {
            Some(has) => wanted.insert(has.key.clone(), has.value.clone()),
            None => wanted.insert(Key::new(plain(&entry.key.text), place), Node::string(plain(value), place)),
        };
    }
    if let Some(map) = expanded.as_map_mut().and_then(|map| map.get_mut("matchLabels")) {
        *map = Node::map(wanted, map.place());
    }
    selects(&expanded, label)
}

/// `Pod`, `v1/Pod`, `apps/v1/Deployment`, `Pod.status`, with wildcards: `ParseKindSelector` and `CheckKind`.
fn is_kind(wanted: &str, subject: &Subject<'_>) -> bool {
    let is_version = |text: &str| {
        text == "*" || text.starts_with('v') && text.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
    };
    let mut parts: Vec<&str> = wanted.split('/').collect();
    if let Some(last) = parts.pop() {
        parts.extend(last.split('.'));
    }
    let (group, version, kind, below) = match parts.as_slice() {
        [kind] => ("*", "*", *kind, ""),
        ["*", "*"] => ("*", "*", "*", "*"),
        ["*", below] if below.to_lowercase() == **below => ("*", "*", "*", *below),
        [version, kind] if is_version(version) => ("*", *version, *kind, ""),
        [kind, below] => ("*", "*", *kind, *below),
        [version, kind, below] if is_version(version) => ("*", *version, *kind, *below),
        [group, version, kind] => (*group, *version, *kind, ""),
        [group, version, kind, below] => (*group, *version, *kind, *below),
        _ => return false,
    };
    wildcard(group, subject.group)
        && wildcard(version, subject.version)
        && wildcard(kind, subject.kind)
        && wildcard(below, "")
}
