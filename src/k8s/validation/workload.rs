//! Deployments and their like, budgets.

use crate::yaml::Node;

use super::at::{At, Found};
use super::selectors::{label_selector, labels};
use super::storage;

pub(super) fn check(kind: &str, root: &At<'_>, found: &mut Found) {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" => {
            workload(kind, root, found);
        }
        "PodDisruptionBudget" => budget(root, found),
        "ControllerRevision" => {
            if !root.has("data") {
                found.need(root, &["data"]);
            }
            found.positive_or_zero(root, &["revision"]);
        }
        _ => {}
    }
}

fn workload(kind: &str, root: &At<'_>, found: &mut Found) {
    if !root.has("spec") {
        found.need(root, &["spec"]);
        return;
    }
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    found.positive_or_zero(&spec, &["replicas", "minReadySeconds", "progressDeadlineSeconds"]);
    if kind != "StatefulSet" {
        found.positive_or_zero(&spec, &["revisionHistoryLimit"]);
    }
    template(&spec, found);
    if spec.node.at_path(&["template", "spec", "activeDeadlineSeconds"]).is_some_and(|it| !it.is_null())
        && let Some(template) = spec.get("template")
        && let Some(pod) = template.get("spec")
    {
        found.not_with(&pod, "activeDeadlineSeconds", format!("pods of a {kind} cannot have a deadline"));
    }
    if kind == "ReplicationController" {
        controller(&spec, found);
        return;
    }
    if kind == "ReplicaSet" && !spec.has("template") {
        found.need(&spec, &["template"]);
    }
    if let Some(selector) = spec.get("selector").filter(At::is_map) {
        if !selector.is_filled("matchLabels") && !selector.is_filled("matchExpressions") {
            found.wrong(&selector, format!("the selector of a {kind} is empty"));
        }
        matches(kind, &spec, &selector, found);
    }
    label_selector(&spec, "selector", found);
    match kind {
        "Deployment" => deployment(&spec, found),
        "StatefulSet" => stateful(&spec, found),
        "DaemonSet" => daemon(&spec, found),
        _ => {}
    }
}

/// The template of the pods must be there, with a spec.
pub(super) fn template(spec: &At<'_>, found: &mut Found) {
    let Some(template) = spec.get("template") else { return };
    if template.is_map() && !template.has("spec") {
        found.need(&template, &["spec"]);
    }
}

/// What of a selector is not `matchLabels`, which another rule tells, must select the pods, too.
fn matches(kind: &str, spec: &At<'_>, selector: &At<'_>, found: &mut Found) {
    let labels = spec.node.at_path(&["template", "metadata", "labels"]);
    let label = |name: &str| labels?.get(name)?.scalar_text();
    for item in selector.items("matchExpressions").filter(At::is_map) {
        let has = label(item.text("key"));
        let listed =
            item.node.items(&["values"]).iter().any(|value| has.is_some() && value.scalar_text() == has);
        let good = match item.text("operator") {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => has.is_some(),
            "DoesNotExist" => has.is_none(),
            _ => continue,
        };
        if !good {
            let words =
                format!("the selector of the {kind} does not select its own pods by `{}`", item.text("key"));
            found.wrong(&item, words);
        }
    }
}

fn controller(spec: &At<'_>, found: &mut Found) {
    found.positive_or_zero(spec, &["replicas"]);
    labels(spec, "selector", found);
    if !spec.has("template") {
        found.need(spec, &["template"]);
    }
    let labels = spec.node.at_path(&["template", "metadata", "labels"]);
    // Without a selector, the labels of the template are it.
    let is_empty = labels.is_none_or(|labels| labels.entries().is_empty());
    if is_empty && !spec.is_filled("selector") && spec.has("template") {
        found.lack(
            spec,
            "selector",
            "the ReplicationController has neither a selector nor labels of its pods",
            None,
        );
    }
    for (entry, value) in spec.entries("selector") {
        let has = labels.and_then(|labels| labels.get(&entry.key.text)).and_then(Node::scalar_text);
        if value.node.as_str().is_some() && has != value.node.as_str() {
            found.wrong(&value, format!("the pods have no label `{}` of this value", entry.key.text));
        }
    }
    if let Some(pod) = spec.get("template").as_ref().and_then(|it| it.get("spec")) {
        found.one_of(&pod, "restartPolicy", &["Always"]);
    }
}

