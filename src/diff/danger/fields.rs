//! Fields of objects that stay.

use serde_json::Value as Json;

use crate::diff::{FieldChange, How};
use crate::finding::{Severity, plain_path};
use crate::k8s::Image;

use super::{Cx, at, shown, text_at};

/// Fields that the API server does not let anybody change: group, kind, path. What is below them is meant, too. The schemas of
/// Kubernetes' own kinds do not say so; those of custom resources do, with `oldSelf` (`diff::refused`).
const IMMUTABLE: [(&str, &str, &[&str]); 22] = [
    ("apps", "Deployment", &["spec.selector"]),
    ("apps", "DaemonSet", &["spec.selector"]),
    ("apps", "ReplicaSet", &["spec.selector"]),
    (
        "apps",
        "StatefulSet",
        &["spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"],
    ),
    (
        "batch",
        "Job",
        &["spec.template", "spec.selector", "spec.completionMode", "spec.podFailurePolicy", "spec.managedBy"],
    ),
    ("", "Pod", &["spec"]),
    ("", "Service", &["spec.clusterIP", "spec.clusterIPs"]),
    (
        "",
        "PersistentVolumeClaim",
        &[
            "spec.accessModes",
            "spec.storageClassName",
            "spec.volumeName",
            "spec.volumeMode",
            "spec.selector",
            "spec.dataSource",
            "spec.dataSourceRef",
        ],
    ),
    (
        "",
        "PersistentVolume",
        &[
            "spec.csi",
            "spec.nfs",
            "spec.hostPath",
            "spec.local",
            "spec.iscsi",
            "spec.cephfs",
            "spec.rbd",
            "spec.fc",
            "spec.awsElasticBlockStore",
            "spec.azureDisk",
            "spec.azureFile",
            "spec.gcePersistentDisk",
            "spec.glusterfs",
            "spec.vsphereVolume",
            "spec.volumeMode",
        ],
    ),
    ("storage.k8s.io", "StorageClass", &["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"]),
    ("storage.k8s.io", "CSIDriver", &["spec.attachRequired", "spec.volumeLifecycleModes"]),
    ("storage.k8s.io", "VolumeAttributesClass", &["driverName", "parameters"]),
    ("rbac.authorization.k8s.io", "RoleBinding", &["roleRef"]),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", &["roleRef"]),
    ("networking.k8s.io", "IngressClass", &["spec.controller"]),
    ("scheduling.k8s.io", "PriorityClass", &["value", "preemptionPolicy"]),
    ("node.k8s.io", "RuntimeClass", &["handler"]),
    ("resource.k8s.io", "ResourceClaim", &["spec"]),
    ("resource.k8s.io", "ResourceClaimTemplate", &["spec"]),
    ("discovery.k8s.io", "EndpointSlice", &["addressType"]),
    ("", "Secret", &["type"]),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["spec.scope", "spec.group", "spec.names.plural", "spec.names.kind"],
    ),
];

/// What may be changed inside of what may not.
const CHANGEABLE: [(&str, &[&str]); 2] = [
    (
        "Pod",
        &[
            "spec.containers.image",
            "spec.initContainers.image",
            "spec.activeDeadlineSeconds",
            "spec.tolerations",
            "spec.ephemeralContainers",
        ],
    ),
    // The server says the first two for everybody, and writes the last itself.
    (
        "StatefulSet",
        &[
            "spec.volumeClaimTemplates.apiVersion",
            "spec.volumeClaimTemplates.kind",
            "spec.volumeClaimTemplates.status",
            "spec.volumeClaimTemplates.metadata.creationTimestamp",
        ],
    ),
];

/// What the server says where nothing is written: saying it, or not saying it any more, changes nothing.
const DEFAULTS: [(&str, &str, &str); 9] = [
    ("StatefulSet", "spec.podManagementPolicy", "OrderedReady"),
    ("StatefulSet", "spec.volumeClaimTemplates.spec.volumeMode", "Filesystem"),
    ("Job", "spec.completionMode", "NonIndexed"),
    ("PersistentVolumeClaim", "spec.volumeMode", "Filesystem"),
    ("PersistentVolume", "spec.volumeMode", "Filesystem"),
    ("StorageClass", "reclaimPolicy", "Delete"),
    ("StorageClass", "volumeBindingMode", "Immediate"),
    ("PriorityClass", "preemptionPolicy", "PreemptLowerPriority"),
    ("Secret", "type", "Opaque"),
];

