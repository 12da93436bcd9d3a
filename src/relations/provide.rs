//! What an object brings forth beside itself: Secrets of an ExternalSecret, Services of a database operator, claims of
//! a StatefulSet, accounts of a namespace.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::yaml::Node;

use super::operators::OPERATORS;
use super::provided::{ANYTHING, Keys, NamePattern, Provided};
use super::release_values;

/// The keys of a Secret or ConfigMap as written; `None` for other kinds.
pub fn keys(group: &str, kind: &str, object: &Node) -> Option<Keys> {
    if !group.is_empty() || !matches!(kind, "Secret" | "ConfigMap") {
        return None;
    }
    let filled_later = object.at_path(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
    // cert-manager's injector, OpenShift's service CA, Vault, Argo CD plugins and many others fill objects in by annotation
    // or label; a Secret of a service account token is filled in by Kubernetes itself.
    let known_fillers = [
        "inject",
        "service-account.name",
        "avp.kubernetes.io",
        "replicator",
        "reflector",
        "vault",
        "replicate-from",
        // kubernetes-secret-generator makes the keys that its annotation lists.
        "secret-generator",
    ];
    let labels = object.at_path(&["metadata", "labels"]).map(Node::entries).unwrap_or_default();
    if filled_later
        .iter()
        .chain(labels)
        .any(|entry| known_fillers.iter().any(|word| entry.key.text.contains(word)))
    {
        return Some(Keys::Unknown);
    }
    let mut keys = BTreeSet::new();
    for section in ["data", "stringData", "binaryData"] {
        keys.extend(
            object
                .get(section)
                .map(Node::entries)
                .unwrap_or_default()
                .iter()
                .map(|entry| entry.key.text.clone()),
        );
    }
    // An empty one is a placeholder that something fills in.
    Some(if keys.is_empty() { Keys::Unknown } else { Keys::Known(keys) })
}

/// What an object provides beside itself. `name` is its own name.
pub fn provides(group: &str, kind: &str, name: &str, object: &Node) -> Vec<Provided> {
    let mut found = Vec::new();
    let text = |path: &[&str]| object.at_path(path).and_then(Node::as_str);
    match (group, kind) {
        ("external-secrets.io", "ExternalSecret") => found.push(external_secret(object, name)),
        ("external-secrets.io", "ClusterExternalSecret") => {
            let spec =
                object.at_path(&["spec", "externalSecretSpec", "target", "name"]).and_then(Node::as_str);
            let name = spec.or_else(|| text(&["spec", "externalSecretName"])).unwrap_or(name);
            found.push(Provided::new("Secret", name, Keys::Unknown).anywhere());
        }
        ("bitnami.com", "SealedSecret") => {
            let template = object.at_path(&["spec", "template"]);
            let name = text(&["spec", "template", "metadata", "name"]).unwrap_or(name);
            let mut keys: BTreeSet<SmolStr> = entry_names(object.at_path(&["spec", "encryptedData"]));
            keys.extend(entry_names(template.and_then(|template| template.get("data"))));
            let keys = if keys.is_empty() { Keys::Unknown } else { Keys::Known(keys) };
            let wide = object
                .at_path(&["metadata", "annotations", "sealedsecrets.bitnami.com/cluster-wide"])
                .is_some_and(|node| node.scalar_text() == Some("true"));
            let provided = Provided::new("Secret", name, keys);
            found.push(if wide { provided.anywhere() } else { provided });
        }
        ("isindir.github.com", "SopsSecret") => {
            for template in object
                .items(&["spec", "secretTemplates"])
                .iter()
                .chain(object.items(&["spec", "secret_templates"]))
            {
                if let Some(name) = template.get("name").and_then(Node::as_str) {
                    found.push(Provided::new("Secret", name, Keys::Unknown));
                }
            }
        }
        ("cert-manager.io", "Certificate") => {
            if let Some(name) = text(&["spec", "secretName"]) {
                found.push(Provided::new("Secret", name, Keys::Unknown));
            }
        }
        ("networking.k8s.io" | "extensions", "Ingress") => {
            // The ingress-shim of cert-manager, or whatever else serves the TLS section.
            for tls in object.items(&["spec", "tls"]) {
                if let Some(name) = tls.get("secretName").and_then(Node::as_str) {
                    found.push(Provided::new("Secret", name, Keys::Unknown));
                }
            }
        }
        ("gateway.networking.k8s.io", "Gateway") => {
            for listener in object.items(&["spec", "listeners"]) {
                for secret in listener.items(&["tls", "certificateRefs"]) {
                    if let Some(name) = secret.get("name").and_then(Node::as_str) {
                        found.push(Provided::new("Secret", name, Keys::Unknown));
                    }
                }
            }
        }
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass") => {
            for secret in object.items(&["spec", "secretObjects"]) {
                if let Some(name) = secret.get("secretName").and_then(Node::as_str) {
                    let data = secret.items(&["data"]).iter();
                    let keys =
                        data.filter_map(|item| item.get("key").and_then(Node::as_str)).map(SmolStr::new);
                    found.push(Provided::new("Secret", name, Keys::Known(keys.collect())));
                }
            }
        }
        ("batch", "Job") | ("apps", "Deployment") if runs(object, "redis-initial-password") => {
            // `argocd admin redis-initial-password`
            found.push(Provided::new("Secret", "argocd-redis", Keys::Unknown));
        }
        ("", "ServiceAccount") => {
            for prefix in ["token", "dockercfg"] {
                found.push(Provided::new("Secret", &format!("{name}-{prefix}-*"), Keys::Unknown));
            }
        }
        ("apps", "StatefulSet") => {
            for claim in object.items(&["spec", "volumeClaimTemplates"]) {
                if let Some(claim) = claim.at_path(&["metadata", "name"]).and_then(Node::as_str) {
                    found.push(Provided::new(
                        "PersistentVolumeClaim",
                        &format!("{claim}-{name}-*"),
                        Keys::Unknown,
                    ));
                }
            }
        }
        ("", "Service") => {
            // OpenShift's service CA operator.
            for key in [
                "service.beta.openshift.io/serving-cert-secret-name",
                "service.alpha.openshift.io/serving-cert-secret-name",
            ] {
                if let Some(name) = text(&["metadata", "annotations", key]) {
                    found.push(Provided::new("Secret", name, Keys::Unknown));
                }
            }
        }
        ("fluxcd.controlplane.io", "ResourceSet") => resource_set(object, &mut found),
        ("helm.toolkit.fluxcd.io", "HelmRelease") => release_values::provides(object, &mut found),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            if let (Some(group), Some(kind)) = (text(&["spec", "group"]), text(&["spec", "names", "kind"])) {
                found.push(Provided {
                    group: group.into(),
                    ..Provided::new("CustomResourceDefinition", kind, Keys::Unknown)
                });
            }
        }
        ("trust.cert-manager.io", "Bundle") => {
            found.push(Provided::new("ConfigMap", name, Keys::Unknown).anywhere());
            found.push(Provided::new("Secret", name, Keys::Unknown).anywhere());
        }
        _ => {}
    }
    for line in OPERATORS.iter().filter(|line| line.group == group && line.kind == kind) {
        for (kind, names) in line.makes {
            found.extend(
                names
                    .split_whitespace()
                    .map(|made| Provided::new(kind, &made.replace("{name}", name), Keys::Unknown)),
            );
        }
    }
    copies(&mut found, group, kind, name, object);
    found
}