/// `maxSurge` and `maxUnavailable`; whether it is nothing at all.
fn share(at: &At<'_>, name: &str, most: Option<i64>, found: &mut Found) -> bool {
    let Some(value) = at.get(name) else { return false };
    if let Some(text) = value.node.as_str() {
        let digits = text
            .strip_suffix('%')
            .filter(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.map(str::parse::<i64>) {
            None if super::at::final_text(value.node).is_some() => {
                found.wrong(&value, format!("`{name}` must be a number or a percentage, not `{text}`"));
            }
            Some(Ok(percent)) if most.is_some_and(|most| percent > most) => {
                found.wrong(&value, format!("`{name}` must be at most 100%"));
            }
            _ => {}
        }
        return matches!(digits.map(str::parse::<i64>), Some(Ok(0)));
    }
    found.range(at, name, 0, i64::MAX);
    value.node.as_i64() == Some(0)
}

fn deployment(spec: &At<'_>, found: &mut Found) {
    let (deadline, ready) = (spec.int("progressDeadlineSeconds"), spec.int("minReadySeconds").unwrap_or(0));
    if deadline.unwrap_or(600) <= ready && ready >= 0 {
        let name = if deadline.is_some() { "progressDeadlineSeconds" } else { "minReadySeconds" };
        found.not_with(spec, name, "`progressDeadlineSeconds` must be more than `minReadySeconds`");
    }
    let Some(strategy) = spec.get("strategy").filter(At::is_map) else { return };
    found.one_of(&strategy, "type", &["Recreate", "RollingUpdate"]);
    let Some(rolling) = strategy.get("rollingUpdate") else { return };
    if strategy.text("type") == "Recreate" {
        let words = "`rollingUpdate` cannot be set with `type: Recreate`";
        found.wrong_help(&rolling, words, "set `rollingUpdate: null` or remove it");
        return;
    }
    let surge = share(&rolling, "maxSurge", None, found);
    let unavailable = share(&rolling, "maxUnavailable", Some(100), found);
    if surge && unavailable {
        found.not_with(&rolling, "maxUnavailable", "`maxUnavailable` and `maxSurge` cannot both be 0");
    }
}

fn daemon(spec: &At<'_>, found: &mut Found) {
    let Some(strategy) = spec.get("updateStrategy").filter(At::is_map) else { return };
    found.one_of(&strategy, "type", &["OnDelete", "RollingUpdate"]);
    let Some(rolling) = strategy.get("rollingUpdate").filter(At::is_map) else { return };
    if strategy.text("type") == "OnDelete" {
        return;
    }
    let surge = !rolling.has("maxSurge") | share(&rolling, "maxSurge", Some(100), found);
    let unavailable = share(&rolling, "maxUnavailable", Some(100), found);
    if surge && unavailable {
        found.not_with(&rolling, "maxUnavailable", "`maxUnavailable` and `maxSurge` cannot both be 0");
    } else if !surge && !unavailable && rolling.has("maxUnavailable") {
        found.not_with(&rolling, "maxSurge", "`maxSurge` needs `maxUnavailable: 0`");
    } else if !surge && !rolling.has("maxUnavailable") {
        found.not_with(&rolling, "maxSurge", "`maxSurge` needs `maxUnavailable: 0`, and the default is 1");
    }
}

fn stateful(spec: &At<'_>, found: &mut Found) {
    found.one_of(spec, "podManagementPolicy", &["OrderedReady", "Parallel"]);
    found.shape(spec, "serviceName", super::shape::Shape::Label);
    if let Some(policy) = spec.get("persistentVolumeClaimRetentionPolicy") {
        found.one_of(&policy, "whenDeleted", &["Retain", "Delete"]);
        found.one_of(&policy, "whenScaled", &["Retain", "Delete"]);
    }
    if let Some(ordinals) = spec.get("ordinals") {
        found.positive_or_zero(&ordinals, &["start"]);
    }
    for claim in spec.items("volumeClaimTemplates").filter(At::is_map) {
        storage::claim_template(&claim, found);
        // Its name is that of a volume, too.
        let metadata = claim.get("metadata");
        if let Some(metadata) = &metadata {
            found.shape(metadata, "name", super::shape::Shape::Label);
        }
        if metadata.is_none_or(|metadata| metadata.is_map() && !metadata.is_filled("name")) {
            found.lack(
                &claim,
                "metadata.name",
                "a template of a claim has no name",
                Some("add `metadata.name`"),
            );
        }
    }
    let Some(strategy) = spec.get("updateStrategy").filter(At::is_map) else { return };
    found.one_of(&strategy, "type", &["OnDelete", "RollingUpdate"]);
    let Some(rolling) = strategy.get("rollingUpdate") else { return };
    if strategy.text("type") == "OnDelete" {
        found.wrong(&rolling, "`rollingUpdate` cannot be set with `type: OnDelete`");
        return;
    }
    found.positive_or_zero(&rolling, &["partition"]);
    if share(&rolling, "maxUnavailable", Some(100), found) {
        found.not_with(&rolling, "maxUnavailable", "`maxUnavailable` cannot be 0");
    }
}

fn budget(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec") else { return };
    if spec.has("minAvailable")
        && let Some(most) = spec.get("maxUnavailable")
    {
        found.wrong_help(
            &most,
            "`minAvailable` and `maxUnavailable` cannot both be set",
            "remove one of them",
        );
    }
    for name in ["minAvailable", "maxUnavailable"] {
        share(&spec, name, Some(100), found);
    }
    found.fill(&spec, &["unhealthyPodEvictionPolicy"]);
    found.one_of(&spec, "unhealthyPodEvictionPolicy", &["IfHealthyBudget", "AlwaysAllow"]);
    label_selector(&spec, "selector", found);
}
