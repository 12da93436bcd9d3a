//! Containers: ports, variables, mounts, resources, security.

use std::collections::BTreeSet;

use crate::k8s::{ContainerKind, node_quantity};
use crate::yaml::Node;

use super::at::{At, Found, final_text};
use super::shape::Shape;
use super::{pod::Pod, probe};

/// The greatest id of a user or a group.
const MAX_ID: i64 = i32::MAX as i64;

pub(super) fn check(container: &At<'_>, kind: ContainerKind, pod: &Pod<'_>, found: &mut Found) {
    if !container.is_map() {
        return;
    }
    found.fill(container, &["name"]);
    if kind != ContainerKind::Ephemeral && !container.is_filled("image") {
        match container.get("image") {
            Some(image) => found.wrong(&image, "`image` is empty"),
            None => found.lack(container, "image", "the container has no `image`", Some("add `image`")),
        }
    }
    if pod.is_pod
        && let Some(image) = container.get("image")
        && final_text(image.node).is_some_and(|text| text != text.trim())
    {
        found.wrong(&image, "`image` has spaces around it");
    }
    found.one_of(container, "terminationMessagePolicy", &["File", "FallbackToLogsOnError"]);
    ports(container, pod, found);
    for variable in container.items("env") {
        environment(&variable, found);
    }
    for source in container.items("envFrom").filter(At::is_map) {
        found.shape(&source, "prefix", Shape::EnvPrefix);
        found.one_field(&source, &["configMapRef", "secretRef"], 1);
        found.local_reference(&source, "configMapRef");
        found.local_reference(&source, "secretRef");
    }
    mounts(container, kind, pod, found);
    probe::check(container, kind, pod, found);
    if let Some(resources) = container.get("resources") {
        self::resources(&resources, pod, found);
    }
    for policy in container.items("resizePolicy") {
        found.fill(&policy, &["resourceName", "restartPolicy"]);
        found.one_of(&policy, "resourceName", &["cpu", "memory"]);
        found.one_of(&policy, "restartPolicy", &["NotRequired", "RestartContainer"]);
    }
    found.one_of(container, "restartPolicy", &["Always", "OnFailure", "Never"]);
    if container.is_filled("restartPolicyRules") && !container.is_filled("restartPolicy") {
        found.lack(container, "restartPolicy", "`restartPolicyRules` need a `restartPolicy`", None);
    }
    for rule in container.items("restartPolicyRules").filter(At::is_map) {
        found.one_of(&rule, "action", &["Restart", "RestartAllContainers"]);
        found.need(&rule, &["exitCodes"]);
        if let Some(codes) = rule.get("exitCodes") {
            found.one_of(&codes, "operator", &["In", "NotIn"]);
        }
    }
    if kind == ContainerKind::Ephemeral {
        for name in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resources"] {
            let words = format!("an ephemeral container cannot have `{name}`");
            found.not_with(container, name, words);
        }
    }
    if let Some(context) = container.get("securityContext") {
        security(&context, pod, found);
    }
}

fn ports(container: &At<'_>, pod: &Pod<'_>, found: &mut Found) {
    for port in container.items("ports").filter(At::is_map) {
        if port.int("containerPort") == Some(0)
            || !port.has("containerPort") && port.node.get("containerPort").is_some()
        {
            found.lack(&port, "containerPort", "the port has no number", None);
        }
        found.port(&port, "containerPort");
        found.port(&port, "hostPort");
        let (host, own) = (port.int("hostPort").unwrap_or(0), port.int("containerPort"));
        if pod.spec.is_true("hostNetwork") && host != 0 && own.is_some_and(|own| own != host) {
            found.not_with(
                &port,
                "hostPort",
                "`hostPort` must be `containerPort` in the network of the host",
            );
        }
    }
}

/// Resources that a variable or a file may hold.
fn is_downward_resource(name: &str) -> bool {
    name.split_once('.').is_some_and(|(section, resource)| {
        matches!(section, "limits" | "requests")
            && (matches!(resource, "cpu" | "memory" | "ephemeral-storage")
                || resource.starts_with("hugepages-"))
    })
}

/// A `resourceFieldRef`.
pub(super) fn resource_field(reference: &At<'_>, found: &mut Found) {
    found.fill(reference, &["resource"]);
    let Some(resource) = reference.get("resource") else { return };
    let Some(name) = final_text(resource.node).filter(|name| !name.is_empty()) else { return };
    if !is_downward_resource(name) {
        found.wrong(&resource, format!("`{name}` is no resource that can be read here"));
        return;
    }
    let Some(divisor) = reference.get("divisor") else { return };
    let text = divisor.node.scalar_text().unwrap_or_default().trim();
    let good = if name.ends_with(".cpu") {
        matches!(text, "" | "0" | "1m" | "1")
    } else {
        const UNITS: [&str; 13] =
            ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
        let value = crate::k8s::quantity(text);
        matches!(text, "" | "0") || UNITS.iter().any(|unit| crate::k8s::quantity(unit) == value)
    };
    if !good && divisor.node.as_map().is_none() && node_quantity(divisor.node).is_ok_and(|it| it.is_some()) {
        found.wrong(&divisor, format!("`{text}` is no divisor of `{name}`"));
    }
}

