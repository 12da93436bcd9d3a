//! Volumes of pods.

use super::at::{At, Found, final_text};
use super::container::{field, resource_field};
use super::shape::Shape;
use super::storage;

/// Fields of each kind of volume that must hold something.
const NEEDED: [(&str, &[&str]); 26] = [
    ("awsElasticBlockStore", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("azureFile", &["secretName", "shareName"]),
    ("cephfs", &["monitors"]),
    ("cinder", &["volumeID"]),
    ("configMap", &[]),
    ("csi", &["driver"]),
    ("emptyDir", &[]),
    ("ephemeral", &[]),
    ("flexVolume", &["driver"]),
    ("gcePersistentDisk", &["pdName"]),
    ("gitRepo", &["repository"]),
    ("glusterfs", &["endpoints", "path"]),
    ("hostPath", &["path"]),
    ("image", &[]),
    ("iscsi", &["targetPortal", "iqn"]),
    ("nfs", &["server", "path"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("quobyte", &["registry", "volume"]),
    ("rbd", &["monitors", "image"]),
    ("scaleIO", &["gateway", "system"]),
    ("secret", &[]),
    ("storageos", &["volumeName"]),
    ("vsphereVolume", &["volumePath"]),
];

/// Whether a field of a volume says what it is made of.
fn is_source(name: &str) -> bool {
    NEEDED.iter().any(|(known, _)| *known == name)
        || matches!(name, "downwardAPI" | "fc" | "flocker" | "projected")
}

pub(super) fn check(volume: &At<'_>, found: &mut Found) {
    if !volume.is_map() {
        return;
    }
    found.fill(volume, &["name"]);
    found.shape(volume, "name", Shape::Label);
    let sources = volume.node.entries().iter();
    // What is no source at all is an unknown field, which is told as that.
    let sources = sources.filter(|entry| is_source(&entry.key.text) && !entry.value.is_null());
    let sources: Vec<&str> = sources.map(|entry| entry.key.text.as_str()).collect();
    if let ([first, second, ..], Some(at)) = (sources.as_slice(), volume.get("name")) {
        found.wrong(&at, format!("a volume has both `{first}` and `{second}`: one is allowed"));
    }
    for (name, needed) in NEEDED {
        if let Some(source) = volume.get(name).filter(At::is_map) {
            found.fill(&source, needed);
            self::source(name, &source, found);
        }
    }
    if let Some(projected) = volume.get("projected") {
        mode(&projected, "defaultMode", found);
        for source in projected.items("sources").filter(At::is_map) {
            projection(&source, found);
        }
    }
    if let Some(downward) = volume.get("downwardAPI") {
        mode(&downward, "defaultMode", found);
        for item in downward.items("items") {
            downward_file(&item, found);
        }
    }
}

fn source(name: &str, source: &At<'_>, found: &mut Found) {
    match name {
        "configMap" | "secret" => {
            found.need(source, if name == "secret" { &["secretName"] } else { &["name"] });
            mode(source, "defaultMode", found);
            files(source, found);
        }
        "emptyDir" if source.get("sizeLimit").is_some_and(|limit| super::selectors::negative(limit.node)) => {
            found.not_with(source, "sizeLimit", "`sizeLimit` must not be negative");
        }
        "hostPath" => found.shape(source, "path", Shape::NoBacksteps),
        "gitRepo" => found.shape(source, "directory", Shape::Descending),
        "nfs" => found.shape(source, "path", Shape::Absolute),
        "csi" => {
            found.shape(source, "driver", Shape::Driver);
            found.local_reference(source, "nodePublishSecretRef");
        }
        "iscsi" => iscsi(source, found),
        "ephemeral" => {
            found.need(source, &["volumeClaimTemplate"]);
            if let Some(template) = source.get("volumeClaimTemplate") {
                for (entry, value) in template.entries("metadata") {
                    let name = entry.key.text.as_str();
                    if !matches!(name, "labels" | "annotations")
                        && template.get("metadata").is_some_and(|it| it.is_filled(name))
                    {
                        found.wrong(
                            &value,
                            format!(
                                "`{name}` cannot be set: the claim is called after the pod and the volume"
                            ),
                        );
                    }
                }
            }
            if let Some(template) = source.get("volumeClaimTemplate")
                && let Some(spec) = template.get("spec")
            {
                storage::claim_spec(&spec, found);
            }
        }
        "awsElasticBlockStore" | "gcePersistentDisk" => found.range(source, "partition", 0, 255),
        "azureDisk" => {
            let uri = source.text("diskURI");
            let managed = source.text("kind") == "Managed";
            let good = uri.is_empty() || uri.starts_with("/subscriptions/") == managed;
            if !good && final_text(source.node.get("diskURI").unwrap_or(source.node)).is_some() {
                found.not_with(source, "diskURI", format!("`{uri}` is not the address of such a disk"));
            }
        }
        "fc" => {}
        "image" => {
            found.one_of(source, "pullPolicy", &["Always", "Never", "IfNotPresent"]);
            found.need(source, &["reference"]);
        }
        "glusterfs" | "cephfs" | "quobyte" => {}
        "scaleIO" => found.need(source, &["volumeName"]),
        // Of these nobody asks what their Secret is called.
        "flexVolume" | "rbd" | "storageos" => {}
        _ => {}
    }
}

/// An `iscsi` volume.
pub(super) fn iscsi(source: &At<'_>, found: &mut Found) {
    let good = |text: &str| {
        let hex = |text: &str, lengths: &[usize]| {
            lengths.contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
        };
        if let Some(rest) = text.strip_prefix("eui.") {
            return hex(rest, &[16]);
        }
        if let Some(rest) = text.strip_prefix("naa.") {
            return hex(rest, &[16, 32]);
        }
        let Some(rest) = text.strip_prefix("iqn.") else { return false };
        let digits = |from: usize, to: usize| {
            rest.get(from..to).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        digits(0, 4) && rest.get(4..5) == Some("-") && digits(5, 7) && rest.get(7..8) == Some(".")
    };
    for name in ["iqn", "initiatorName"] {
        if let Some(value) = source.get(name)
            && let Some(text) = final_text(value.node).filter(|text| !text.is_empty() && !good(text))
        {
            found.wrong(
                &value,
                format!("`{text}` is no name in iSCSI: it begins with `iqn.`, `eui.` or `naa.`"),
            );
        }
    }
    found.range(source, "lun", 0, 255);
    let chap = source.is_true("chapAuthDiscovery") || source.is_true("chapAuthSession");
    if chap && !source.has("secretRef") {
        found.need(source, &["secretRef"]);
    }
}

fn mode(at: &At<'_>, name: &str, found: &mut Found) {
    let Some(value) = at.get(name) else { return };
    if value.node.as_i64().is_some_and(|mode| !(0..=0o777).contains(&mode)) {
        found.wrong_help(
            &value,
            format!("`{name}` must be between 0 and 0777"),
            "an octal number begins with 0; 0644 is 420",
        );
    }
}

/// `items` of a ConfigMap or Secret as files.
fn files(at: &At<'_>, found: &mut Found) {
    for item in at.items("items") {
        found.fill(&item, &["key", "path"]);
        file_path(&item, found);
        mode(&item, "mode", found);
    }
}

/// A path below the volume, which does not begin with two dots.
fn file_path(item: &At<'_>, found: &mut Found) {
    found.shape(item, "path", Shape::Descending);
    let path = item.text("path");
    if path.starts_with("..") && path.split('/').all(|part| part != "..") {
        found.not_with(item, "path", "`path` must not begin with `..`");
    }
}

fn downward_file(item: &At<'_>, found: &mut Found) {
    found.fill(item, &["path"]);
    file_path(item, found);
    mode(item, "mode", found);
    found.one_field(item, &["fieldRef", "resourceFieldRef"], 1);
    if let Some(reference) = item.get("fieldRef") {
        field(&reference, true, found);
    }
    if let Some(reference) = item.get("resourceFieldRef") {
        found.need(&reference, &["containerName"]);
        resource_field(&reference, found);
    }
}

fn projection(source: &At<'_>, found: &mut Found) {
    let known =
        ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];
    if source.node.entries().iter().all(|entry| known.contains(&entry.key.text.as_str()))
        && !source.given(&known).is_empty()
    {
        found.one_field(source, &known, 1);
    }
    for name in ["secret", "configMap"] {
        if let Some(source) = source.get(name).filter(At::is_map) {
            found.need(&source, &["name"]);
            files(&source, found);
        }
    }
    if let Some(downward) = source.get("downwardAPI") {
        for item in downward.items("items") {
            downward_file(&item, found);
        }
    }
    if let Some(token) = source.get("serviceAccountToken") {
        found.range(&token, "expirationSeconds", 600, 1 << 32);
        found.fill(&token, &["path"]);
        file_path(&token, found);
    }
    if let Some(bundle) = source.get("clusterTrustBundle") {
        found.one_field(&bundle, &["name", "signerName"], 1);
        found.fill(&bundle, &["path"]);
        file_path(&bundle, found);
    }
}