/// What a ResourceSet of the Flux operator makes of its inputs: names are known up to their first parameter, and nothing is
/// where the resources are one text.
fn resource_set(object: &Node, found: &mut Vec<Provided>) {
    for resource in object.items(&["spec", "resources"]) {
        let text = |path: &[&str]| resource.at_path(path).and_then(Node::as_str);
        let Some(kind) = text(&["kind"]).filter(|kind| !kind.contains("<<")) else { continue };
        let name = text(&["metadata", "name"]).unwrap_or_default();
        let pattern = match name.split_once("<<") {
            Some((before, _)) => NamePattern::Prefix(before.trim_start().into()),
            None => NamePattern::Exact(name.into()),
        };
        let namespace = text(&["metadata", "namespace"]).unwrap_or("*");
        let namespace = if namespace.contains("<<") { "*" } else { namespace };
        let provided = Provided::new(kind, name, Keys::Unknown);
        found.push(Provided { name: pattern, namespace: Some(namespace.into()), ..provided });
    }
    let Some(text) = object.at_path(&["spec", "resourcesTemplate"]).filter(|text| !text.is_null()) else {
        return;
    };
    found.push(Provided::new(ANYTHING, "*", Keys::Unknown).anywhere());
    // Kinds that stand there in full are made under some name.
    let kinds = text.as_str().unwrap_or_default().lines().filter_map(|line| line.strip_prefix("kind:"));
    let mut kinds: Vec<&str> = kinds.map(str::trim).filter(|kind| !kind.contains("<<")).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let any = NamePattern::Prefix("".into());
        let provided = Provided::new(kind, "*", Keys::Unknown);
        found.push(Provided { name: any, namespace: Some("*".into()), ..provided });
    }
}

