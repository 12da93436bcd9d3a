//! What the values of a HelmRelease say about the cluster when its chart is not here: the Secrets, ConfigMaps and claims
//! that they name, and what the one chart whose naming everybody knows makes of them.
//!
//! Names stand in values in the shapes that pods have (`secretKeyRef`, `envFrom`, volumes), which charts copy into their pods, and
//! under a few keys that charts agree on (`existingSecret`, `existingClaim`).

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::yaml::{Key, Node};

use super::collector::{Collector, Reference, Via};
use super::dns;
use super::name_words::is_named_after;
use super::provided::{ANYTHING, Before, Keys, Provided};
use super::routes;

/// Deeper values than these do not exist.
const MAX_DEPTH: u32 = 32;

/// The chart of a HelmRelease: its name, and its version where the release says it.
fn chart(object: &Node) -> Option<(&str, Option<&str>)> {
    if let Some(spec) = object.at_path(&["spec", "chart", "spec"]) {
        let name = spec.get("chart").and_then(Node::as_str)?;
        return Some((name, spec.get("version").and_then(Node::as_str)));
    }
    Some((object.at_path(&["spec", "chartRef", "name"]).and_then(Node::as_str)?, None))
}

/// Whether it is known what the chart of a HelmRelease makes: `app-template`, which is nothing but its values.
pub(super) fn has_known_chart(object: &Node) -> bool {
    let renamed = |key: &str| {
        object.at_path(&["spec", "values", key]).is_some()
            || object.at_path(&["spec", "values", "global", key]).is_some()
    };
    chart(object).is_some_and(|(name, _)| name == "app-template")
        && !["nameOverride", "fullnameOverride", "rawResources"].iter().any(|key| renamed(key))
        && object.at_path(&["spec", "valuesFrom"]).is_none()
        && object.at_path(&["spec", "postRenderers"]).is_none()
}

/// The name of the Helm release, as Flux makes it.
fn release(object: &Node) -> Option<String> {
    let text = |path: &[&str]| object.at_path(path).and_then(Node::as_str);
    if let Some(name) = text(&["spec", "releaseName"]) {
        return Some(name.to_owned());
    }
    let name = text(&["metadata", "name"])?;
    Some(match text(&["spec", "targetNamespace"]) {
        Some(namespace) => format!("{namespace}-{name}"),
        None => name.to_owned(),
    })
}

/// Everything that the values name.
pub(super) fn references(cx: &mut Collector, object: &Node) {
    let Some(values) = object.at_path(&["spec", "values"]) else { return };
    let first = cx.found.len();
    walk(cx, values, "spec.values", 0);
    if has_known_chart(object) {
        persistence(cx, values);
    }
    let namespace = object.at_path(&["spec", "targetNamespace"]);
    for reference in cx.found.iter_mut().skip(first) {
        reference.via = Via::Values;
        if reference.namespace.is_none() {
            reference.set_namespace(namespace);
        }
    }
}

/// Everything that the values of a chart name, which lie at a path of the release's values.
pub fn references_of_values(chart: &str, values: &Node, path: &str) -> Vec<Reference> {
    const OWN: &str = "spec.values";
    let mut cx = Collector::default();
    walk(&mut cx, values, OWN, 0);
    if chart == "app-template" {
        persistence(&mut cx, values);
    }
    for reference in &mut cx.found {
        reference.via = Via::Values;
        reference.field = reference.field.replacen(OWN, path, 1).into();
    }
    let first = cx.found.len();
    dns::references(values, &mut cx.found);
    for reference in cx.found.iter_mut().skip(first) {
        reference.field = format!("{path}.{}", reference.field).into();
    }
    cx.found
}

/// Whether something is switched off.
fn is_off(node: &Node) -> bool {
    node.get("enabled").and_then(Node::as_bool) == Some(false)
}

