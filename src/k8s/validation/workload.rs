//! Workloads, budgets and autoscalers.

use crate::finding::did_you_mean;
use crate::golang::time::{is_time_zone, time_zones};
use crate::yaml::Node;

use super::{Found, final_text, has};

pub(super) fn check(kind: &str, node: &Node, found: &mut Found) {
    let at = |path: &[&str]| node.at_path(path).filter(|value| !value.is_null());
    match kind {
        "PodDisruptionBudget" => {
            if let (Some(_), Some(most)) = (at(&["spec", "minAvailable"]), at(&["spec", "maxUnavailable"])) {
                let words = "`minAvailable` and `maxUnavailable` cannot both be set";
                found.add("spec.maxUnavailable", most, words, Some("remove one of them"));
            }
        }
        "HorizontalPodAutoscaler" => autoscaler(node, found),
        "Job" => job(node, "spec", found),
        "CronJob" => {
            if let Some(schedule) = at(&["spec", "schedule"])
                && let Some(text) = final_text(schedule).filter(|text| text.contains("TZ="))
            {
                let words = format!("the schedule `{text}` cannot name a time zone");
                found.add("spec.schedule", schedule, words, Some("use `timeZone`"));
            }
            if let Some(zone) = at(&["spec", "timeZone"])
                && let Some(text) = final_text(zone)
                && let Err(meant) = known_zone(text)
            {
                let words = match meant {
                    Some(meant) => format!("`{text}` is no time zone, but `{meant}` is"),
                    None => format!("`{text}` is no time zone"),
                };
                let help = "use a name of the time zone database, such as `Europe/Berlin`";
                found.add("spec.timeZone", zone, words, Some(help));
            }
            if let Some(template) = at(&["spec", "jobTemplate"]) {
                job(template, "spec.jobTemplate.spec", found);
            }
        }
        "Deployment" => deployment(node, found),
        "StatefulSet" => {
            for (index, claim) in node.items(&["spec", "volumeClaimTemplates"]).iter().enumerate() {
                super::config::claim(claim, &format!("spec.volumeClaimTemplates[{index}]."), found);
            }
        }
        _ => {}
    }
    if matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        && let Some(selector) = at(&["spec", "selector"]).filter(|it| it.as_map().is_some())
    {
        let empty = |name: &str| {
            selector.get(name).is_none_or(|it| it.entries().is_empty() && it.seq_or_empty().is_empty())
        };
        if empty("matchLabels") && empty("matchExpressions") {
            found.add("spec.selector", selector, format!("the selector of a {kind} is empty"), None);
        }
    }
}

fn autoscaler(node: &Node, found: &mut Found) {
    let number = |name: &str| node.at_path(&["spec", name]).and_then(Node::as_i64);
    let Some(most) = number("maxReplicas") else { return };
    let least = number("minReplicas").unwrap_or(1);
    if most < 1 {
        if let Some(at) = node.at_path(&["spec", "maxReplicas"]) {
            found.add("spec.maxReplicas", at, "`maxReplicas` must be at least 1", None);
        }
    } else if least > most
        && let Some(at) = node.at_path(&["spec", "minReplicas"])
    {
        let words = format!("`minReplicas` {least} is above `maxReplicas` {most}");
        found.add("spec.minReplicas", at, words, Some("raise `maxReplicas` or lower `minReplicas`"));
    }
}

/// `path` leads to the spec of the job.
fn job(node: &Node, path: &str, found: &mut Found) {
    let manual = node.at_path(&["spec", "manualSelector"]).and_then(Node::as_bool) == Some(true);
    if let Some(selector) = node.at_path(&["spec", "selector"]).filter(|it| !it.entries().is_empty())
        && !manual
    {
        let words =
            "a Job makes its selector itself: one that is written is refused without `manualSelector: true`";
        found.add(format!("{path}.selector"), selector, words, Some("remove the selector"));
    }
}

fn deployment(node: &Node, found: &mut Found) {
    let strategy = node.at_path(&["spec", "strategy"]);
    let is = |kind: &str| strategy.and_then(|it| it.get("type")?.as_str()) == Some(kind);
    let Some(rolling) = strategy.and_then(|it| it.get("rollingUpdate")).filter(|it| !it.is_null()) else {
        return;
    };
    if is("Recreate") {
        let words = "`rollingUpdate` cannot be set with `type: Recreate`";
        found.add(
            "spec.strategy.rollingUpdate",
            rolling,
            words,
            Some("set `rollingUpdate: null` or remove it"),
        );
        return;
    }
    let none = |name: &str| {
        has(rolling, name)
            && rolling.get(name).and_then(Node::scalar_text).is_some_and(|text| matches!(text, "0" | "0%"))
    };
    if none("maxSurge")
        && none("maxUnavailable")
        && let Some(at) = rolling.get("maxUnavailable")
    {
        let words = "`maxUnavailable` and `maxSurge` cannot both be 0";
        found.add("spec.strategy.rollingUpdate.maxUnavailable", at, words, None);
    }
}

/// Whether the time zone database has a name, or a newer one may: a name in a known area that is close to no other.
///
/// # Errors
///
/// Where it has none: the one that is meant, if there is one.
fn known_zone(name: &str) -> Result<(), Option<&'static str>> {
    if is_time_zone(name) {
        return Ok(());
    }
    let meant = did_you_mean(name, time_zones());
    let in_area = name.split_once('/').is_some_and(|(area, place)| {
        let of_area = |zone: &str| zone.strip_prefix(area).is_some_and(|rest| rest.starts_with('/'));
        !place.is_empty() && !place.contains(' ') && time_zones().any(of_area)
    });
    if meant.is_some() || !in_area { Err(meant) } else { Ok(()) }
}
