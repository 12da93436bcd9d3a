//! What an object names: Secrets and ConfigMaps with their keys, ServiceAccounts, claims, classes, Services, roles.
//!
//! Only fields of which upstream says that the named object must exist. Where a field is a mere convention (a name in an
//! annotation of some controller) it is listed here too, when that controller is the common one.

use crate::k8s::PodTemplate;
use crate::yaml::Node;

use super::collector::{Collector, Reference, flag};
use super::{custom, dns, release_values, routes};

/// Everything that an object of this group and kind names.
pub fn references(group: &str, kind: &str, object: &Node) -> Vec<Reference> {
    let mut cx = Collector::default();
    if let Some(pod) = PodTemplate::of(group, kind, object) {
        pod_references(&mut cx, &pod);
    }
    match (group, kind) {
        ("apps", "StatefulSet") => {
            let service = object.at_path(&["spec", "serviceName"]);
            if let Some(reference) = cx.add("", "Service", service, "spec.serviceName".into()) {
                // The pods run without it; only their DNS names are missing.
                reference.optional = true;
            }
            for (index, claim) in object.items(&["spec", "volumeClaimTemplates"]).iter().enumerate() {
                let field = format!("spec.volumeClaimTemplates[{index}].spec.storageClassName");
                cx.add("storage.k8s.io", "StorageClass", claim.at_path(&["spec", "storageClassName"]), field);
            }
        }
        ("", "PersistentVolumeClaim") => {
            let class = object.at_path(&["spec", "storageClassName"]);
            // A claim bound to a volume by name uses its class as a label only.
            if object.at_path(&["spec", "volumeName"]).is_none() {
                cx.add("storage.k8s.io", "StorageClass", class, "spec.storageClassName".into());
            }
        }
        ("", "ServiceAccount") => {
            for list in ["secrets", "imagePullSecrets"] {
                for (index, item) in object.items(&[list]).iter().enumerate() {
                    cx.add("", "Secret", item.get("name"), format!("{list}[{index}].name"));
                }
            }
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => binding(&mut cx, object),
        ("autoscaling", "HorizontalPodAutoscaler") | ("autoscaling.k8s.io", "VerticalPodAutoscaler") => {
            let path = if group == "autoscaling" { "scaleTargetRef" } else { "targetRef" };
            scale_target(&mut cx, object.at_path(&["spec", path]), path);
        }
        ("keda.sh", "ScaledObject") => {
            scale_target(&mut cx, object.at_path(&["spec", "scaleTargetRef"]), "scaleTargetRef");
        }
        ("helm.toolkit.fluxcd.io", "HelmRelease") => release_values::references(&mut cx, object),
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding",
        ) => {
            let policy = kind.trim_end_matches("Binding");
            cx.add(group, policy, object.at_path(&["spec", "policyName"]), "spec.policyName".into());
        }
        ("tekton.dev", "PipelineRun" | "TaskRun") => workspaces(&mut cx, object),
        ("external-secrets.io", "ExternalSecret" | "PushSecret") => external_secret(&mut cx, object),
        ("cert-manager.io", "Certificate" | "CertificateRequest") => {
            let issuer = object.at_path(&["spec", "issuerRef"]);
            issuer_ref(&mut cx, issuer, "spec.issuerRef");
        }
        _ => {}
    }
    routes::references(&mut cx, group, kind, object);
    custom::references(&mut cx, group, kind, object);
    annotations(&mut cx, group, kind, object);
    if !matches!(kind, "CustomResourceDefinition" | "NetworkPolicy") {
        dns::references(object, &mut cx.found);
    }
    cx.found
}

