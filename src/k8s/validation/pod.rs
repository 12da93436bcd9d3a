//! Pods: containers, probes, volumes, affinity, tolerations.

use std::collections::BTreeMap;

use crate::k8s::{Container, ContainerKind, PodTemplate, dns_label_error};
use crate::yaml::Node;

use super::{Found, final_text, has};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// Handlers of a probe.
const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

pub(super) fn check(pod: &PodTemplate<'_>, found: &mut Found) {
    names(pod, found);
    for container in pod.containers() {
        let path = |field: &str| container.path(pod, field);
        if container.kind != ContainerKind::Ephemeral {
            image(container.node, &path(""), found);
        }
        probes(&container, pod, found);
        resources(container.node, &path("resources"), found);
        context(container.node, &path("securityContext"), found);
        for (index, port) in container.node.items(&["ports"]).iter().enumerate() {
            for name in ["containerPort", "hostPort"] {
                let Some(value) = port.get(name) else { continue };
                let zero = name == "hostPort" && value.as_i64() == Some(0);
                if value.as_i64().is_some_and(|port| !(1..=65535).contains(&port)) && !zero {
                    found.add(
                        path(&format!("ports[{index}].{name}")),
                        value,
                        format!("`{name}` must be between 1 and 65535"),
                        None,
                    );
                }
            }
        }
        for (index, variable) in container.node.items(&["env"]).iter().enumerate() {
            field_ref(variable, &path(&format!("env[{index}]")), found);
        }
        claims(container.node, pod, &path("resources.claims"), found);
    }
    volumes(pod, found);
    affinity(pod, found);
    tolerations(pod, found);
    let spec = pod.spec;
    if spec.get("dnsPolicy").and_then(Node::as_str) == Some("None")
        && spec.items(&["dnsConfig", "nameservers"]).is_empty()
        && let Some(node) = spec.get("dnsPolicy")
    {
        let words = "`dnsPolicy: None` needs at least one name server in `dnsConfig`";
        found.add(format!("{}.dnsPolicy", pod.path), node, words, None);
    }
}

/// Names of containers and volumes.
fn names(pod: &PodTemplate<'_>, found: &mut Found) {
    let mut seen: BTreeMap<&str, ContainerKind> = BTreeMap::new();
    for container in pod.containers() {
        let Some(node) = container.node.get("name") else { continue };
        let Some(name) = final_text(node).filter(|name| !name.is_empty()) else { continue };
        let path = container.path(pod, "name");
        if let Some(why) = dns_label_error(name) {
            found.add(path, node, format!("`{name}` cannot be the name of a container: {why}"), None);
        } else if seen.insert(name, container.kind).is_some_and(|kind| kind != container.kind) {
            // Within one list the schema tells.
            found.add(
                path,
                node,
                format!("an init container and a container are both called `{name}`"),
                None,
            );
        }
    }
    for (index, volume) in pod.spec.items(&["volumes"]).iter().enumerate() {
        let Some(node) = volume.get("name") else { continue };
        let Some(name) = final_text(node).filter(|name| !name.is_empty()) else { continue };
        if let Some(why) = dns_label_error(name) {
            let path = format!("{}.volumes[{index}].name", pod.path);
            found.add(path, node, format!("`{name}` cannot be the name of a volume: {why}"), None);
        }
    }
}

fn image(container: &Node, path: &str, found: &mut Found) {
    if !has(container, "image") {
        let at = container.get("name").unwrap_or(container);
        found.lack(path.trim_end_matches('.'), at, "the container has no `image`", Some("add `image`"));
    }
}