fn walk(cx: &mut Collector, node: &Node, path: &str, depth: u32) {
    if depth > MAX_DEPTH || is_off(node) {
        return;
    }
    for (index, item) in node.seq_or_empty().iter().enumerate() {
        walk(cx, item, &format!("{path}[{index}]"), depth + 1);
    }
    for entry in node.entries() {
        let (key, value) = (entry.key.text.as_str(), &entry.value);
        let field = format!("{path}.{key}");
        match key {
            "secretKeyRef" | "secretRef" => cx.add_selector("Secret", value, &field),
            "configMapKeyRef" | "configMapRef" => cx.add_selector("ConfigMap", value, &field),
            "existingSecret" => drop(cx.add("", "Secret", Some(value), field)),
            "existingConfigMap" | "existingConfigmap" => drop(cx.add("", "ConfigMap", Some(value), field)),
            // Routes, in the shape that the Gateway API gives them.
            "parentRefs" => routes::parents(cx, value.seq_or_empty(), &field),
            "existingClaim" => drop(cx.add("", "PersistentVolumeClaim", Some(value), field)),
            // A volume of a pod, as `volumeSpec` or in a list of volumes.
            "configMap" if value.get("name").is_some() && is_volume(path) => {
                cx.add_selector("ConfigMap", value, &field);
            }
            "secret" if value.get("secretName").is_some() && is_volume(path) => {
                let optional = value.get("optional").and_then(Node::as_bool).unwrap_or(false);
                let name = value.get("secretName");
                if let Some(reference) = cx.add("", "Secret", name, format!("{field}.secretName")) {
                    reference.optional = optional;
                }
            }
            _ => walk(cx, value, &field, depth + 1),
        }
    }
}

fn is_volume(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default().to_lowercase();
    last == "volumespec" || (last.contains("volumes[") && last.ends_with(']'))
}

/// `persistence` of `app-template`: items of type `configMap` and `secret` name one.
fn persistence(cx: &mut Collector, values: &Node) {
    for entry in values.get("persistence").map(Node::entries).unwrap_or_default() {
        let at = |path: &[&str]| entry.value.at_path(path);
        // Version 1 has a volume as a pod has it, which `walk` sees.
        let (kind, name, source, seen) = match at(&["type"]).and_then(Node::as_str) {
            Some("configMap") => ("ConfigMap", at(&["name"]), Some(&entry.value), false),
            Some("secret") => ("Secret", at(&["name"]), Some(&entry.value), false),
            Some("custom") if at(&["volumeSpec", "configMap"]).is_some() => {
                let source = at(&["volumeSpec", "configMap"]);
                ("ConfigMap", source.and_then(|it| it.get("name")), source, true)
            }
            Some("custom") if at(&["volumeSpec", "secret"]).is_some() => {
                let source = at(&["volumeSpec", "secret"]);
                ("Secret", source.and_then(|it| it.get("secretName")), source, true)
            }
            _ => continue,
        };
        if is_off(&entry.value) {
            continue;
        }
        let path = format!("spec.values.persistence.{}", entry.key.text);
        if !seen {
            cx.add("", kind, name, format!("{path}.name"));
        }
        // What is mounted alone is a key, unless `items` say otherwise.
        let whole = source.is_some_and(|it| it.get("items").is_none());
        for (part, field) in sub_paths(&entry.value).into_iter().filter(|_| whole) {
            if let Some(reference) = cx.add("", kind, name, format!("{path}.{field}")) {
                reference.set_key(Some(part));
            }
        }
    }
}

/// The parts of a volume that `app-template` mounts alone, with their fields.
fn sub_paths(item: &Node) -> Vec<(&Node, String)> {
    let mut lists = vec![(item.items(&["globalMounts"]), "globalMounts".to_owned())];
    for controller in item.get("advancedMounts").map(Node::entries).unwrap_or_default() {
        lists.extend(controller.value.entries().iter().map(|container| {
            let path = format!("advancedMounts.{}.{}", controller.key.text, container.key.text);
            (container.value.seq_or_empty(), path)
        }));
    }
    let mut found: Vec<(&Node, String)> = Vec::new();
    // Versions 1 and 2: one part, or a list of them.
    match item.get("subPath") {
        Some(parts) if parts.as_seq().is_some() => {
            let parts = parts.seq_or_empty().iter().enumerate();
            found.extend(
                parts.filter_map(|(index, it)| Some((it.get("path")?, format!("subPath[{index}].path")))),
            );
        }
        part => found.extend(part.map(|part| (part, "subPath".to_owned()))),
    }
    let mounts = lists.into_iter().flat_map(|(mounts, path)| {
        mounts.iter().enumerate().filter_map(move |(index, mount)| {
            Some((mount.get("subPath")?, format!("{path}[{index}].subPath")))
        })
    });
    found.extend(mounts);
    found
}

