//! Jobs and CronJobs.

use crate::golang::time::{is_time_zone, time_zones};
use crate::near::did_you_mean;
use crate::yaml::Node;

use super::at::{At, Found, final_text};
use super::selectors::label_selector;

pub(super) fn check(kind: &str, root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else {
        if !root.has("spec") {
            found.need(root, &["spec"]);
        }
        return;
    };
    if kind == "Job" {
        job(&spec, true, found);
        indexed_name(root, &spec, found);
        return;
    }
    found.fill(&spec, &["schedule"]);
    if let Some(schedule) = spec.get("schedule")
        && let Some(text) = final_text(schedule.node).filter(|text| text.contains("TZ="))
    {
        let words = format!("the schedule `{text}` cannot name a time zone");
        found.wrong_help(&schedule, words, "use `timeZone`");
    }
    if let Some(zone) = spec.get("timeZone")
        && let Some(text) = final_text(zone.node)
        && let Err(meant) = known_zone(text)
    {
        let words = match meant {
            Some(meant) => format!("`{text}` is no time zone, but `{meant}` is"),
            None => format!("`{text}` is no time zone"),
        };
        found.wrong_help(&zone, words, "use a name of the time zone database, such as `Europe/Berlin`");
    }
    found.one_of(&spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"]);
    found.positive_or_zero(
        &spec,
        &["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"],
    );
    let Some(template) = spec.get("jobTemplate").filter(At::is_map) else { return };
    if !template.has("spec") {
        found.need(&template, &["spec"]);
    }
    if let Some(spec) = template.get("spec").filter(At::is_map) {
        if spec.is_true("manualSelector") {
            found.not_with(&spec, "manualSelector", "`manualSelector` cannot be set in a CronJob");
        }
        job(&spec, false, found);
    }
}

fn job(spec: &At<'_>, alone: bool, found: &mut Found) {
    super::workload::template(spec, found);
    let manual = spec.is_true("manualSelector");
    if let Some(selector) = spec.get("selector")
        && (!selector.node.entries().is_empty() || !alone)
        && !(manual && alone)
    {
        let words =
            "a Job makes its selector itself: one that is written is refused without `manualSelector: true`";
        found.wrong_help(&selector, words, "remove the selector");
    } else if manual && !spec.has("selector") && alone {
        found.lack(spec, "selector", "a Job with `manualSelector: true` needs a selector", None);
    }
    label_selector(spec, "selector", found);
    found.positive_or_zero(
        spec,
        &[
            "parallelism",
            "completions",
            "activeDeadlineSeconds",
            "backoffLimit",
            "ttlSecondsAfterFinished",
            "backoffLimitPerIndex",
            "maxFailedIndexes",
        ],
    );
    found.one_of(spec, "completionMode", &["NonIndexed", "Indexed"]);
    found.shape(spec, "managedBy", super::shape::Shape::DomainPath);
    found.one_of(spec, "podReplacementPolicy", &["TerminatingOrFailed", "Failed"]);
    if spec.has("podFailurePolicy") && spec.text("podReplacementPolicy") == "TerminatingOrFailed" {
        found.not_with(
            spec,
            "podReplacementPolicy",
            "`podReplacementPolicy` must be `Failed` with a `podFailurePolicy`",
        );
    }
    if spec.text("completionMode") == "Indexed" {
        indexed(spec, found);
    } else {
        for name in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
            found.not_with(spec, name, format!("`{name}` needs `completionMode: Indexed`"));
        }
    }
    if spec.has("maxFailedIndexes") && !spec.has("backoffLimitPerIndex") {
        found.not_with(spec, "maxFailedIndexes", "`maxFailedIndexes` needs `backoffLimitPerIndex`");
    }
    failure_policy(spec, found);
    success_policy(spec, found);
}

/// The pods of an indexed Job are called after it and their index, and that is their host's name.
fn indexed_name(root: &At<'_>, spec: &At<'_>, found: &mut Found) {
    let Some(last) = spec.int("completions").filter(|count| *count > 0) else { return };
    if spec.text("completionMode") != "Indexed" {
        return;
    }
    let Some(metadata) = root.get("metadata") else { return };
    if let Some(name) = metadata.get("name")
        && let Some(text) = final_text(name.node).filter(|text| !text.is_empty())
        && let Some(why) = super::shape::Shape::Label.error(&format!("{text}-{}", last - 1))
    {
        found.wrong(
            &name,
            format!("`{text}` cannot be the name of an indexed Job, whose pods are hosts: {why}"),
        );
    }
}

fn indexed(spec: &At<'_>, found: &mut Found) {
    let Some(completions) = spec.int("completions") else {
        if !spec.has("completions") {
            found.lack(spec, "completions", "`completionMode: Indexed` needs `completions`", None);
        }
        return;
    };
    let failed = spec.int("maxFailedIndexes");
    if spec.int("parallelism").is_some_and(|count| count > 100_000) {
        found.not_with(
            spec,
            "parallelism",
            "`parallelism` must be at most 100000 with `completionMode: Indexed`",
        );
    }
    if failed.is_some_and(|failed| failed > completions) {
        found.not_with(spec, "maxFailedIndexes", "`maxFailedIndexes` must be at most `completions`");
    }
    if failed.is_some_and(|failed| failed > 100_000) {
        found.not_with(spec, "maxFailedIndexes", "`maxFailedIndexes` must be at most 100000");
    }
    if completions > 100_000 && spec.has("backoffLimitPerIndex") {
        match failed {
            None => {
                let words = "`maxFailedIndexes` must be set above 100000 completions";
                found.lack(spec, "maxFailedIndexes", words, None);
            }
            Some(failed) if failed > 10_000 => {
                found.not_with(spec, "maxFailedIndexes", "`maxFailedIndexes` must be at most 10000 here");
            }
            Some(_) => {}
        }
        if spec.int("parallelism").is_some_and(|count| count > 10_000) {
            found.not_with(spec, "parallelism", "`parallelism` must be at most 10000 here");
        }
    }
}

