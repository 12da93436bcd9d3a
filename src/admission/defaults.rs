//! What the API server has put into an object before policies see it.
//!
//! Mirrors the defaults of `k8s.io/kubernetes/pkg/apis/{core,apps,batch}` that policies ask about. Golden data beside the tests
//! says what Kubernetes makes of the same objects.

use smol_str::SmolStr;

use crate::k8s::Image;
use crate::yaml::{Data, Entry, Key, Map, Node};

/// The object as policies see it; `None` where nothing is known about defaults of its kind.
pub(super) fn with_defaults(group: &str, kind: &str, node: &Node) -> Option<Node> {
    let mut object = node.clone();
    let path: &[&str] = match (group, kind) {
        ("", "Pod") => &["spec"],
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            &["spec", "template", "spec"]
        }
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        ("", "Service" | "ConfigMap" | "ServiceAccount" | "Namespace")
        | ("networking.k8s.io", "Ingress")
        | ("rbac.authorization.k8s.io", _) => &[],
        _ => return None,
    };
    if group == "rbac.authorization.k8s.io" {
        without_rules(kind, &mut object);
    } else {
        drop_empty(&mut object);
    }
    if kind == "Namespace" {
        named(&mut object);
    }
    // What is no pointer is always there.
    if !matches!(kind, "ConfigMap" | "ServiceAccount") && group != "rbac.authorization.k8s.io" {
        put(&mut object, "spec", &Is::Map(&[]));
        put(&mut object, "status", &Is::Map(&[]));
    }
    if let Some(template) = path.strip_suffix(&["spec"]).filter(|it| !it.is_empty())
        && let Some(template) = below(&mut object, template)
    {
        put(template, "metadata", &Is::Map(&[]));
    }
    let profiles = if kind == "Pod" { profiles(&object) } else { Vec::new() };
    if let Some(spec) = below(&mut object, path).filter(|_| !path.is_empty()) {
        pod(spec);
        if kind == "Pod" {
            put(spec, "enableServiceLinks", &Is::Flag(true));
            put(spec, "serviceAccountName", &Is::Text("default"));
            for list in ["initContainers", "containers"] {
                items(spec, list).iter_mut().for_each(limits_are_requests);
                for container in items(spec, list) {
                    confine(container, &profiles);
                }
            }
        }
    }
    let of_spec: &[(&str, Is)] = match kind {
        "Deployment" => &[
            ("replicas", Is::Number(1)),
            ("revisionHistoryLimit", Is::Number(10)),
            ("progressDeadlineSeconds", Is::Number(600)),
            ("strategy", Is::Map(&[("type", Is::Text("RollingUpdate"))])),
        ],
        "ReplicaSet" => &[("replicas", Is::Number(1))],
        "StatefulSet" => &[
            ("replicas", Is::Number(1)),
            ("revisionHistoryLimit", Is::Number(10)),
            ("podManagementPolicy", Is::Text("OrderedReady")),
            ("updateStrategy", Is::Map(&[("type", Is::Text("RollingUpdate"))])),
        ],
        "DaemonSet" => &[
            ("revisionHistoryLimit", Is::Number(10)),
            ("updateStrategy", Is::Map(&[("type", Is::Text("RollingUpdate"))])),
        ],
        "Job" => &[
            ("completions", Is::Number(1)),
            ("parallelism", Is::Number(1)),
            ("backoffLimit", Is::Number(6)),
            ("completionMode", Is::Text("NonIndexed")),
            ("suspend", Is::Flag(false)),
        ],
        "CronJob" => &[
            ("concurrencyPolicy", Is::Text("Allow")),
            ("suspend", Is::Flag(false)),
            ("successfulJobsHistoryLimit", Is::Number(3)),
            ("failedJobsHistoryLimit", Is::Number(1)),
        ],
        "Service" => &[("type", Is::Text("ClusterIP")), ("sessionAffinity", Is::Text("None"))],
        _ => &[],
    };
    if let Some(spec) = below(&mut object, &["spec"]) {
        for (name, value) in of_spec {
            put(spec, name, value);
        }
        if kind == "Service" {
            service(spec);
        }
    }
    Some(object)
}

/// The label that every Namespace has.
fn named(namespace: &mut Node) {
    let place = namespace.place();
    let Some(name) = namespace.at_path(&["metadata", "name"]).and_then(Node::as_str).map(SmolStr::new) else {
        return;
    };
    if let Some(meta) = below(namespace, &["metadata"]) {
        put(meta, "labels", &Is::Map(&[]));
    }
    if let Some(labels) = below(namespace, &["metadata", "labels"]).and_then(Node::as_map_mut) {
        labels.insert(Key::new("kubernetes.io/metadata.name", place), Node::string(name, place));
    }
}

