//! Claims, volumes and their classes.

use crate::k8s::node_quantity;

use super::at::{At, Found, final_text};
use super::selectors::{label_selector, node_selector, topology_term};
use super::shape::Shape;
use super::volume;

const MODES: [&str; 4] = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];

/// Sources of a PersistentVolume.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// A claim of its own.
pub(super) fn claim(root: &At<'_>, found: &mut Found) {
    claim_template(root, found);
}

/// A claim, or the template of one.
pub(super) fn claim_template(claim: &At<'_>, found: &mut Found) {
    match claim.get("spec") {
        Some(spec) => claim_spec(&spec, found),
        None => found.lack(claim, "spec", "a claim needs `spec`", Some("add it: the API server requires it")),
    }
}

fn modes(at: &At<'_>, found: &mut Found) {
    for mode in at.items("accessModes") {
        let text = if mode.node.is_null() { Some("") } else { final_text(mode.node) };
        if let Some(text) = text.filter(|text| !MODES.contains(text)) {
            found.wrong(&mode, format!("`{text}` is no access mode: use `{}`", MODES.join("`, `")));
        }
    }
    let modes = at.node.items(&["accessModes"]);
    if modes.len() > 1
        && let Some(alone) = at.items("accessModes").find(|it| it.node.as_str() == Some("ReadWriteOncePod"))
        && modes.iter().any(|it| it.as_str() != Some("ReadWriteOncePod"))
    {
        found.wrong(&alone, "`ReadWriteOncePod` cannot be used with other access modes");
    }
    found.fill(at, &["volumeMode"]);
    found.one_of(at, "volumeMode", &["Block", "Filesystem"]);
}

pub(super) fn claim_spec(spec: &At<'_>, found: &mut Found) {
    if !spec.is_map() {
        return;
    }
    let storage = spec.node.at_path(&["resources", "requests", "storage"]);
    let mut lacks = Vec::new();
    if !spec.is_filled("accessModes") {
        lacks.push("`accessModes`");
    }
    if storage.is_none_or(crate::yaml::Node::is_null) {
        lacks.push("`resources.requests.storage`");
    }
    if !lacks.is_empty() {
        let words = format!("a claim needs {}", lacks.join(" and "));
        found.lack(spec, "", words, Some("add it: the API server requires it"));
    }
    modes(spec, found);
    if let Some(requests) = spec.get("resources").as_ref().and_then(|it| it.get("requests"))
        && let Some(size) = requests.get("storage").filter(is_nothing)
    {
        found.wrong(&size, "a claim of nothing: the size must be more than 0");
    }
    label_selector(spec, "selector", found);
    found.shape(spec, "storageClassName", Shape::Subdomain);
    found.shape(spec, "volumeAttributesClassName", Shape::Subdomain);
    for name in ["dataSource", "dataSourceRef"] {
        let Some(source) = spec.get(name).filter(At::is_map) else { continue };
        found.fill(&source, &["name", "kind"]);
        found.shape(&source, "namespace", Shape::Label);
        if name == "dataSourceRef" {
            found.shape(&source, "apiGroup", Shape::Subdomain);
        }
        let kind = source.text("kind");
        if name == "dataSourceRef"
            && !source.is_filled("apiGroup")
            && !matches!(kind, "" | "PersistentVolumeClaim")
            && !kind.contains('$')
        {
            let words = format!("`{kind}` needs its `apiGroup`: without one a claim is meant");
            found.lack(&source, "apiGroup", words, None);
        }
    }
    if let (Some(source), Some(reference)) = (spec.get("dataSource"), spec.get("dataSourceRef")) {
        let same = ["kind", "name", "apiGroup"].iter().all(|name| source.text(name) == reference.text(name));
        if !same || reference.is_filled("namespace") {
            found.wrong(&reference, "`dataSource` and `dataSourceRef` must say the same, if both are there");
        }
    }
}

fn is_nothing(at: &At<'_>) -> bool {
    matches!(node_quantity(at.node), Ok(Some(value)) if value <= 0.0)
}