fn pod_references(cx: &mut Collector, pod: &PodTemplate<'_>) {
    let (spec, path) = (pod.spec, pod.path);
    let account = ["serviceAccountName", "serviceAccount"].into_iter().find(|key| spec.get(key).is_some());
    if let Some(account) = account {
        cx.add("", "ServiceAccount", spec.get(account), format!("{path}.{account}"));
    }
    let class = spec.get("priorityClassName");
    cx.add("scheduling.k8s.io", "PriorityClass", class, format!("{path}.priorityClassName"));
    let runtime = spec.get("runtimeClassName");
    cx.add("node.k8s.io", "RuntimeClass", runtime, format!("{path}.runtimeClassName"));
    for (index, item) in spec.items(&["imagePullSecrets"]).iter().enumerate() {
        cx.add("", "Secret", item.get("name"), format!("{path}.imagePullSecrets[{index}].name"));
    }
    for container in pod.containers() {
        for (index, env) in container.node.items(&["env"]).iter().enumerate() {
            let Some(from) = env.get("valueFrom") else { continue };
            for (key, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
                if let Some(node) = from.get(key) {
                    let field = container.path(pod, &format!("env[{index}].valueFrom.{key}"));
                    cx.add_selector(kind, node, &field);
                }
            }
        }
        for (index, from) in container.node.items(&["envFrom"]).iter().enumerate() {
            for (key, kind) in [("secretRef", "Secret"), ("configMapRef", "ConfigMap")] {
                if let Some(node) = from.get(key) {
                    cx.add_selector(kind, node, &container.path(pod, &format!("envFrom[{index}].{key}")));
                }
            }
        }
    }
    for (index, volume) in spec.items(&["volumes"]).iter().enumerate() {
        volume_references(cx, volume, &format!("{path}.volumes[{index}]"));
    }
    parts(cx, pod);
}

/// A ConfigMap or Secret of which a container mounts one part: without `items`, that is a key. One that is not there becomes a
/// directory, whatever the program wants to read.
fn parts(cx: &mut Collector, pod: &PodTemplate<'_>) {
    for container in pod.containers() {
        for (index, mount) in container.node.items(&["volumeMounts"]).iter().enumerate() {
            let (Some(part), Some(name)) = (mount.get("subPath"), mount.get("name").and_then(Node::as_str))
            else {
                continue;
            };
            let mut volumes = pod.spec.items(&["volumes"]).iter();
            let volume = volumes.find(|it| it.get("name").and_then(Node::as_str) == Some(name));
            let Some(volume) = volume else { continue };
            for (field, kind, key) in [("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")]
            {
                let Some(data) = volume.get(field).filter(|it| it.items(&["items"]).is_empty()) else {
                    continue;
                };
                let field = container.path(pod, &format!("volumeMounts[{index}].subPath"));
                if !flag(data, "optional")
                    && let Some(reference) = cx.add("", kind, data.get(key), field)
                {
                    reference.set_key(Some(part));
                }
            }
        }
    }
}

fn volume_references(cx: &mut Collector, volume: &Node, path: &str) {
    if let Some(secret) = volume.get("secret") {
        source(cx, "Secret", secret, "secretName", &format!("{path}.secret"));
    }
    if let Some(map) = volume.get("configMap") {
        source(cx, "ConfigMap", map, "name", &format!("{path}.configMap"));
    }
    let claim = volume.at_path(&["persistentVolumeClaim", "claimName"]);
    cx.add("", "PersistentVolumeClaim", claim, format!("{path}.persistentVolumeClaim.claimName"));
    for (index, part) in volume.items(&["projected", "sources"]).iter().enumerate() {
        for (key, kind) in [("secret", "Secret"), ("configMap", "ConfigMap")] {
            if let Some(node) = part.get(key) {
                source(cx, kind, node, "name", &format!("{path}.projected.sources[{index}].{key}"));
            }
        }
    }
    let csi = volume.get("csi");
    if csi.and_then(|csi| csi.get("driver")).and_then(Node::as_str) == Some("secrets-store.csi.k8s.io") {
        let class = csi.and_then(|csi| csi.at_path(&["volumeAttributes", "secretProviderClass"]));
        let field = format!("{path}.csi.volumeAttributes.secretProviderClass");
        cx.add("secrets-store.csi.x-k8s.io", "SecretProviderClass", class, field);
    }
    let ephemeral = volume.at_path(&["ephemeral", "volumeClaimTemplate", "spec", "storageClassName"]);
    let field = format!("{path}.ephemeral.volumeClaimTemplate.spec.storageClassName");
    cx.add("storage.k8s.io", "StorageClass", ephemeral, field);
}

/// What a run of Tekton binds to its workspaces: volumes, as in a pod.
fn workspaces(cx: &mut Collector, object: &Node) {
    for (index, workspace) in object.items(&["spec", "workspaces"]).iter().enumerate() {
        volume_references(cx, workspace, &format!("spec.workspaces[{index}]"));
    }
}