/// Rules are null where there are none: Kubernetes always writes that field.
fn without_rules(kind: &str, role: &mut Node) {
    let place = role.place();
    if matches!(kind, "Role" | "ClusterRole")
        && role.get("rules").is_none()
        && let Some(map) = role.as_map_mut()
    {
        map.insert(Key::new("rules", place), Node::null(place));
    }
}

/// Maps of texts, where null is an empty one.
const TEXTS: [&str; 7] =
    ["labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData", "binaryData"];

/// Lists that are there although they are empty.
const KEPT: [&str; 5] = ["containers", "paths", "sources", "nodeSelectorTerms", "rules"];

/// Maps that are left out where they are empty: other empty ones are objects.
const MAPS: [&str; 4] = ["limits", "requests", "overhead", "volumeAttributes"];

/// Fields that are left out where they are false, zero or an empty text.
const ZEROS: [&str; 25] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "stdin",
    "stdinOnce",
    "tty",
    "paused",
    "publishNotReadyAddresses",
    "hostPort",
    "nodePort",
    "minReadySeconds",
    "initialDelaySeconds",
    "value",
    "image",
    "imagePullPolicy",
    "serviceAccountName",
    "nodeName",
    "hostname",
    "subdomain",
    "priorityClassName",
    "subPath",
    "workingDir",
    "clusterIP",
    "loadBalancerIP",
    "externalName",
];

/// Leaves out fields that are null or empty: what the API server has decoded has none.
fn drop_empty(node: &mut Node) {
    match &mut node.data {
        Data::Map(map) => {
            map.retain(|entry| !is_empty(&entry.key.text, &entry.value));
            for entry in map.entries_mut().iter_mut().filter(|it| !TEXTS.contains(&it.key.text.as_str())) {
                drop_empty(&mut entry.value);
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(drop_empty),
        Data::Scalar(_) => {}
    }
}

fn is_empty(name: &str, value: &Node) -> bool {
    match &value.data {
        Data::Map(map) => map.is_empty() && (TEXTS.contains(&name) || MAPS.contains(&name)),
        Data::Seq(items) => items.is_empty() && !KEPT.contains(&name),
        Data::Scalar(_) => {
            let is_zero =
                || value.as_bool() == Some(false) || value.as_i64() == Some(0) || value.as_str() == Some("");
            value.is_null() || ZEROS.contains(&name) && is_zero()
        }
    }
}

/// The annotations that had AppArmor's profiles before fields had them.
const PROFILE: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The profiles in annotations of a Pod, by container.
fn profiles(pod: &Node) -> Vec<(SmolStr, SmolStr)> {
    let annotations = pod.at_path(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
    let profile = |entry: &Entry| {
        let container = entry.key.text.strip_prefix(PROFILE)?;
        Some((SmolStr::new(container), SmolStr::new(entry.value.as_str()?)))
    };
    annotations.iter().filter_map(profile).collect()
}

/// Writes the profile of an annotation into the field.
fn confine(container: &mut Node, profiles: &[(SmolStr, SmolStr)]) {
    let name = container.get("name").and_then(Node::as_str);
    let Some((_, profile)) = profiles.iter().find(|(of, _)| Some(of.as_str()) == name) else { return };
    let (kind, path) = match profile.as_str() {
        "runtime/default" => ("RuntimeDefault", None),
        "unconfined" => ("Unconfined", None),
        other => match other.strip_prefix("localhost/") {
            Some(path) => ("Localhost", Some(path)),
            None => return,
        },
    };
    put(container, "securityContext", &Is::Map(&[]));
    let Some(context) = below(container, &["securityContext"]) else { return };
    if context.get("appArmorProfile").is_some() {
        return;
    }
    put(context, "appArmorProfile", &Is::Map(&[]));
    let Some(field) = below(context, &["appArmorProfile"]) else { return };
    put(field, "type", &Is::Text(kind));
    let place = field.place();
    if let (Some(path), Some(map)) = (path, field.as_map_mut()) {
        map.insert(Key::new("localhostProfile", place), Node::string(SmolStr::new(path), place));
    }
}

/// What a container of a Pod is limited to, it also asks for.
fn limits_are_requests(container: &mut Node) {
    let Some(resources) = below(container, &["resources"]) else { return };
    let limits: Vec<Entry> = resources.get("limits").map(|it| it.entries().to_vec()).unwrap_or_default();
    if limits.is_empty() {
        return;
    }
    put(resources, "requests", &Is::Map(&[]));
    let Some(requests) = below(resources, &["requests"]).and_then(Node::as_map_mut) else { return };
    for limit in limits {
        if requests.get(&limit.key.text).is_none() {
            requests.insert(limit.key, limit.value);
        }
    }
}

/// A value to put where none is.
enum Is {
    Text(&'static str),
    Number(i64),
    Flag(bool),
    Map(&'static [(&'static str, Is)]),
}

fn below<'n>(node: &'n mut Node, path: &[&str]) -> Option<&'n mut Node> {
    path.iter().try_fold(node, |node, name| node.as_map_mut()?.get_mut(name))
}