fn probes(container: &Container<'_>, pod: &PodTemplate<'_>, found: &mut Found) {
    let sidecar = container.node.get("restartPolicy").and_then(Node::as_str) == Some("Always");
    let plain_init = container.kind == ContainerKind::Init && !sidecar;
    for name in PROBES {
        let Some(probe) = container.node.get(name).filter(|probe| probe.as_map().is_some()) else { continue };
        let path = container.path(pod, name);
        if plain_init {
            let words =
                format!("an init container cannot have a `{name}` unless its `restartPolicy` is `Always`");
            found.add(path, probe, words, Some("remove the probe, or make the container a sidecar"));
            continue;
        }
        let handlers: Vec<&str> = HANDLERS.into_iter().filter(|handler| has(probe, handler)).collect();
        match handlers.as_slice() {
            [] => {
                let words = format!("`{name}` says nothing about what to probe");
                found.lack(
                    path.clone(),
                    probe,
                    words,
                    Some("add one of `httpGet`, `tcpSocket`, `grpc` or `exec`"),
                );
            }
            [first, second, ..] => {
                let words = format!("`{name}` has both `{first}` and `{second}`: one is allowed");
                found.add(path.clone(), probe, words, None);
            }
            [_] => {}
        }
        if name != "readinessProbe"
            && let Some(threshold) =
                probe.get("successThreshold").filter(|node| node.as_i64().is_some_and(|count| count > 1))
        {
            let words = format!("`successThreshold` of a `{name}` must be 1");
            found.add(format!("{path}.successThreshold"), threshold, words, None);
        }
    }
    if plain_init
        && let Some(lifecycle) = container.node.get("lifecycle").filter(|node| !node.entries().is_empty())
    {
        let words = "an init container cannot have a `lifecycle` unless its `restartPolicy` is `Always`";
        found.add(container.path(pod, "lifecycle"), lifecycle, words, None);
    }
}

/// Resources that a container cannot have.
fn resources(container: &Node, path: &str, found: &mut Found) {
    for section in ["requests", "limits"] {
        for entry in container.at_path(&["resources", section]).map(Node::entries).unwrap_or_default() {
            let name = entry.key.text.as_str();
            let known =
                matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
            if known || name.contains(['/', '$', '{']) {
                continue;
            }
            let at = Node::plain("", entry.key.place());
            let words = format!("`{name}` is no resource of a container");
            let known = crate::finding::did_you_mean(name, ["cpu", "memory", "ephemeral-storage"]);
            let help = match known {
                Some("cpu") => "did you mean `cpu`?",
                Some("memory") => "did you mean `memory`?",
                Some(_) => "did you mean `ephemeral-storage`?",
                None => {
                    "use `cpu`, `memory`, `ephemeral-storage`, or the name of an extended resource, with its domain"
                }
            };
            found.add(format!("{path}.{section}.{name}"), &at, words, Some(help));
        }
    }
}

fn context(container: &Node, path: &str, found: &mut Found) {
    let Some(context) = container.get("securityContext") else { return };
    let flag = |name: &str| context.get(name).and_then(Node::as_bool);
    if flag("privileged") == Some(true)
        && flag("allowPrivilegeEscalation") == Some(false)
        && let Some(node) = context.get("allowPrivilegeEscalation")
    {
        let words = "`allowPrivilegeEscalation: false` contradicts `privileged: true`";
        found.add(format!("{path}.allowPrivilegeEscalation"), node, words, None);
    }
}

fn field_ref(variable: &Node, path: &str, found: &mut Found) {
    if let (Some(node), Some(_)) =
        (variable.get("value"), variable.get("valueFrom").filter(|from| !from.entries().is_empty()))
        && node.as_str().is_some_and(|text| !text.is_empty())
    {
        found.add(format!("{path}.value"), node, "a variable cannot have both `value` and `valueFrom`", None);
    }
    let Some(node) = variable.at_path(&["valueFrom", "fieldRef", "fieldPath"]) else { return };
    let Some(field) = final_text(node).filter(|field| !field.is_empty()) else { return };
    let known = matches!(
        field,
        "metadata.name"
            | "metadata.namespace"
            | "metadata.uid"
            | "spec.nodeName"
            | "spec.serviceAccountName"
            | "status.hostIP"
            | "status.hostIPs"
            | "status.podIP"
            | "status.podIPs"
    ) || field.starts_with("metadata.labels['")
        || field.starts_with("metadata.annotations['");
    if !known {
        let words = format!("`{field}` is no field that a variable can take its value from");
        let help = "use `metadata.name`, `metadata.namespace`, `metadata.labels['KEY']`, `spec.nodeName`, `status.podIP` or their like";
        found.add(format!("{path}.valueFrom.fieldRef.fieldPath"), node, words, Some(help));
    }
}