/// What the release brings: everything, unless its chart is known.
pub(super) fn provides(object: &Node, found: &mut Vec<Provided>) {
    let namespace = object.at_path(&["spec", "targetNamespace"]).and_then(Node::as_str).map(SmolStr::new);
    let Some(release) = release(object).filter(|_| has_known_chart(object)) else {
        found.push(Provided { namespace, ..Provided::new(ANYTHING, "*", Keys::Unknown) });
        return;
    };
    // What the chart calls its controllers begins with the release; which of the kinds it makes is said by each.
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ServiceAccount", "Ingress"];
    found.extend(kinds.iter().map(|kind| Provided {
        namespace: namespace.clone(),
        ..Provided::new(kind, &format!("{release}*"), Keys::Unknown)
    }));
    let long_names = long_names(object);
    // Old versions call their routes in more ways than one.
    if !matches!(long_names, LongNames::Never) {
        let before = if let LongNames::Before(before) = &long_names { Some(before.clone()) } else { None };
        let route = Provided::new("HTTPRoute", &format!("{release}*"), Keys::Unknown);
        found.push(Provided { namespace: namespace.clone(), before, ..route });
    }
    let Some(values) = object.at_path(&["spec", "values"]) else { return };
    for (section, kind) in [
        ("configMaps", "ConfigMap"),
        ("secrets", "Secret"),
        ("persistence", "PersistentVolumeClaim"),
        ("service", "Service"),
        ("route", "HTTPRoute"),
    ] {
        // Of volumes, claims that are there already and other kinds make nothing.
        let claims = |value: &Node| {
            let kind = value.get("type").and_then(Node::as_str);
            value.get("existingClaim").is_none()
                && matches!(kind, None | Some("pvc" | "persistentVolumeClaim"))
        };
        let made = |value: &Node| {
            !is_off(value) && !value.entries().is_empty() && (section != "persistence" || claims(value))
        };
        let items = values.get(section).map(Node::entries).unwrap_or_default();
        let items: Vec<_> = items.iter().filter(|entry| made(&entry.value)).collect();
        for entry in &items {
            let keys = section_keys(&entry.value);
            let id = entry.key.text.as_str();
            let text = |key: &str| entry.value.get(key).and_then(Node::as_str);
            let kind = text("kind").filter(|_| section == "route").unwrap_or(kind);
            let long = match (text("forceRename"), text("suffix"), text("prefix"), text("nameOverride")) {
                (Some(name), ..) => name.to_owned(),
                (_, Some(suffix), ..) => format!("{release}-{suffix}"),
                (_, _, Some(prefix), _) => format!("{prefix}-{release}"),
                (.., Some(name)) => format!("{release}-{name}"),
                _ if id == release || release.ends_with(&format!("-{id}")) => release.clone(),
                _ => format!("{release}-{id}"),
            };
            let named =
                ["forceRename", "suffix", "prefix", "nameOverride"].iter().any(|key| text(key).is_some());
            // Since version 4 a single item is named like the release alone.
            let alone = items.len() == 1 && !named;
            let before = match &long_names {
                LongNames::Before(before) if alone => Some(before.clone()),
                _ => None,
            };
            if !(alone && matches!(long_names, LongNames::Never)) {
                let long = Provided::new(kind, &long, keys.clone());
                found.push(Provided { namespace: namespace.clone(), before, ..long });
            }
            found.push(Provided { namespace: namespace.clone(), ..Provided::new(kind, &release, keys) });
        }
    }
    // Accounts have been named in many ways.
    found.push(Provided {
        namespace,
        ..Provided::new("ServiceAccount", &format!("{release}*"), Keys::Unknown)
    });
}

/// Whether a release makes the names of version 3, which always end in the identifier.
#[derive(Debug, Clone)]
enum LongNames {
    Never,
    Always,
    /// As long as the chart that it refers to is old.
    Before(Before),
}