fn put(node: &mut Node, name: &'static str, value: &Is) {
    let place = node.place();
    let made = make(value, place);
    let Some(map) = node.as_map_mut() else { return };
    match map.get_mut(name) {
        Some(there) if !there.is_null() => {}
        Some(there) => *there = made,
        None => {
            map.insert(Key::new(name, place), made);
        }
    }
}

fn make(value: &Is, place: crate::origin::Place) -> Node {
    match value {
        Is::Text(text) => Node::string(*text, place),
        Is::Number(number) => Node::int(*number, place),
        Is::Flag(flag) => Node::bool(*flag, place),
        Is::Map(entries) => {
            let mut map = Map::new();
            for (name, value) in *entries {
                map.insert(Key::new(*name, place), make(value, place));
            }
            Node::map(map, place)
        }
    }
}

fn items<'n>(node: &'n mut Node, name: &str) -> &'n mut [Node] {
    match node.as_map_mut().and_then(|map| map.get_mut(name)).map(|list| &mut list.data) {
        Some(Data::Seq(items)) => items,
        _ => &mut [],
    }
}

fn pod(spec: &mut Node) {
    let of_spec = [
        ("restartPolicy", Is::Text("Always")),
        ("dnsPolicy", Is::Text("ClusterFirst")),
        ("schedulerName", Is::Text("default-scheduler")),
        ("terminationGracePeriodSeconds", Is::Number(30)),
        ("securityContext", Is::Map(&[])),
    ];
    for (name, value) in of_spec {
        put(spec, name, &value);
    }
    // A volume of nothing is an empty directory.
    for volume in items(spec, "volumes") {
        if volume.entries().iter().all(|entry| entry.key.text == "name") {
            put(volume, "emptyDir", &Is::Map(&[]));
        }
    }
    for list in ["initContainers", "containers"] {
        for container in items(spec, list).iter_mut().filter(|it| it.as_map().is_some()) {
            let image = container.get("image").and_then(Node::as_str).unwrap_or_default();
            let is_latest =
                |image: Image<'_>| image.digest.is_none() && image.tag.is_none_or(|tag| tag == "latest");
            let latest = Image::parse(image).is_ok_and(is_latest);
            let of_container = [
                ("resources", Is::Map(&[])),
                ("terminationMessagePath", Is::Text("/dev/termination-log")),
                ("terminationMessagePolicy", Is::Text("File")),
                ("imagePullPolicy", Is::Text(if latest { "Always" } else { "IfNotPresent" })),
            ];
            for (name, value) in of_container {
                put(container, name, &value);
            }
            for port in items(container, "ports") {
                put(port, "protocol", &Is::Text("TCP"));
            }
            for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
                let Some(probe) = below(container, &[name]).filter(|it| it.as_map().is_some()) else {
                    continue;
                };
                let of_probe = [
                    ("timeoutSeconds", 1),
                    ("periodSeconds", 10),
                    ("successThreshold", 1),
                    ("failureThreshold", 3),
                ];
                for (name, number) in of_probe {
                    put(probe, name, &Is::Number(number));
                }
                if let Some(get) = below(probe, &["httpGet"]) {
                    put(get, "scheme", &Is::Text("HTTP"));
                    put(get, "path", &Is::Text("/"));
                }
            }
        }
    }
}

fn service(spec: &mut Node) {
    let kind = spec.get("type").and_then(Node::as_str).unwrap_or_default().to_owned();
    if matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        put(spec, "internalTrafficPolicy", &Is::Text("Cluster"));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        put(spec, "externalTrafficPolicy", &Is::Text("Cluster"));
    }
    for port in items(spec, "ports").iter_mut() {
        put(port, "protocol", &Is::Text("TCP"));
        let number = port.get("port").and_then(Node::as_i64).unwrap_or_default();
        put(port, "targetPort", &Is::Number(number));
    }
}