/// A Secret or ConfigMap as a volume: each of its `items` names a key.
fn source(cx: &mut Collector, kind: &str, node: &Node, name: &str, path: &str) {
    let optional = flag(node, "optional");
    let items = node.items(&["items"]);
    let mut keys: Vec<Option<&Node>> = items.iter().map(|item| item.get("key")).collect();
    if keys.is_empty() {
        keys.push(None);
    }
    for key in keys {
        if let Some(reference) = cx.add("", kind, node.get(name), format!("{path}.{name}")) {
            reference.optional = optional;
            reference.set_key(key);
        }
    }
}

fn binding(cx: &mut Collector, object: &Node) {
    let role = object.get("roleRef");
    let kind = role.and_then(|role| role.get("kind")).and_then(Node::as_str);
    if let (Some(role), Some(kind @ ("Role" | "ClusterRole"))) = (role, kind) {
        cx.add("rbac.authorization.k8s.io", kind, role.get("name"), "roleRef.name".into());
    }
    for (index, subject) in object.items(&["subjects"]).iter().enumerate() {
        if subject.get("kind").and_then(Node::as_str) == Some("ServiceAccount") {
            let field = format!("subjects[{index}].name");
            if let Some(reference) = cx.add("", "ServiceAccount", subject.get("name"), field) {
                reference.set_namespace(subject.get("namespace"));
                // A binding to an account that is not there yet breaks nothing.
                reference.optional = true;
            }
        }
    }
}

fn scale_target(cx: &mut Collector, target: Option<&Node>, path: &str) {
    let Some(target) = target else { return };
    let kind = target.get("kind").and_then(Node::as_str).unwrap_or("Deployment");
    let version = target.get("apiVersion").and_then(Node::as_str);
    // Without an apiVersion the kind is found by discovery; the built-in workloads are in `apps`.
    let group = version.map_or("apps", |version| version.rsplit_once('/').map_or("", |(group, _)| group));
    cx.add(group, kind, target.get("name"), format!("spec.{path}.name"));
}

fn external_secret(cx: &mut Collector, object: &Node) {
    let mut add = |reference: Option<&Node>, field: String| {
        let Some(reference) = reference else { return };
        let kind = reference.get("kind").and_then(Node::as_str).unwrap_or("SecretStore");
        if matches!(kind, "SecretStore" | "ClusterSecretStore") {
            cx.add("external-secrets.io", kind, reference.get("name"), format!("{field}.name"));
        }
    };
    add(object.at_path(&["spec", "secretStoreRef"]), "spec.secretStoreRef".into());
    for (index, store) in object.items(&["spec", "secretStoreRefs"]).iter().enumerate() {
        add(Some(store), format!("spec.secretStoreRefs[{index}]"));
    }
    for list in ["data", "dataFrom"] {
        for (index, item) in object.items(&["spec", list]).iter().enumerate() {
            let store = item.at_path(&["sourceRef", "storeRef"]);
            add(store, format!("spec.{list}[{index}].sourceRef.storeRef"));
        }
    }
}

/// An `issuerRef` of cert-manager; issuers of other groups belong to other controllers.
pub(super) fn issuer_ref(cx: &mut Collector, issuer: Option<&Node>, path: &str) {
    let Some(issuer) = issuer else { return };
    let group = issuer.get("group").and_then(Node::as_str).unwrap_or("cert-manager.io");
    let kind = issuer.get("kind").and_then(Node::as_str).unwrap_or("Issuer");
    if group == "cert-manager.io" && matches!(kind, "Issuer" | "ClusterIssuer") {
        cx.add(group, kind, issuer.get("name"), format!("{path}.name"));
    }
}

fn annotations(cx: &mut Collector, group: &str, kind: &str, object: &Node) {
    let Some(annotations) = object.at_path(&["metadata", "annotations"]) else { return };
    if matches!(
        (group, kind),
        ("networking.k8s.io" | "extensions", "Ingress") | ("gateway.networking.k8s.io", "Gateway")
    ) {
        for (key, issuer) in
            [("cert-manager.io/cluster-issuer", "ClusterIssuer"), ("cert-manager.io/issuer", "Issuer")]
        {
            // With a group or kind of its own the issuer is not cert-manager's.
            let foreign = annotations.get("cert-manager.io/issuer-group").is_some();
            if !foreign {
                cx.add(
                    "cert-manager.io",
                    issuer,
                    annotations.get(key),
                    format!("metadata.annotations[{key}]"),
                );
            }
        }
    }
}