fn long_names(object: &Node) -> LongNames {
    if let Some((_, Some(version))) = chart(object) {
        return if major(version).is_some_and(|major| major >= 4) {
            LongNames::Never
        } else {
            LongNames::Always
        };
    }
    let text = |key: &str| object.at_path(&["spec", "chartRef", key]).and_then(Node::as_str);
    LongNames::Before(Before {
        kind: text("kind").unwrap_or("OCIRepository").into(),
        name: text("name").unwrap_or_default().into(),
        namespace: text("namespace").map(SmolStr::new),
        major: 4,
    })
}

/// The 4 of `4.6.2`; a range tells nothing.
pub fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

fn section_keys(item: &Node) -> Keys {
    let mut keys = BTreeSet::new();
    for section in ["data", "stringData", "binaryData"] {
        keys.extend(
            item.get(section)
                .map(Node::entries)
                .unwrap_or_default()
                .iter()
                .map(|entry| entry.key.text.clone()),
        );
    }
    if keys.is_empty() { Keys::Unknown } else { Keys::Known(keys) }
}

/// The ports of a Service that a release of `app-template` makes, as numbers and names; none where they are not all known. Which of
/// several Services has the name is not asked.
pub fn service_ports(object: &Node, name: &str) -> Vec<(String, String)> {
    let makes = has_known_chart(object) && release(object).is_some_and(|release| name.starts_with(&release));
    let services = object.at_path(&["spec", "values", "service"]).map(Node::entries).unwrap_or_default();
    let services = services.iter().filter(|service| makes && !is_off(&service.value));
    let ports = services.flat_map(|service| {
        let ports = service.value.get("ports").map(Node::entries).unwrap_or_default();
        ports.iter().filter(|port| !is_off(&port.value)).map(|port| {
            let number = port.value.get("port").and_then(Node::as_i64)?;
            Some((number.to_string(), port.key.text.to_string()))
        })
    });
    ports.collect::<Option<_>>().unwrap_or_default()
}

/// The keys under which version 1 of `app-template` finds the names of container ports.
pub fn container_port_names(object: &Node) -> Vec<(&Key, String)> {
    let first = chart(object).and_then(|(_, version)| version).and_then(major) == Some(1);
    if !first || !has_known_chart(object) {
        return Vec::new();
    }
    let services = object.at_path(&["spec", "values", "service"]).map(Node::entries).unwrap_or_default();
    let services = services.iter().filter(|service| !is_off(&service.value));
    let ports = services.flat_map(|service| {
        let ports = service.value.get("ports").map(Node::entries).unwrap_or_default();
        ports.iter().filter(|port| !is_off(&port.value)).map(|port| {
            (&port.key, format!("spec.values.service.{}.ports.{}", service.key.text, port.key.text))
        })
    });
    ports.collect()
}

/// Whether the chart of an Application or HelmRelease called `owner` may make something of that name: the chart's name, the
/// release's or the values tell.
pub fn chart_may_make(object: Option<&Node>, owner: &str, name: &str) -> bool {
    let Some(object) = object else { return true };
    if has_known_chart(object) {
        return false;
    }
    if is_named_after(name, owner) {
        return true;
    }
    let spec = object.get("spec");
    let sources =
        spec.and_then(|spec| spec.get("source")).into_iter().chain(object.items(&["spec", "sources"]));
    let mut charts: Vec<&str> =
        sources.clone().filter_map(|source| source.get("chart").and_then(Node::as_str)).collect();
    charts.extend(chart(object).map(|(name, _)| name));
    let more = [&["spec", "releaseName"][..], &["spec", "targetNamespace"]];
    charts.extend(more.iter().filter_map(|path| object.at_path(path).and_then(Node::as_str)));
    let files = sources.clone().any(|source| !source.items(&["helm", "valueFiles"]).is_empty());
    // An OCI path ends in the chart's name; the values may lie elsewhere.
    files
        || charts.iter().any(|chart| is_named_after(name, chart))
        || spec.is_some_and(|spec| says(spec, name, "", 0))
}

/// Whether values hold a name, other than as a reference to what exists: the chart may make that.
pub fn values_say(values: &Node, name: &str) -> bool {
    says(values, name, "", 0)
}