fn environment(variable: &At<'_>, found: &mut Found) {
    found.fill(variable, &["name"]);
    found.shape(variable, "name", Shape::EnvName);
    let Some(from) = variable.get("valueFrom").filter(At::is_map) else { return };
    let sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    // A source of a newer version is its schema's business.
    if from
        .node
        .entries()
        .iter()
        .all(|entry| entry.value.is_null() || sources.contains(&entry.key.text.as_str()))
    {
        found.one_field(&from, &sources, 1);
    }
    if !variable.text("value").is_empty() {
        found.not_with(variable, "value", "a variable cannot have both `value` and `valueFrom`");
    }
    if let Some(reference) = from.get("fieldRef") {
        field(&reference, false, found);
    }
    if let Some(reference) = from.get("resourceFieldRef") {
        resource_field(&reference, found);
    }
    for name in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(reference) = from.get(name) {
            found.fill(&reference, &["key"]);
            found.need(&reference, &["name"]);
            found.shape(&reference, "key", Shape::ConfigKey);
            found.shape(&reference, "name", Shape::Subdomain);
        }
    }
    if let Some(reference) = from.get("fileKeyRef") {
        found.fill(&reference, &["key", "path", "volumeName"]);
        found.shape(&reference, "key", Shape::EnvName);
        found.shape(&reference, "volumeName", Shape::Label);
        found.shape(&reference, "path", Shape::Descending);
    }
}

/// A `fieldRef` of a variable or of a file.
pub(super) fn field(reference: &At<'_>, file: bool, found: &mut Found) {
    found.fill(reference, &["fieldPath"]);
    found.one_of(reference, "apiVersion", &["v1"]);
    let Some(path) = reference.get("fieldPath") else { return };
    let Some(text) = final_text(path.node).filter(|text| !text.is_empty()) else { return };
    let keyed = ["metadata.labels['", "metadata.annotations['"].iter().find_map(|start| {
        let key = text.strip_prefix(start)?.strip_suffix("']")?;
        Some(if start.contains("annotations") { key.to_ascii_lowercase() } else { key.to_owned() })
    });
    let known = match &keyed {
        Some(key) => Shape::Qualified.error(key).is_none(),
        None => {
            matches!(text, "metadata.name" | "metadata.namespace" | "metadata.uid")
                || file && matches!(text, "metadata.labels" | "metadata.annotations")
                || !file
                    && matches!(
                        text,
                        "spec.nodeName"
                            | "spec.serviceAccountName"
                            | "spec.host"
                            | "status.hostIP"
                            | "status.hostIPs"
                            | "status.podIP"
                            | "status.podIPs"
                    )
        }
    };
    if !known {
        let words = format!("`{text}` is no field that a variable or a file can take its value from");
        let help = "use `metadata.name`, `metadata.namespace`, `metadata.labels['KEY']`, `spec.nodeName`, `status.podIP` or their like";
        found.wrong_help(&path, words, help);
    }
}