/// What a controller fills in where nothing is written: what it was, the cluster knows.
const FILLED_IN: [(&str, &str); 3] = [
    ("PersistentVolumeClaim", "spec.storageClassName"),
    ("PersistentVolumeClaim", "spec.volumeName"),
    ("StatefulSet", "spec.volumeClaimTemplates.spec.storageClassName"),
];

/// What `immutable: true` freezes.
const FROZEN: [&str; 3] = ["data", "binaryData", "stringData"];

pub(super) fn look(cx: &mut Cx<'_>) {
    if !matches!(cx.object.how, How::Same | How::Moved) {
        return;
    }
    let fields = cx.object.fields.clone();
    for field in fields.iter().filter(|field| !field.reordered && !field.path.is_empty()) {
        let path = plain_path(&field.path);
        immutable(cx, field, &path, &fields);
        stopped(cx, field, &path);
        privilege(cx, field, &path);
        role(cx, field, &path);
        image(cx, field, &path);
        if path == "metadata.finalizers" && field.after.as_ref() != field.before.as_ref() && lost(field) {
            let message = format!("{} loses a finalizer", cx.who());
            cx.tell("removed-finalizer", Some(field), message, "look what it waited for");
        }
    }
}

/// Whether the old value has an item that the new one does not have. An item by itself is gone where nothing is in its place.
fn lost(field: &FieldChange) -> bool {
    let items = |value: &Option<Json>| value.as_ref().and_then(Json::as_array).cloned();
    match (items(&field.before), items(&field.after)) {
        (Some(before), Some(after)) => before.iter().any(|item| !after.contains(item)),
        _ => field.before.is_some(),
    }
}