/// A volume: what it gives and how it may be mounted.
pub(super) fn volume(root: &At<'_>, found: &mut Found) {
    let spec = root.get("spec");
    let lacks: Vec<&str> = ["capacity", "accessModes"]
        .into_iter()
        .filter(|name| spec.is_none_or(|spec| !spec.is_filled(name)))
        .collect();
    if !lacks.is_empty() {
        let words = format!("a volume needs `{}`", lacks.join("` and `"));
        found.lack(root, "spec", words, Some("add it: the API server requires it"));
    }
    let Some(spec) = spec.filter(At::is_map) else { return };
    modes(&spec, found);
    for (entry, value) in spec.entries("capacity") {
        if entry.key.text == "storage" {
            if is_nothing(&value) {
                found.wrong(&value, "the size must be more than 0");
            }
        } else {
            let words = format!("`{}` is no capacity of a volume: it has `storage`", entry.key.text);
            found.wrong_key(&value, entry, words, None);
        }
    }
    found.one_of(&spec, "persistentVolumeReclaimPolicy", &["Retain", "Recycle", "Delete"]);
    found.shape(&spec, "storageClassName", Shape::Subdomain);
    found.one_field(&spec, &SOURCES, 1);
    if let Some(affinity) = spec.get("nodeAffinity").filter(At::is_map) {
        match affinity.get("required") {
            Some(required) => node_selector(&required, true, found),
            None => found.lack(&affinity, "required", "`nodeAffinity` needs `required`", None),
        }
    }
    if spec.has("local") && !spec.has("nodeAffinity") {
        found.lack(&spec, "nodeAffinity", "a local volume needs `nodeAffinity`", None);
    }
    if let Some(class) = spec.get("volumeAttributesClassName") {
        if class.node.as_str() == Some("") {
            found.wrong(&class, "`volumeAttributesClassName` is empty");
        }
        found.shape(&spec, "volumeAttributesClassName", Shape::Subdomain);
        if !spec.has("csi") {
            found.wrong(&class, "`volumeAttributesClassName` is for volumes of CSI drivers");
        }
    }
    sources(&spec, found);
}

fn sources(spec: &At<'_>, found: &mut Found) {
    for (name, needed) in [
        ("hostPath", &["path"][..]),
        ("local", &["path"]),
        ("nfs", &["server", "path"]),
        ("csi", &["driver", "volumeHandle"]),
        ("iscsi", &["targetPortal", "iqn"]),
        ("rbd", &["monitors", "image"]),
        ("cephfs", &["monitors"]),
        ("azureFile", &["secretName", "shareName"]),
        ("awsElasticBlockStore", &["volumeID"]),
        ("gcePersistentDisk", &["pdName"]),
        ("glusterfs", &["endpoints", "path"]),
        ("flexVolume", &["driver"]),
    ] {
        if let Some(source) = spec.get(name) {
            found.fill(&source, needed);
        }
    }
    if let Some(nfs) = spec.get("nfs") {
        found.shape(&nfs, "path", Shape::Absolute);
    }
    for name in ["hostPath", "local"] {
        if let Some(path) = spec.get(name) {
            found.shape(&path, "path", Shape::NoBacksteps);
        }
    }
    if let Some(host) = spec.get("hostPath")
        && host.text("path") == "/"
        && spec.text("persistentVolumeReclaimPolicy") == "Recycle"
    {
        found.not_with(spec, "persistentVolumeReclaimPolicy", "`/` of a node cannot be recycled");
    }
    if let Some(iscsi) = spec.get("iscsi") {
        volume::iscsi(&iscsi, found);
    }
    if let Some(csi) = spec.get("csi") {
        found.shape(&csi, "driver", Shape::Driver);
        for name in [
            "controllerPublishSecretRef",
            "nodePublishSecretRef",
            "controllerExpandSecretRef",
            "nodeExpandSecretRef",
        ] {
            if let Some(secret) = csi.get(name) {
                found.need(&secret, &["name", "namespace"]);
                found.shape(&secret, "name", Shape::Subdomain);
                found.shape(&secret, "namespace", Shape::Label);
            }
        }
    }
}