fn mounts(container: &At<'_>, kind: ContainerKind, pod: &Pod<'_>, found: &mut Found) {
    let privileged =
        container.node.at_path(&["securityContext", "privileged"]).and_then(Node::as_bool) == Some(true);
    for mount in container.items("volumeMounts") {
        found.fill(&mount, &["name", "mountPath"]);
        found.shape(&mount, "subPath", Shape::Descending);
        found.shape(&mount, "subPathExpr", Shape::Descending);
        if mount.is_filled("subPath") && mount.is_filled("subPathExpr") {
            found.not_with(&mount, "subPathExpr", "`subPath` and `subPathExpr` exclude each other");
        }
        if kind == ContainerKind::Ephemeral {
            for name in ["subPath", "subPathExpr"].into_iter().filter(|name| mount.is_filled(name)) {
                found.not_with(&mount, name, format!("an ephemeral container cannot mount a `{name}`"));
            }
        }
        if mount.text("mountPropagation") == "Bidirectional" && !privileged {
            found.not_with(
                &mount,
                "mountPropagation",
                "`mountPropagation: Bidirectional` is for privileged containers",
            );
        }
        let recursive = mount.text("recursiveReadOnly");
        found.one_of(&mount, "recursiveReadOnly", &["Disabled", "IfPossible", "Enabled"]);
        if matches!(recursive, "IfPossible" | "Enabled") {
            if !mount.is_true("readOnly") {
                found.not_with(&mount, "recursiveReadOnly", "`recursiveReadOnly` needs `readOnly: true`");
            }
            if !matches!(mount.text("mountPropagation"), "" | "None") {
                found.not_with(
                    &mount,
                    "recursiveReadOnly",
                    "`recursiveReadOnly` needs `mountPropagation: None`",
                );
            }
        }
    }
    for name in ["name", "devicePath"] {
        let devices = container.node.items(&["volumeDevices"]).iter();
        let taken: Vec<&str> =
            devices.map(|it| it.get(name).and_then(Node::as_str).unwrap_or_default()).collect();
        for (index, device) in container.items("volumeDevices").enumerate() {
            let text = device.text(name);
            if !text.is_empty() && taken.iter().take(index).any(|other| *other == text) {
                found.not_with(&device, name, format!("two devices have the `{name}` `{text}`"));
            }
        }
    }
    for device in container.items("volumeDevices") {
        found.fill(&device, &["name", "devicePath"]);
        found.shape(&device, "devicePath", Shape::NoBacksteps);
        let name = device.text("name");
        let volume = pod
            .spec
            .node
            .items(&["volumes"])
            .iter()
            .find(|it| it.get("name").and_then(Node::as_str) == Some(name));
        let has = |source: &str| volume.is_some_and(|it| it.get(source).is_some_and(|it| !it.is_null()));
        if volume.is_some() && !name.is_empty() && !has("persistentVolumeClaim") && !has("ephemeral") {
            found.not_with(
                &device,
                "name",
                format!("volume `{name}` is no block device: it must be a claim"),
            );
        }
        let mounted = container.node.items(&["volumeMounts"]).iter();
        let mut mounted =
            mounted.filter(|it| !name.is_empty() && it.get("name").and_then(Node::as_str) == Some(name));
        if mounted.next().is_some() {
            found.not_with(&device, "name", format!("volume `{name}` is both mounted and a device"));
        }
    }
}

/// Why no container has a resource of that name.
pub(super) fn resource_name_error(name: &str) -> Option<&'static str> {
    let known = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if known || name.contains(['$', '{']) {
        return None;
    }
    if Shape::Qualified.error(name).is_some() {
        return Some("it is no name of a resource");
    }
    if !name.contains('/') {
        return Some("");
    }
    (name.starts_with("requests.") && !name.contains("kubernetes.io/")).then_some("`requests.` is for quotas")
}

/// `requests`, `limits` and `claims` of a container.
pub(super) fn resources(resources: &At<'_>, pod: &Pod<'_>, found: &mut Found) {
    let value = |section: &str, name: &str| {
        resources.node.at_path(&[section, name]).and_then(|it| node_quantity(it).ok().flatten())
    };
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for section in ["requests", "limits"] {
        let Some(section) = resources.get(section) else { continue };
        for entry in section.node.entries() {
            let name = entry.key.text.as_str();
            names.insert(name);
            if let Some(why) = resource_name_error(name) {
                let known = crate::near::did_you_mean(name, ["cpu", "memory", "ephemeral-storage"]);
                let help = match known {
                    Some("cpu") => "did you mean `cpu`?",
                    Some("memory") => "did you mean `memory`?",
                    Some(_) => "did you mean `ephemeral-storage`?",
                    None => {
                        "use `cpu`, `memory`, `ephemeral-storage`, or the name of an extended resource, with its domain"
                    }
                };
                let colon = if why.is_empty() { "" } else { ": " };
                let words = format!("`{name}` is no resource of a container{colon}{why}");
                let at = At::root(&entry.value, "");
                let path = format!("{}.{name}", section.path());
                found.wrong_key(&At::root(at.node, &path), entry, words, Some(help));
                continue;
            }
            let whole = name.contains('/') && !name.contains("kubernetes.io/");
            if whole && node_quantity(&entry.value).is_ok_and(|it| it.is_some_and(|it| it.fract() != 0.0)) {
                let path = format!("{}.{name}", section.path());
                found.wrong(&At::root(&entry.value, &path), format!("`{name}` must be a whole number"));
            }
        }
    }
    // What cannot be overcommitted is limited to what is asked for.
    for name in &names {
        let pages = name.starts_with("hugepages-");
        if !pages && (!name.contains('/') || name.contains("kubernetes.io/")) {
            continue;
        }
        let Some(asked) = value("requests", name) else { continue };
        let Some(requests) = resources.get("requests") else { continue };
        match value("limits", name) {
            None if resources.node.at_path(&["limits", name]).is_none_or(Node::is_null) => {
                let words = format!("`{name}` is asked for without a limit: both must be the same");
                found.lack(&requests, name, words, Some("set the limit, which is the request, too"));
            }
            Some(most) if asked < most => {
                let path = format!("{}.{name}", requests.path());
                if let Some(node) = requests.node.get(name) {
                    let words = format!("the request of `{name}` must be the limit");
                    found.wrong(&At::root(node, &path), words);
                }
            }
            _ => {}
        }
    }
    let pages = names.iter().any(|name| name.starts_with("hugepages-"));
    if pages && !names.contains("cpu") && !names.contains("memory") {
        found.wrong(resources, "huge pages need `cpu` or `memory` beside them");
    }
    for claim in resources.items("claims") {
        let Some(name) = claim.get("name") else { continue };
        let Some(text) = final_text(name.node) else { continue };
        let mut known =
            pod.spec.node.items(&["resourceClaims"]).iter().filter_map(|it| it.get("name")?.as_str());
        if !known.any(|known| known == text) {
            let words = format!("the pod has no resource claim `{text}`");
            found.wrong_help(&name, words, "add it to `resourceClaims` of the pod");
        }
    }
}