/// Whether some text of the values holds the name, other than as a reference to what exists.
fn says(node: &Node, name: &str, key: &str, depth: u32) -> bool {
    const REFERENCES: [&str; 8] = [
        "secretKeyRef",
        "secretRef",
        "configMapKeyRef",
        "configMapRef",
        "existingSecret",
        "existingConfigMap",
        "existingConfigmap",
        "existingClaim",
    ];
    if depth > MAX_DEPTH || REFERENCES.contains(&key) {
        return false;
    }
    node.as_str().is_some_and(|text| text.contains(name))
        || node.seq_or_empty().iter().any(|item| says(item, name, key, depth + 1))
        || node
            .entries()
            .iter()
            .any(|entry| entry.key.text == name || says(&entry.value, name, &entry.key.text, depth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::provide::provides as all;
    use crate::relations::references as all_references;
    use crate::source::{MemoryTree, Sources, Tree, TreePath};
    use crate::yaml::{Cache, Dialect};

    fn node(text: &str) -> Node {
        let sources = Sources::new();
        let tree = MemoryTree::of(&sources, [("release.yaml", text)]);
        let file = tree.read(&TreePath::new("release.yaml").unwrap()).unwrap();
        let stream = Cache::new(sources).stream(&file);
        let mut root = stream.documents[0].root.clone().unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        root
    }

    fn release_of(chart: &str, values: &str) -> Node {
        node(&format!("kind: HelmRelease\nmetadata: {{name: shop}}\nspec:\n  {chart}\n  values:\n{values}"))
    }

    const V4: &str = "chart: {spec: {chart: app-template, version: 4.1.0}}";
    const V1: &str = "chart: {spec: {chart: app-template, version: 1.5.1}}";
    const OTHER: &str = "chart: {spec: {chart: velero, version: 1.0.0}}";

    #[test]
    fn reads_what_values_name() {
        for (chart, values, want) in [
            (
                V4,
                "    persistence: {config: {type: configMap, name: shop-config}}",
                vec!["ConfigMap shop-config"],
            ),
            (V4, "    persistence: {config: {type: configMap, identifier: config}}", vec![]),
            (V4, "    persistence: {config: {enabled: false, type: secret, name: a}}", vec![]),
            (
                V4,
                "    controllers: {shop: {containers: {app: {envFrom: [{secretRef: {name: a}}]}}}}",
                vec!["Secret a"],
            ),
            (OTHER, "    env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: b}}}]", vec!["Secret a"]),
            (OTHER, "    credentials: {existingSecret: a}", vec!["Secret a"]),
            (OTHER, "    persistence: {config: {type: configMap, name: a}}", vec![]),
            (OTHER, "    extraVolumes: [{name: v, configMap: {name: a}}]", vec!["ConfigMap a"]),
            (OTHER, "    data: {existingClaim: a}", vec!["PersistentVolumeClaim a"]),
            (OTHER, "    existingSecret: ${NAME}", vec![]),
        ] {
            let object = release_of(chart, values);
            let found = all_references("helm.toolkit.fluxcd.io", "HelmRelease", &object);
            let found: Vec<String> = found.iter().map(|it| format!("{} {}", it.kind, it.name)).collect();
            assert_eq!(found, want, "{values}");
        }
    }

    #[test]
    fn knows_what_app_template_makes() {
        let one = "    configMaps: {config: {data: {a: b}}}";
        let two = "    configMaps: {config: {data: {a: b}}, more: {data: {a: b}}}";
        for (chart, values, has, lacks) in [
            (V4, one, "shop", "shop-config"),
            (V4, two, "shop-more", "shop-less"),
            (V1, one, "shop-config", "shop-more"),
        ] {
            let found = all("helm.toolkit.fluxcd.io", "HelmRelease", "shop", &release_of(chart, values));
            let makes = |name: &str| found.iter().any(|it| it.kind == "ConfigMap" && it.name.matches(name));
            assert!(makes(has) && !makes(lacks), "{values}: {found:?}");
            assert!(found.iter().all(|it| it.kind != ANYTHING));
        }
        let other = all("helm.toolkit.fluxcd.io", "HelmRelease", "shop", &release_of(OTHER, one));
        assert!(other.iter().any(|it| it.kind == ANYTHING));
    }
}