fn failure_policy(spec: &At<'_>, found: &mut Found) {
    let Some(policy) = spec.get("podFailurePolicy").filter(At::is_map) else { return };
    if let Some(pod) = spec.get("template").as_ref().and_then(|it| it.get("spec"))
        && pod.text("restartPolicy") == "OnFailure"
    {
        found.not_with(&pod, "restartPolicy", "a `podFailurePolicy` needs `restartPolicy: Never`");
    }
    if policy.node.items(&["rules"]).len() > 20 {
        found.not_with(&policy, "rules", "`rules` has more than 20 entries");
    }
    for rule in policy.items("rules").filter(At::is_map) {
        found.fill(&rule, &["action"]);
        found.one_of(&rule, "action", &["Ignore", "FailIndex", "FailJob", "Count"]);
        if rule.text("action") == "FailIndex" && !spec.has("backoffLimitPerIndex") {
            found.not_with(&rule, "action", "`action: FailIndex` needs `backoffLimitPerIndex`");
        }
        let conditions = rule.is_filled("onPodConditions");
        match (rule.has("onExitCodes"), conditions) {
            (true, true) => {
                found.not_with(
                    &rule,
                    "onPodConditions",
                    "`onExitCodes` and `onPodConditions` exclude each other",
                );
            }
            (false, false) => {
                found.lack(&rule, "", "a rule needs `onExitCodes` or `onPodConditions`", None);
            }
            _ => {}
        }
        for condition in rule.items("onPodConditions") {
            found.fill(&condition, &["type", "status"]);
            found.shape(&condition, "type", super::shape::Shape::Qualified);
            found.one_of(&condition, "status", &["True", "False", "Unknown"]);
        }
        if let Some(codes) = rule.get("onExitCodes").filter(At::is_map) {
            exit_codes(&codes, spec, found);
        }
    }
}

fn exit_codes(codes: &At<'_>, spec: &At<'_>, found: &mut Found) {
    found.fill(codes, &["operator", "values"]);
    found.one_of(codes, "operator", &["In", "NotIn"]);
    let name = codes.text("containerName");
    let lists = ["containers", "initContainers"].map(|list| spec.node.items(&["template", "spec", list]));
    let mut names = lists.into_iter().flatten().filter_map(|it| it.get("name")?.as_str());
    if codes.has("containerName") && !names.any(|known| known == name) && !name.contains(['$', '{']) {
        found.not_with(codes, "containerName", format!("the pod has no container `{name}`"));
    }
    // Read into a number, null is 0.
    let number = |node: &Node| if node.is_null() { Some(0) } else { node.as_i64() };
    let values: Vec<i64> = codes.node.items(&["values"]).iter().filter_map(number).collect();
    if values.len() > 255 {
        found.not_with(codes, "values", "`values` has more than 255 entries");
    }
    for (value, pair) in codes.items("values").skip(1).zip(values.windows(2)) {
        if let [first, second] = pair
            && first >= second
        {
            found.wrong(&value, "`values` must be in order, each once");
        }
    }
    if codes.text("operator") == "In" {
        for value in codes.items("values").filter(|it| number(it.node) == Some(0)) {
            found.wrong(&value, "0 is success: it cannot be in `values` of `In`");
        }
    }
}

fn success_policy(spec: &At<'_>, found: &mut Found) {
    let Some(policy) = spec.get("successPolicy").filter(At::is_map) else { return };
    found.fill(&policy, &["rules"]);
    let completions = spec.int("completions");
    for rule in policy.items("rules") {
        if !rule.has("succeededCount") && !rule.has("succeededIndexes") {
            found.lack(&rule, "", "a rule needs `succeededCount` or `succeededIndexes`", None);
        }
        found.positive_or_zero(&rule, &["succeededCount"]);
        let mut total = None;
        if let Some(indexes) = rule.get("succeededIndexes")
            && let Some(text) = final_text(indexes.node)
        {
            total = index_count(text, completions);
            if total.is_none() {
                found.wrong(&indexes, format!("`{text}` is no list of indexes of this Job, such as `0-2,5`"));
            }
        }
        let most = [total, completions].into_iter().flatten().min();
        if most.is_some_and(|most| rule.int("succeededCount").is_some_and(|count| count > most)) {
            found.not_with(&rule, "succeededCount", "`succeededCount` is more than there are");
        }
    }
}

/// How many indexes `0-2,5` names; `None` if it cannot be read, or names one that is not there.
fn index_count(text: &str, completions: Option<i64>) -> Option<i64> {
    let mut last = -1;
    let mut count = 0;
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (from.parse::<i64>().ok()?, to.parse::<i64>().ok()?);
        let is_range = part.contains('-');
        if from <= last || is_range && from >= to || completions.is_some_and(|most| to >= most) {
            return None;
        }
        count += to - from + 1;
        last = to;
    }
    Some(count)
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
        // No part of a name of the database is longer than that.
        let is_short = |part: &str| !part.is_empty() && part.len() <= 14;
        place.split('/').all(is_short) && !place.contains(' ') && time_zones().any(of_area)
    });
    if meant.is_some() || !in_area { Err(meant) } else { Ok(()) }
}