/// Whether some container of a workload has this word among its arguments.
fn runs(object: &Node, word: &str) -> bool {
    let containers = ["initContainers", "containers"].into_iter();
    let mut containers = containers.flat_map(|list| object.items(&["spec", "template", "spec", list]));
    let says = |list: &[Node]| list.iter().any(|item| item.as_str() == Some(word));
    containers.any(|container| says(container.items(&["args"])) || says(container.items(&["command"])))
}

/// Whether an object is a role whose holders may make Secrets: controllers make those of their own webhooks and caches.
pub fn may_make_secrets(group: &str, kind: &str, object: &Node) -> bool {
    let has = |rule: &Node, list: &str, words: &[&str]| {
        rule.items(&[list]).iter().filter_map(Node::as_str).any(|it| words.contains(&it))
    };
    group == "rbac.authorization.k8s.io"
        && matches!(kind, "Role" | "ClusterRole")
        && object.items(&["rules"]).iter().any(|rule| {
            has(rule, "apiGroups", &["", "*"])
                && has(rule, "resources", &["secrets", "*"])
                && has(rule, "verbs", &["create", "*"])
        })
}

/// Whether the table of operators has a kind.
pub fn is_known_operator(group: &str, kind: &str) -> bool {
    OPERATORS.iter().any(|line| line.group == group && line.kind == kind)
}

/// Reflector and its likes copy Secrets and ConfigMaps into other namespaces.
fn copies(found: &mut Vec<Provided>, group: &str, kind: &str, name: &str, object: &Node) {
    let mut annotations = vec![object.at_path(&["metadata", "annotations"])];
    // An ExternalSecret, Certificate or SealedSecret hands annotations on to its Secret.
    for path in [
        &["spec", "target", "template", "metadata", "annotations"][..],
        &["spec", "secretTemplate", "annotations"],
        &["spec", "template", "metadata", "annotations"],
    ] {
        annotations.push(object.at_path(path));
    }
    let words = [
        "reflection-allowed",
        "replicate-to",
        "replication-allowed",
        "kubed.appscode.com/sync",
        "replicator.v1",
        "sync-to",
    ];
    let copied = annotations
        .into_iter()
        .flatten()
        .flat_map(Node::entries)
        .any(|entry| words.iter().any(|word| entry.key.text.contains(word)));
    if !copied {
        return;
    }
    if group.is_empty() && matches!(kind, "Secret" | "ConfigMap") {
        found.push(Provided::new(kind, name, Keys::Unknown).anywhere());
    }
    let names: Vec<Provided> = found.iter().map(|provided| provided.clone().anywhere()).collect();
    found.extend(names);
}

fn entry_names(node: Option<&Node>) -> BTreeSet<SmolStr> {
    node.map(Node::entries).unwrap_or_default().iter().map(|entry| entry.key.text.clone()).collect()
}