fn is_below(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn immutable(cx: &mut Cx<'_>, field: &FieldChange, path: &str, all: &[FieldChange]) {
    let object = &cx.object.object;
    let kind = (object.group.as_str(), object.kind.as_str());
    let known = IMMUTABLE.iter().find(|(group, name, _)| (*group, *name) == kind);
    // With a generator's hash in its name it is another object.
    let frozen = cx.object.own.frozen && cx.object.was.is_none();
    let frozen: &[&str] = if frozen { &FROZEN } else { &[] };
    let paths = known.map_or(&[][..], |(_, _, paths)| *paths).iter().chain(frozen);
    let Some(hit) = paths.into_iter().find(|it| is_below(path, it)) else {
        shrunk(cx, field, path);
        return;
    };
    if is_no_change(kind.1, field, path) {
        return;
    }
    // One finding for what is below one field.
    let counts = |other: &&FieldChange| {
        let path = plain_path(&other.path);
        !other.reordered && is_below(&path, hit) && !is_no_change(kind.1, other, &path)
    };
    if all.iter().find(counts).is_some_and(|first| first.path != field.path) {
        return;
    }
    // What is set by default or by hand is not written: an address that comes or goes is none of ours.
    let absent = field.before.is_none() || field.after.is_none();
    if kind.1 == "Service" && absent && shown(field.before.as_ref().or(field.after.as_ref())) != "`None`" {
        return;
    }
    if cx.app.forced || cx.object.own.anew {
        return;
    }
    let (before, after) = (shown(field.before.as_ref()), shown(field.after.as_ref()));
    let help = "give the object another name, delete it first, or let the sync replace it (`Force=true,Replace=true`)";
    if field.before.is_none() && FILLED_IN.contains(&(kind.1, path)) {
        let message =
            format!("`{path}` of {} becomes {after}: the sync fails if the cluster chose another", cx.who());
        cx.tell_at("immutable-field", Severity::Warning, Some(field), message, help);
        return;
    }
    let message =
        format!("`{hit}` of {} cannot be changed (from {before} to {after}): the sync fails", cx.who());
    cx.tell("immutable-field", Some(field), message, help);
}

/// Whether the server sees no difference, or lets this part be changed.
fn is_no_change(kind: &str, field: &FieldChange, path: &str) -> bool {
    let is_changeable = |(name, paths): &(&str, &[&str])| {
        *name == kind && paths.iter().any(|changeable| is_below(path, changeable))
    };
    let text = |value: &Option<Json>| match value {
        Some(Json::String(text)) => Some(text.clone()),
        Some(Json::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let (before, after) = (text(&field.before), text(&field.after));
    let default = DEFAULTS.iter().find(|(name, of, _)| *name == kind && *of == path).map(|(.., it)| *it);
    let is_default = match (&field.before, &field.after) {
        (None, Some(_)) => after.as_deref() == default,
        (Some(_), None) => before.as_deref() == default,
        _ => false,
    };
    // `1Gi` and `1024Mi` are one amount; where amounts are not meant, both have to be written alike.
    let is_amount =
        ["requests.", "limits."].iter().any(|it| path.contains(it)) || path.ends_with(".sizeLimit");
    let same = before.zip(after).is_some_and(|(before, after)| {
        let amounts = crate::k8s::quantity(&before).zip(crate::k8s::quantity(&after));
        is_amount && amounts.is_some_and(|(before, after)| before == after)
    });
    CHANGEABLE.iter().any(is_changeable) || default.is_some() && is_default || same
}

/// Claims only grow.
fn shrunk(cx: &mut Cx<'_>, field: &FieldChange, path: &str) {
    if cx.object.object.kind != "PersistentVolumeClaim" || path != "spec.resources.requests.storage" {
        return;
    }
    let size = |value: &Option<Json>| match value {
        Some(Json::String(text)) => crate::k8s::quantity(text),
        Some(Json::Number(number)) => number.as_f64(),
        _ => None,
    };
    if let (Some(before), Some(after)) = (size(&field.before), size(&field.after))
        && after < before
        && !cx.app.forced
        && !cx.object.own.anew
    {
        let words = (shown(field.before.as_ref()), shown(field.after.as_ref()));
        let message =
            format!("{} shrinks from {} to {}: the API server refuses it", cx.who(), words.0, words.1);
        cx.tell("immutable-field", Some(field), message, "make a new claim and copy the data");
    }
}

fn stopped(cx: &mut Cx<'_>, field: &FieldChange, path: &str) {
    let zero = |value: &Option<Json>| value.as_ref().and_then(Json::as_i64) == Some(0);
    let on = |value: &Option<Json>| value.as_ref().and_then(Json::as_bool) == Some(true);
    let message = match path {
        "spec.replicas" if zero(&field.after) && !zero(&field.before) => {
            format!("{} goes to no replicas", cx.who())
        }
        "spec.suspend" if on(&field.after) => format!("{} is suspended", cx.who()),
        _ => return,
    };
    cx.tell("stopped-workload", Some(field), message, "look who needs it");
}

/// Settings with which a container does more on its node: the end of the path, and the dangerous value.
const SWITCHES: [(&str, bool); 7] = [
    ("securityContext.privileged", true),
    ("securityContext.allowPrivilegeEscalation", true),
    ("securityContext.runAsNonRoot", false),
    ("hostNetwork", true),
    ("hostPID", true),
    ("hostIPC", true),
    ("shareProcessNamespace", true),
];

fn privilege(cx: &mut Cx<'_>, field: &FieldChange, path: &str) {
    if !path.starts_with("spec.") {
        return;
    }
    let ends = |end: &str| path.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    let bool_of = |value: &Option<Json>| value.as_ref().and_then(Json::as_bool);
    let mut gains: Vec<String> = Vec::new();
    for (end, bad) in SWITCHES {
        if ends(end) {
            let is_bad = bool_of(&field.after) == Some(bad);
            // Whoever takes `false` or `true` away gets the default, which is the bad one for these.
            let is_lost = field.after.is_none()
                && bool_of(&field.before) == Some(!bad)
                && matches!(end, "securityContext.allowPrivilegeEscalation" | "securityContext.runAsNonRoot");
            if is_bad && bool_of(&field.before) != Some(bad) || is_lost {
                gains.push(format!("`{end}` becomes {}", shown(field.after.as_ref())));
            }
        }
    }
    // A whole securityContext, pod or container at once.
    if matches!(field.after, Some(Json::Object(_))) {
        let after = field.after.as_ref();
        let context = if path.ends_with("securityContext") { after } else { at(after, &["securityContext"]) };
        if at(context, &["privileged"]).and_then(Json::as_bool) == Some(true) {
            gains.push("a privileged container comes".to_owned());
        }
        if path.ends_with(".volumes") && at(after, &["hostPath"]).is_some() {
            let host = text_at(after, &["hostPath", "path"]);
            gains.push(format!("`{host}` of the node is mounted"));
        }
    }
    if path.ends_with("capabilities.add") && field.after.is_some() {
        let names = match field.after.as_ref() {
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "),
            other => shown(other).trim_matches('`').to_owned(),
        };
        if names != "NET_BIND_SERVICE" {
            gains.push(format!("capability `{names}` is added"));
        }
    }
    if ends("runAsUser") && field.after.as_ref().and_then(Json::as_i64) == Some(0) {
        gains.push("it runs as root".to_owned());
    }
    if ends("seccompProfile.type") && field.after.as_ref().and_then(Json::as_str) == Some("Unconfined") {
        gains.push("seccomp is switched off".to_owned());
    }
    for gain in gains {
        let message = format!("the pods of {} gain rights: {gain}", cx.who());
        cx.tell("privilege-gain", Some(field), message, "give it the one right that it needs");
    }
}

/// Verbs with which one gets what one does not have.
const ESCALATING: [&str; 4] = ["*", "escalate", "bind", "impersonate"];

fn role(cx: &mut Cx<'_>, field: &FieldChange, path: &str) {
    let kind = cx.object.object.kind.as_str();
    if matches!(kind, "ClusterRoleBinding" | "RoleBinding") {
        let is_admin =
            path == "roleRef.name" && field.after.as_ref().and_then(Json::as_str) == Some("cluster-admin");
        if is_admin {
            let message = format!("{} makes its subjects cluster-admin", cx.who());
            cx.tell("new-cluster-admin", Some(field), message, "bind a role with the rights that are needed");
        }
        return;
    }
    if !matches!(kind, "ClusterRole" | "Role") || !path.starts_with("rules") || field.after.is_none() {
        return;
    }
    fn words<'j>(value: &'j Json, found: &mut Vec<&'j str>) {
        match value {
            Json::String(text) => found.push(text),
            Json::Array(items) => items.iter().for_each(|item| words(item, found)),
            Json::Object(map) => map.values().for_each(|item| words(item, found)),
            _ => {}
        }
    }
    let (mut before, mut after) = (Vec::new(), Vec::new());
    field.before.iter().for_each(|value| words(value, &mut before));
    field.after.iter().for_each(|value| words(value, &mut after));
    let gained = after.iter().find(|word| ESCALATING.contains(word) && !before.contains(word));
    if let Some(word) = gained {
        let message = format!("{} gets a rule with `{word}`", cx.who());
        cx.tell("wider-role", Some(field), message, "name the verbs and resources that are needed");
    }
}

fn image(cx: &mut Cx<'_>, field: &FieldChange, path: &str) {
    if !path.ends_with("ontainers.image") {
        return;
    }
    let text = |value: &'_ Option<Json>| value.as_ref().and_then(Json::as_str).map(ToOwned::to_owned);
    let (Some(before), Some(after)) = (text(&field.before), text(&field.after)) else { return };
    let (Ok(old), Ok(new)) = (Image::parse(&before), Image::parse(&after)) else { return };
    if (old.registry, old.repository) != (new.registry, new.repository) {
        return;
    }
    let (Some(old), Some(new)) = (old.tag.and_then(numbers), new.tag.and_then(numbers)) else { return };
    if new < old {
        let message = format!(
            "{} goes back from {} to {}",
            cx.who(),
            shown(field.before.as_ref()),
            shown(field.after.as_ref())
        );
        cx.tell(
            "image-downgrade",
            Some(field),
            message,
            "look whether the older version reads what the newer one wrote",
        );
    }
}

/// `v1.4.2` as numbers; `None` for what is no version of at least two numbers, or a pre-release.
pub(super) fn numbers(text: &str) -> Option<Vec<u64>> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let core = bare.split('+').next()?;
    let numbers: Option<Vec<u64>> = core.split('.').map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() > 1)
}