fn claims(container: &Node, pod: &PodTemplate<'_>, path: &str, found: &mut Found) {
    for (index, claim) in container.items(&["resources", "claims"]).iter().enumerate() {
        let Some(node) = claim.get("name") else { continue };
        let Some(name) = final_text(node) else { continue };
        let mut known = pod.spec.items(&["resourceClaims"]).iter().filter_map(|it| it.get("name")?.as_str());
        if !known.any(|known| known == name) {
            let words = format!("the pod has no resource claim `{name}`");
            found.add(
                format!("{path}[{index}].name"),
                node,
                words,
                Some("add it to `resourceClaims` of the pod"),
            );
        }
    }
}

fn volumes(pod: &PodTemplate<'_>, found: &mut Found) {
    for (index, volume) in pod.spec.items(&["volumes"]).iter().enumerate() {
        let path = format!("{}.volumes[{index}]", pod.path);
        let sources =
            volume.entries().iter().filter(|entry| entry.key.text != "name" && !entry.value.is_null());
        let sources: Vec<&str> = sources.map(|entry| entry.key.text.as_str()).collect();
        if let ([first, second, ..], Some(at)) = (sources.as_slice(), volume.get("name")) {
            let words = format!("a volume has both `{first}` and `{second}`: one is allowed");
            found.add(path, at, words, None);
        }
    }
}

fn affinity(pod: &PodTemplate<'_>, found: &mut Found) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let base = format!("{}.affinity.{kind}", pod.path);
        let Some(rules) = pod.spec.at_path(&["affinity", kind]) else { continue };
        let hard = rules.items(&["requiredDuringSchedulingIgnoredDuringExecution"]).iter().enumerate();
        let hard = hard.map(|(index, term)| {
            (format!("{base}.requiredDuringSchedulingIgnoredDuringExecution[{index}]"), term)
        });
        let soft = rules.items(&["preferredDuringSchedulingIgnoredDuringExecution"]).iter().enumerate();
        for (index, item) in soft.clone() {
            let path = format!("{base}.preferredDuringSchedulingIgnoredDuringExecution[{index}].weight");
            weight(item, path, found);
        }
        let soft = soft.filter_map(|(index, item)| {
            let path =
                format!("{base}.preferredDuringSchedulingIgnoredDuringExecution[{index}].podAffinityTerm");
            Some((path, item.get("podAffinityTerm")?))
        });
        for (path, term) in hard.chain(soft) {
            if let Some(key) = term.get("topologyKey").filter(|key| key.as_str() == Some("")) {
                found.add(format!("{path}.topologyKey"), key, "`topologyKey` is empty", None);
            }
        }
    }
    let nodes =
        pod.spec.items(&["affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"]);
    for (index, item) in nodes.iter().enumerate() {
        let base = format!("{}.affinity.nodeAffinity", pod.path);
        weight(
            item,
            format!("{base}.preferredDuringSchedulingIgnoredDuringExecution[{index}].weight"),
            found,
        );
    }
}

fn weight(item: &Node, path: String, found: &mut Found) {
    if let Some(weight) =
        item.get("weight").filter(|node| node.as_i64().is_some_and(|it| !(1..=100).contains(&it)))
    {
        found.add(path, weight, "`weight` must be between 1 and 100", None);
    }
}

fn tolerations(pod: &PodTemplate<'_>, found: &mut Found) {
    for (index, toleration) in pod.spec.items(&["tolerations"]).iter().enumerate() {
        let path = |name: &str| format!("{}.tolerations[{index}].{name}", pod.path);
        let text = |name: &str| toleration.get(name).and_then(Node::as_str).unwrap_or_default();
        if text("operator") == "Exists"
            && !text("value").is_empty()
            && let Some(value) = toleration.get("value")
        {
            let words = "a toleration with `operator: Exists` cannot have a `value`";
            found.add(path("value"), value, words, Some("remove the value, or use `operator: Equal`"));
        }
        if text("key").is_empty() && toleration.as_map().is_some() && text("operator") != "Exists" {
            let at = toleration.get("operator").or_else(|| toleration.get("effect")).unwrap_or(toleration);
            let words = "a toleration without a `key` must have `operator: Exists`";
            found.add(path("operator"), at, words, None);
        }
        if let Some(seconds) = toleration.get("tolerationSeconds").filter(|node| !node.is_null())
            && text("effect") != "NoExecute"
            && !text("effect").contains(['$', '{'])
        {
            let words = "`tolerationSeconds` needs `effect: NoExecute`";
            found.add(path("tolerationSeconds"), seconds, words, None);
        }
    }
}
