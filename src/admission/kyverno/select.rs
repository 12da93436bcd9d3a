//! `match` and `exclude`: which objects a rule is about.

use crate::k8s::{selects, selects_all};
use crate::yaml::Node;

use super::super::policy::{Subject, Surroundings};
use super::scalar::wildcard;

/// The filters of a block, and whether all must match.
fn filters(block: &Node) -> (Vec<&Node>, bool) {
    match (block.get("any"), block.get("all")) {
        (Some(any), _) => (any.seq_or_empty().iter().collect(), false),
        (None, Some(all)) => (all.seq_or_empty().iter().collect(), true),
        (None, None) => (vec![block], true),
    }
}

fn texts<'n>(node: &'n Node, key: &str) -> Vec<&'n str> {
    node.items(&[key]).iter().filter_map(Node::as_str).collect()
}

/// Whether Kyverno makes rules about workloads of a rule: where it is about pods alone, and chooses them by kind and namespace.
pub(super) fn is_about_pods_alone(rule: &Node) -> bool {
    let blocks = [rule.get("match"), rule.get("exclude")];
    let mut all = blocks.into_iter().flatten().flat_map(|block| filters(block).0);
    let is_plain = |filter: &Node| {
        let resources = filter.get("resources");
        resources.is_none_or(|resources| {
            let kinds = texts(resources, "kinds");
            let chosen =
                ["name", "names", "selector", "annotations"].iter().any(|key| resources.get(key).is_some());
            !chosen && kinds.iter().all(|kind| *kind == "Pod" || *kind == "v1/Pod")
        })
    };
    all.all(is_plain)
        && rule.get("match").is_some_and(|block| {
            filters(block).0.iter().any(|it| !it.items(&["resources", "kinds"]).is_empty())
        })
}

/// Where a workload that Kyverno looks into has its pods.
pub(super) fn template(subject: &Subject<'_>) -> Option<&'static [&'static str]> {
    match (subject.group, subject.kind) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            Some(&["spec", "template"])
        }
        ("", "ReplicationController") => Some(&["spec", "template"]),
        ("batch", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

pub(super) fn is_about(rule: &Node, subject: &Subject<'_>, world: &dyn Surroundings) -> Result<bool, String> {
    about(rule, subject, world, None)
}

/// Whether it would be about the pods of a workload.
pub(super) fn is_about_its_pods(
    rule: &Node,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
) -> Result<bool, String> {
    about(rule, subject, world, Some("Pod"))
}

fn about(
    rule: &Node,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
    kind: Option<&str>,
) -> Result<bool, String> {
    let Some(block) = rule.get("match") else { return Ok(false) };
    if !in_block(block, subject, world, kind)? {
        return Ok(false);
    }
    match rule.get("exclude").filter(|it| !it.entries().is_empty()) {
        Some(block) => Ok(!in_block(block, subject, world, kind)?),
        None => Ok(true),
    }
}

fn in_block(
    block: &Node,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
    kind: Option<&str>,
) -> Result<bool, String> {
    let (filters, all) = filters(block);
    let mut unknown = None;
    for filter in filters {
        match in_filter(filter, subject, world, kind) {
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
    kind: Option<&str>,
) -> Result<bool, String> {
    let asks = ["subjects", "roles", "clusterRoles"].iter().find(|key| !filter.items(&[key]).is_empty());
    let Some(resources) = filter.get("resources") else {
        return asks.map_or(Ok(true), |key| Err(format!("it asks for `{key}`, and who asks is not known")));
    };
    let kinds = texts(resources, "kinds");
    let mut named = kinds.is_empty();
    for wanted in kinds {
        named |= is_kind(wanted, subject, kind)?;
    }
    let matching = |key: &str, text: &str| {
        let wanted = texts(resources, key);
        wanted.is_empty() || wanted.iter().any(|it| wildcard(it, text))
    };
    let name = resources.get("name").and_then(Node::as_str).is_none_or(|it| wildcard(it, subject.name));
    let operations = texts(resources, "operations");
    let operation = operations.is_empty() || operations.contains(&"CREATE");
    if !named || !name || !operation || !matching("names", subject.name) {
        return Ok(false);
    }
    let namespace = if subject.kind == "Namespace" { subject.name } else { subject.namespace };
    if !matching("namespaces", namespace) {
        return Ok(false);
    }
    let labels = subject.node.at_path(&["metadata", "labels"]);
    if let Some(selector) = resources.get("selector") {
        let has_wildcard = selector.get("matchLabels").is_some_and(|it| {
            it.entries()
                .iter()
                .any(|entry| entry.value.scalar_text().is_some_and(|text| text.contains(['*', '?'])))
        });
        if has_wildcard {
            return Err("its selector has wildcards".to_owned());
        }
        if !selects(selector, &|name| labels?.get(name)?.scalar_text()) {
            return Ok(false);
        }
    }
    for entry in resources.get("annotations").map(Node::entries).unwrap_or_default() {
        let has = subject.node.at_path(&["metadata", "annotations"]).and_then(|it| it.get(&entry.key.text));
        let wanted = entry.value.scalar_text().unwrap_or_default();
        if !has.and_then(Node::scalar_text).is_some_and(|text| wildcard(wanted, text)) {
            return Ok(false);
        }
    }
    if let Some(selector) =
        resources.get("namespaceSelector").filter(|it| !selects_all(it) && subject.namespaced)
    {
        let Some(node) = world.namespace(subject.namespace) else {
            return Err(format!("the labels of namespace `{}` are not known here", subject.namespace));
        };
        let labels = node.at_path(&["metadata", "labels"]);
        let label = |name: &str| match name {
            "kubernetes.io/metadata.name" => Some(subject.namespace),
            name => labels?.get(name)?.scalar_text(),
        };
        if !selects(selector, &label) {
            return Ok(false);
        }
    }
    asks.map_or(Ok(true), |key| Err(format!("it asks for `{key}`, and who asks is not known")))
}

/// `Pod`, `v1/Pod`, `apps/v1/Deployment`, with wildcards. `kind`: what stands in for a workload.
fn is_kind(wanted: &str, subject: &Subject<'_>, kind: Option<&str>) -> Result<bool, String> {
    let (group, version) = if kind.is_some() { ("", "v1") } else { (subject.group, subject.version) };
    let kind = kind.unwrap_or(subject.kind);
    let is_version = |text: &str| {
        text == "*" || text.starts_with('v') && text.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
    };
    let parts: Vec<&str> = wanted.split('/').collect();
    match parts.as_slice() {
        [wanted] if !wanted.contains('.') => Ok(wildcard(wanted, kind)),
        [of, wanted] if is_version(of) => Ok(wildcard(of, version) && wildcard(wanted, kind)),
        // A subresource: nothing that is rendered.
        [_] | [_, _] => Ok(false),
        [of, at, wanted] => Ok(wildcard(of, group) && wildcard(at, version) && wildcard(wanted, kind)),
        _ => Err(format!("it names the kind `{wanted}`")),
    }
}