fn security(context: &At<'_>, pod: &Pod<'_>, found: &mut Found) {
    shared_security(context, found);
    found.one_of(context, "procMount", &["Default", "Unmasked"]);
    if context.text("procMount") == "Unmasked" && !pod.spec.is_false("hostUsers") {
        found.not_with(context, "procMount", "`procMount: Unmasked` needs `hostUsers: false`");
    }
    if context.is_false("allowPrivilegeEscalation") {
        let words = "`allowPrivilegeEscalation: false` contradicts `privileged: true`";
        if context.is_true("privileged") {
            found.not_with(context, "allowPrivilegeEscalation", words);
        }
        let mut added =
            context.node.at_path(&["capabilities", "add"]).map(Node::seq_or_empty).unwrap_or_default().iter();
        if added.any(|it| it.as_str() == Some("CAP_SYS_ADMIN")) {
            let words = "`allowPrivilegeEscalation: false` contradicts the capability `CAP_SYS_ADMIN`";
            found.not_with(context, "allowPrivilegeEscalation", words);
        }
    }
    if pod.is_windows() {
        for name in [
            "appArmorProfile",
            "seLinuxOptions",
            "seccompProfile",
            "capabilities",
            "readOnlyRootFilesystem",
            "privileged",
            "allowPrivilegeEscalation",
            "procMount",
            "runAsUser",
            "runAsGroup",
        ] {
            found.not_with(context, name, format!("`{name}` cannot be set for a pod of Windows"));
        }
    } else if pod.is_linux() {
        found.not_with(context, "windowsOptions", "`windowsOptions` cannot be set for a pod of Linux");
    }
}

/// What pods and containers have in common.
pub(super) fn shared_security(context: &At<'_>, found: &mut Found) {
    for name in ["runAsUser", "runAsGroup"] {
        found.range(context, name, 0, MAX_ID);
    }
    for (name, kinds) in [
        ("seccompProfile", ["Localhost", "RuntimeDefault", "Unconfined"]),
        ("appArmorProfile", ["Localhost", "RuntimeDefault", "Unconfined"]),
    ] {
        let Some(profile) = context.get(name).filter(At::is_map) else { continue };
        found.fill(&profile, &["type"]);
        found.one_of(&profile, "type", &kinds);
        let local = profile.text("type") == "Localhost";
        let path = profile.text("localhostProfile");
        if local && path.trim().is_empty() {
            let words = format!("`{name}` of type `Localhost` needs `localhostProfile`");
            found.lack(&profile, "localhostProfile", words, None);
        } else if !local && profile.has("localhostProfile") && profile.is_filled("type") {
            found.not_with(&profile, "localhostProfile", "`localhostProfile` is for the type `Localhost`");
        } else if name == "appArmorProfile" && path != path.trim() {
            found.not_with(&profile, "localhostProfile", "`localhostProfile` has spaces around it");
        }
        if local && name == "seccompProfile" {
            found.shape(&profile, "localhostProfile", Shape::Descending);
        }
    }
    let Some(windows) = context.get("windowsOptions") else { return };
    found.fill(&windows, &["gmsaCredentialSpec", "runAsUserName"]);
    found.shape(&windows, "gmsaCredentialSpecName", Shape::Subdomain);
    let user = windows.text("runAsUserName");
    if user.contains(|c: char| c.is_ascii_control()) || user.matches('\\').count() > 1 {
        found.not_with(&windows, "runAsUserName", format!("`{user}` is no name of a user of Windows"));
    }
}
