//! HorizontalPodAutoscalers.

use super::at::{At, Found};
use super::container::resource_name_error;
use super::selectors::negative;
use super::shape::Shape;

pub(super) fn check(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else {
        if !root.has("spec") {
            found.need(root, &["spec"]);
        }
        return;
    };
    let most = spec.int("maxReplicas");
    if most.is_some_and(|most| most < 1) {
        found.not_with(&spec, "maxReplicas", "`maxReplicas` must be at least 1");
    } else if let (Some(most), Some(least)) = (most, spec.int("minReplicas"))
        && least > most
        && let Some(value) = spec.get("minReplicas")
    {
        let words = format!("`minReplicas` {least} is above `maxReplicas` {most}");
        found.wrong_help(&value, words, "raise `maxReplicas` or lower `minReplicas`");
    }
    found.range(&spec, "minReplicas", 0, i64::MAX);
    found.range(&spec, "targetCPUUtilizationPercentage", 1, i64::MAX);
    if spec.int("minReplicas") == Some(0) {
        let scales = |kind: Option<&str>| matches!(kind, Some("Object" | "External"));
        let mut metrics = spec.node.items(&["metrics"]).iter();
        if !metrics.any(|metric| scales(metric.get("type").and_then(crate::yaml::Node::as_str))) {
            let words = "`minReplicas: 0` needs a metric of the type `Object` or `External`";
            found.not_with(&spec, "minReplicas", words);
        }
    }
    if let Some(target) = spec.get("scaleTargetRef") {
        object_reference(&target, true, found);
    }
    for metric in spec.items("metrics").filter(At::is_map) {
        self::metric(&metric, found);
    }
    let Some(behavior) = spec.get("behavior") else { return };
    for name in ["scaleUp", "scaleDown"] {
        let Some(rules) = behavior.get(name).filter(At::is_map) else { continue };
        found.range(&rules, "stabilizationWindowSeconds", 0, 3600);
        found.fill(&rules, &["selectPolicy"]);
        found.one_of(&rules, "selectPolicy", &["Max", "Min", "Disabled"]);
        if let Some(tolerance) = rules.get("tolerance").filter(|it| negative(it.node)) {
            found.wrong(&tolerance, "`tolerance` must not be negative");
        }
        if rules.get("policies").is_some_and(|it| it.node.as_seq().is_some_and(<[_]>::is_empty)) {
            found.fill(&rules, &["policies"]);
        }
        for policy in rules.items("policies").filter(At::is_map) {
            found.fill(&policy, &["type"]);
            found.one_of(&policy, "type", &["Pods", "Percent"]);
            found.range(&policy, "value", 1, i64::MAX);
            found.range(&policy, "periodSeconds", 1, 1800);
        }
    }
}

fn object_reference(at: &At<'_>, target: bool, found: &mut Found) {
    found.fill(at, &["kind", "name"]);
    found.shape(at, "kind", Shape::Segment);
    found.shape(at, "name", Shape::Segment);
    let version = at.text("apiVersion");
    if version.contains(['$', '{']) {
        return;
    }
    if version.matches('/').count() > 1 {
        found.not_with(at, "apiVersion", format!("`{version}` is no API version"));
    } else if target
        && !version.is_empty()
        && !version.contains('/')
        && at.text("kind") != "ReplicationController"
    {
        found.not_with(at, "apiVersion", format!("`{version}` names no API group"));
    } else if target
        && version.is_empty()
        && at.is_filled("kind")
        && at.text("kind") != "ReplicationController"
    {
        let words = "`scaleTargetRef` names no `apiVersion`";
        found.lack(at, "apiVersion", words, Some("add the API group and version of the target, `apps/v1`"));
    }
}

fn metric(metric: &At<'_>, found: &mut Found) {
    const SOURCES: [(&str, &str); 5] = [
        ("Object", "object"),
        ("Pods", "pods"),
        ("Resource", "resource"),
        ("External", "external"),
        ("ContainerResource", "containerResource"),
    ];
    found.fill(metric, &["type"]);
    let Some((_, wanted)) = SOURCES.iter().find(|(kind, _)| *kind == metric.text("type")) else {
        found.one_of(metric, "type", &SOURCES.map(|(kind, _)| kind));
        return;
    };
    for (_, field) in SOURCES {
        if field == *wanted {
            found.need(metric, &[field]);
        } else {
            let words =
                format!("a metric of the type `{}` has `{wanted}`, not `{field}`", metric.text("type"));
            found.not_with(metric, field, words);
        }
    }
    let Some(source) = metric.get(wanted).filter(At::is_map) else { return };
    if let Some(metric) = source.get("metric").filter(At::is_map) {
        found.fill(&metric, &["name"]);
        found.shape(&metric, "name", Shape::Segment);
    }
    if let Some(object) = source.get("describedObject") {
        object_reference(&object, false, found);
    }
    found.fill(&source, &["name", "container"]);
    found.shape(&source, "container", Shape::Label);
    let name = source.text("name");
    if *wanted == "containerResource"
        && !name.is_empty()
        && !name.contains(['$', '{'])
        && resource_name_error(name).is_some()
    {
        found.not_with(&source, "name", format!("`{name}` is no resource of a container"));
    }
    let Some(target) = source.get("target").filter(At::is_map) else { return };
    found.fill(&target, &["type"]);
    found.one_of(&target, "type", &["Utilization", "Value", "AverageValue"]);
    found.range(&target, "averageUtilization", 1, i64::MAX);
    for name in ["value", "averageValue"] {
        let none =
            |value: &At<'_>| matches!(crate::k8s::node_quantity(value.node), Ok(Some(value)) if value <= 0.0);
        if let Some(value) = target.get(name).filter(none) {
            found.wrong(&value, format!("`{name}` must be more than 0"));
        }
    }
    let (value, average) = (target.has("value"), target.has("averageValue"));
    let share = target.has("averageUtilization");
    let lacks = |found: &mut Found, words: &str| found.lack(&target, "", words, None);
    match *wanted {
        "object" if !value && !average => lacks(found, "`target` needs `value` or `averageValue`"),
        "external" if !value && !average => lacks(found, "`target` needs `value` or `averageValue`"),
        "external" if value && average => {
            found.not_with(&target, "value", "`value` and `averageValue` exclude each other");
        }
        "pods" if !average => lacks(found, "`target` needs `averageValue`"),
        "resource" | "containerResource" if !share && !average => {
            lacks(found, "`target` needs `averageUtilization` or `averageValue`");
        }
        "resource" | "containerResource" if share && average => {
            found.not_with(
                &target,
                "averageValue",
                "`averageUtilization` and `averageValue` exclude each other",
            );
        }
        _ => {}
    }
}
