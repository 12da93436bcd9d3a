//! Rules that Kyverno makes about workloads of rules about pods. Mirrors `pkg/autogen/v1`.

use smol_str::SmolStr;

use crate::yaml::{Data, Entry, Key, Node};

use super::select::{contains_pod, filters, kinds_of};
use super::text;

/// Workloads that make pods.
const CONTROLLERS: [&str; 7] =
    ["DaemonSet", "Deployment", "Job", "StatefulSet", "ReplicaSet", "ReplicationController", "CronJob"];

/// The workloads that rules of a policy are also about: none where one of its rules cannot be.
pub(super) fn controllers(policy: &Node) -> Vec<SmolStr> {
    let mut is_needed = false;
    for rule in policy.items(&["spec", "rules"]) {
        let patches = rule.get("mutate").is_some_and(|mutate| {
            let is_patch = |it: &Node| it.get("patchesJson6902").is_some();
            is_patch(mutate) || mutate.items(&["foreach"]).iter().any(is_patch)
        });
        if rule.get("generate").is_some() || patches {
            return Vec::new();
        }
        for block in [rule.get("match"), rule.get("exclude")].into_iter().flatten() {
            for resources in filters(block).0.iter().filter_map(|filter| filter.get("resources")) {
                let kinds = kinds_of(resources);
                let is_chosen = ["name", "names", "selector", "annotations"]
                    .iter()
                    .any(|key| resources.get(key).is_some_and(|it| !it.is_null() && it.as_str() != Some("")));
                if is_chosen || kinds.len() > 1 && contains_pod(&kinds) {
                    return Vec::new();
                }
                is_needed |= kinds.iter().any(|kind| *kind == "Pod" || CONTROLLERS.contains(kind));
            }
        }
    }
    if !is_needed {
        return Vec::new();
    }
    let annotations = policy.at_path(&["metadata", "annotations"]);
    match annotations
        .and_then(|it| it.get("pod-policies.kyverno.io/autogen-controllers"))
        .and_then(Node::as_str)
    {
        Some(list) => list.split(',').map(SmolStr::new).collect(),
        None => CONTROLLERS.iter().map(|kind| SmolStr::new_static(kind)).collect(),
    }
}

/// Whether a rule has such a one beside it.
pub(super) fn is_about_pods(rule: &Node) -> bool {
    let kinds = |key: &str| -> Vec<&str> {
        let block = rule.get(key);
        let resources = block.map(filters).map(|(filters, _)| filters).unwrap_or_default();
        resources.iter().filter_map(|it| it.get("resources")).flat_map(kinds_of).collect()
    };
    let excluded = kinds("exclude");
    !text(rule, &["name"]).is_some_and(|name| name.starts_with("autogen-"))
        && contains_pod(&kinds("match"))
        && (excluded.is_empty() || contains_pod(&excluded))
}

/// Where a workload has its pods.
pub(super) fn template(kind: &str) -> &'static [&'static str] {
    if kind == "CronJob" { &["spec", "jobTemplate", "spec", "template"] } else { &["spec", "template"] }
}

/// The name of the rule about a workload.
pub(super) fn name(rule: &str, is_cron_job: bool) -> SmolStr {
    let name = format!("{}-{rule}", if is_cron_job { "autogen-cronjob" } else { "autogen" });
    name.chars().take(63).collect::<String>().into()
}

/// The rule with what it says about a pod said about the pods of a workload.
pub(super) fn about_template(rule: &Node, is_cron_job: bool) -> Node {
    let to = if is_cron_job { "spec.jobTemplate.spec.template" } else { "spec.template" };
    let is_cel = rule.at_path(&["validate", "cel"]).is_some();
    let bases: &[&str] = if is_cel { &["object"] } else { &["request.object", "request.oldObject"] };
    let mut changes = Vec::new();
    for base in bases {
        for part in ["spec", "metadata"] {
            changes.push((format!("{base}.{part}"), format!("{base}.{to}.{part}")));
        }
    }
    if is_cel {
        for part in ["spec", "metadata"] {
            changes.push((format!("oldObject.{part}"), format!("oldObject.{to}.{part}")));
        }
    }
    changed(rule, &changes)
}

fn changed(node: &Node, changes: &[(String, String)]) -> Node {
    let put = |text: &SmolStr| -> SmolStr {
        if !changes.iter().any(|(from, _)| text.contains(from)) {
            return text.clone();
        }
        changes.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to)).into()
    };
    let mut node = node.clone();
    match &mut node.data {
        Data::Scalar(text) => *text = put(text),
        Data::Seq(items) => items.iter_mut().for_each(|item| *item = changed(item, changes)),
        Data::Map(map) => {
            let entries = map.iter().map(|entry| Entry {
                key: Key { text: put(&entry.key.text), ..entry.key.clone() },
                value: changed(&entry.value, changes),
            });
            *map = crate::yaml::Map::from_entries(entries.collect());
        }
    }
    node
}