pub(super) fn class(root: &At<'_>, found: &mut Found) {
    provisioner(root, "provisioner", found);
    parameters(root, found);
    found.one_of(root, "reclaimPolicy", &["Delete", "Retain"]);
    found.one_of(root, "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"]);
    // Nothing at all is a mode here, and none that is known.
    if let Some(mode) = root.get("volumeBindingMode").filter(|mode| mode.node.as_str() == Some("")) {
        found.wrong(&mode, "`volumeBindingMode` must be `Immediate` or `WaitForFirstConsumer`, and is empty");
    }
    let exprs = |term: &crate::yaml::Node| -> Vec<_> {
        term.items(&["matchLabelExpressions"]).iter().map(crate::yaml::Node::to_value).collect()
    };
    let terms: Vec<_> = root.node.items(&["allowedTopologies"]).iter().map(exprs).collect();
    for (index, term) in root.items("allowedTopologies").enumerate() {
        topology_term(&term, found);
        if terms.get(index).is_some_and(Vec::is_empty) {
            found.wrong(&term, "an entry of `allowedTopologies` is empty");
        } else if terms.iter().take(index).any(|other| Some(other) == terms.get(index)) {
            found.wrong(&term, "two of `allowedTopologies` are the same");
        }
    }
}

/// The name of who makes volumes.
fn provisioner(root: &At<'_>, name: &'static str, found: &mut Found) {
    found.fill(root, &[name]);
    if let Some(value) = root.get(name)
        && let Some(text) = final_text(value.node).filter(|text| !text.is_empty())
        && let Some(why) = Shape::Qualified.error(&text.to_ascii_lowercase())
    {
        found.wrong(&value, format!("`{text}` cannot be `{name}`: {why}"));
    }
}

fn parameters(root: &At<'_>, found: &mut Found) {
    for (entry, value) in root.entries("parameters").filter(|(entry, _)| entry.key.text.is_empty()) {
        found.wrong_key(&value, entry, "the name of a parameter is empty".to_owned(), None);
    }
}

pub(super) fn attributes_class(root: &At<'_>, found: &mut Found) {
    provisioner(root, "driverName", found);
    found.need(root, &["parameters"]);
    parameters(root, found);
}

pub(super) fn driver(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    found.range(&spec, "nodeAllocatableUpdatePeriodSeconds", 10, i64::MAX);
    found.fill(&spec, &["fsGroupPolicy"]);
    found.one_of(&spec, "fsGroupPolicy", &["ReadWriteOnceWithFSType", "File", "None"]);
    found.not_null(&spec, &["volumeLifecycleModes"]);
    for mode in spec.items("volumeLifecycleModes") {
        if let Some(text) = mode.node.as_str().filter(|text| !matches!(*text, "Persistent" | "Ephemeral")) {
            found.wrong(&mode, format!("`{text}` is no mode: use `Persistent` or `Ephemeral`"));
        }
    }
    let mut audiences: Vec<&str> = Vec::new();
    for request in spec.node.items(&["tokenRequests"]) {
        audiences.push(request.get("audience").and_then(crate::yaml::Node::as_str).unwrap_or_default());
    }
    for (index, request) in spec.items("tokenRequests").enumerate() {
        found.range(&request, "expirationSeconds", 600, 1 << 32);
        let audience = request.text("audience");
        if audiences.iter().take(index).any(|other| *other == audience) {
            found.wrong(&request, format!("two requests are for the audience `{audience}`"));
        }
    }
    if spec.is_true("serviceAccountTokenInSecrets") && !spec.is_filled("tokenRequests") {
        found.not_with(
            &spec,
            "serviceAccountTokenInSecrets",
            "`serviceAccountTokenInSecrets` needs `tokenRequests`",
        );
    }
}