fn external_secret(object: &Node, name: &str) -> Provided {
    let target = object.at_path(&["spec", "target"]);
    let name = target.and_then(|target| target.get("name")).and_then(Node::as_str).unwrap_or(name);
    let template = target.and_then(|target| target.get("template"));
    let from = !object.items(&["spec", "dataFrom"]).is_empty();
    let keys = match template {
        Some(template) if template.get("templateFrom").is_some() => Keys::Unknown,
        Some(template) if template.get("data").is_some() => {
            let merges = template.get("mergePolicy").and_then(Node::as_str) == Some("Merge");
            let mut keys = entry_names(template.get("data"));
            if merges {
                keys.extend(secret_keys(object));
            }
            if merges && from { Keys::Unknown } else { Keys::Known(keys) }
        }
        _ if from => Keys::Unknown,
        _ => Keys::Known(secret_keys(object)),
    };
    let merged =
        target.and_then(|target| target.get("creationPolicy")).and_then(Node::as_str) == Some("Merge");
    Provided::new("Secret", name, if merged { Keys::Unknown } else { keys })
}

fn secret_keys(object: &Node) -> BTreeSet<SmolStr> {
    let data = object.items(&["spec", "data"]).iter();
    data.filter_map(|item| item.get("secretKey").and_then(Node::as_str)).map(SmolStr::new).collect()
}

/// Names of kubernetes objects that a custom resource or a script mentions: whoever acts on it may make or expect them.
pub fn mentions(group: &str, kind: &str, object: &Node) -> BTreeSet<SmolStr> {
    let mut found = BTreeSet::new();
    let built_in = crate::k8s::is_built_in(group);
    let consumer = matches!(
        (group, kind),
        ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor")
            | ("argoproj.io", "Rollout" | "Application" | "ApplicationSet" | "AppProject")
            | (
                "gateway.networking.k8s.io"
                    | "traefik.io"
                    | "route.openshift.io"
                    | "keda.sh"
                    | "networking.istio.io"
                    | "helm.toolkit.fluxcd.io"
                    | "kustomize.toolkit.fluxcd.io"
                    | "source.toolkit.fluxcd.io",
                _
            )
    );
    if !built_in && !consumer {
        collect(object, &mut found, 0);
    }
    if built_in {
        scripts(object, &mut found, 0);
    }
    found
}

/// Every text of a custom resource that could be a name.
fn collect(node: &Node, found: &mut BTreeSet<SmolStr>, depth: u32) {
    if depth > 40 {
        return;
    }
    for entry in node.entries() {
        collect(&entry.value, found, depth + 1);
    }
    for item in node.seq_or_empty() {
        collect(item, found, depth + 1);
    }
    if let Some(text) = node.as_str().filter(|text| text.len() > 2 && text.len() <= 253) {
        if is_name(text) {
            found.insert(text.into());
        } else if text.contains("ecret") || text.contains("onfig") {
            found.extend(words(text));
        }
    }
}

/// Words of scripts that make objects with kubectl or the API.
fn scripts(node: &Node, found: &mut BTreeSet<SmolStr>, depth: u32) {
    if depth > 40 {
        return;
    }
    for entry in node.entries() {
        scripts(&entry.value, found, depth + 1);
    }
    let items = node.seq_or_empty();
    // `command: [kubectl, create, secret, ...]` is one script.
    let commands = |item: &Node| item.as_str().is_some_and(makes_objects);
    if items.iter().any(commands) {
        for text in items.iter().filter_map(Node::as_str) {
            found.extend(words(text));
        }
    }
    for item in items {
        scripts(item, found, depth + 1);
    }
    if let Some(text) = node.as_str() {
        if makes_objects(text) {
            found.extend(words(text));
        } else if let Some((flag, name)) = text.split_once('=')
            && flag.starts_with("--")
            && ["name", "secret", "configmap", "config-map"].iter().any(|word| flag.contains(word))
            && is_name(name)
        {
            // A controller that is told the name of an object may make it.
            found.insert(name.into());
        }
    }
}

fn makes_objects(text: &str) -> bool {
    (text.contains("kubectl")
        || text.contains("oc ")
        || text.contains("/api/v1")
        || text == "oc"
        || text.contains("certgen"))
        || text.contains("kind: Secret")
        || text.contains("kind: ConfigMap")
        || text.contains("kind: StorageClass")
        || text.starts_with("--secret-name")
        || text.contains("create_namespaced_secret")
}

fn words(text: &str) -> impl Iterator<Item = SmolStr> + '_ {
    let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')));
    parts.filter(|part| part.len() > 2 && is_name(part)).map(SmolStr::new)
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}
