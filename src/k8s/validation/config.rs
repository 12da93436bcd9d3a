//! Secrets, ConfigMaps and namespaces.

use super::at::{At, Found, final_text};
use super::shape::config_key_error;

pub(super) fn secret(root: &At<'_>, found: &mut Found) {
    let Some(kind) = root.get("type").filter(|it| it.node.as_str().is_some()) else { return };
    // What is encrypted, or comes later, cannot be judged by its keys.
    if root.has("sops") {
        return;
    }
    let has_key = |key: &str| {
        ["data", "stringData"]
            .iter()
            .any(|section| root.node.get(section).is_some_and(|it| it.get(key).is_some()))
    };
    let wanted: &[&str] = match root.text("type") {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/basic-auth" => {
            if !has_key("username") && !has_key("password") {
                let words = "a Secret of this type must have the key `username` or `password`";
                found.lack(root, "type", words, Some("add a key, which may be empty, or change the type"));
            }
            return;
        }
        "kubernetes.io/service-account-token" => {
            let account = "kubernetes.io/service-account.name";
            let name = root.node.at_path(&["metadata", "annotations", account]);
            if name.is_none_or(|it| it.is_null() || it.as_str() == Some("")) {
                let words = format!("a Secret of this type must have the annotation `{account}`");
                found.lack(root, "metadata.annotations", words, Some("name the ServiceAccount there"));
            }
            return;
        }
        _ => return,
    };
    let missing: Vec<String> =
        wanted.iter().filter(|key| !has_key(key)).map(|key| format!("`{key}`")).collect();
    if !missing.is_empty() {
        let words = format!("a Secret of this type must have the key {}", missing.join(" and "));
        let mut one = Found(Vec::new());
        one.lack(&kind, "", words, Some("add the key, which may be empty, or change the type"));
        found.0.append(&mut one.0);
    }
    // A configuration of Docker is JSON; what it holds is not told.
    let json = match root.text("type") {
        "kubernetes.io/dockerconfigjson" => ".dockerconfigjson",
        "kubernetes.io/dockercfg" => ".dockercfg",
        _ => return,
    };
    if let Some(data) = root.get("stringData")
        && data.node.get(json).is_some_and(crate::yaml::Node::is_null)
    {
        found.wrong(&data, format!("`{json}` is not JSON: it is empty"));
    }
    if let Some(data) = root.get("stringData")
        && let Some(value) = data.get(json)
        && let Some(text) =
            final_text(value.node).or_else(|| value.node.as_str().filter(|it| it.starts_with('{')))
        && !text.contains(['$', '<'])
        && !text.contains("{{")
        && !serde_json::from_str::<serde_json::Value>(text).is_ok_and(|it| it.is_object() || it.is_null())
    {
        found.wrong(&value, format!("`{json}` is not JSON"));
    }
}

/// Keys of a ConfigMap or Secret are names of files (`IsConfigMapKey`).
pub(super) fn keys(kind: &str, root: &At<'_>, found: &mut Found) {
    for section in ["data", "binaryData", "stringData"] {
        for (entry, value) in root.entries(section) {
            let key = entry.key.text.as_str();
            // A placeholder is filled in first.
            if key.contains(['$', '{', '<']) {
                continue;
            }
            let why = if key.is_empty() { Some("it is empty") } else { config_key_error(key) };
            if let Some(why) = why {
                let words = format!("`{key}` cannot be a key of a {kind}: {why}");
                found.wrong_key(&value, entry, words, None);
            }
            if section == "binaryData" && root.node.get("data").is_some_and(|data| data.get(key).is_some()) {
                found.wrong_key(&value, entry, format!("`{key}` is in both `data` and `binaryData`"), None);
            }
        }
    }
}

pub(super) fn namespace(root: &At<'_>, found: &mut Found) {
    if let Some(metadata) = root.get("metadata") {
        for (entry, value) in metadata.entries("labels") {
            let Some(mode) = entry.key.text.strip_prefix("pod-security.kubernetes.io/") else { continue };
            let Some(text) = final_text(value.node) else { continue };
            let level = matches!(mode, "enforce" | "audit" | "warn");
            let version = matches!(mode, "enforce-version" | "audit-version" | "warn-version");
            if level && !matches!(text, "privileged" | "baseline" | "restricted") {
                let words = format!("`{text}` is no level of the Pod Security Standards");
                found.wrong_help(&value, words, "use `privileged`, `baseline` or `restricted`");
            } else if version && text != "latest" && !is_version(text) {
                let words = format!("`{text}` is no version of the Pod Security Standards");
                found.wrong_help(&value, words, "use `latest` or `v1.33`");
            }
        }
    }
    let Some(spec) = root.get("spec") else { return };
    super::metadata::finalizers(&spec, Some(&["kubernetes"]), found);
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix("v1.").is_some_and(digits)
}
