//! Secrets, namespaces and claims.

use crate::yaml::Node;

use super::{Found, Refusal, has};

pub(super) fn secret(node: &Node, found: &mut Found) {
    let Some(kind) = node.get("type").filter(|it| it.as_str().is_some()) else { return };
    // What is encrypted, or comes later, cannot be judged by its keys.
    if has(node, "sops") {
        return;
    }
    let has_key = |key: &str| {
        ["data", "stringData"].iter().any(|section| node.get(section).is_some_and(|it| it.get(key).is_some()))
    };
    let lacks = |key: &&&str| !has_key(key);
    let wanted: &[&str] = match kind.as_str().unwrap_or_default() {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => return,
    };
    let missing: Vec<String> = wanted.iter().filter(lacks).map(|key| format!("`{key}`")).collect();
    if !missing.is_empty() {
        let words = format!("a Secret of this type must have the key {}", missing.join(" and "));
        found.lack("type", kind, words, Some("add the key, which may be empty, or change the type"));
    }
}

/// Keys of a ConfigMap or Secret are names of files (`IsConfigMapKey`).
pub(super) fn keys(kind: &str, node: &Node, found: &mut Found) {
    for section in ["data", "binaryData", "stringData"] {
        for entry in node.get(section).map(Node::entries).unwrap_or_default() {
            let key = entry.key.text.as_str();
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            // A placeholder is filled in first.
            if key.contains(['$', '{', '<']) {
                continue;
            }
            let why = match key {
                "." | ".." => "it is a directory",
                key if key.starts_with("..") => "it begins with `..`",
                key if key.len() > 253 => "it has more than 253 characters",
                key if !key.chars().all(plain) => "letters, digits, `-`, `_` and `.` are allowed",
                _ => continue,
            };
            let words = format!("`{key}` cannot be a key of a {kind}: {why}");
            let path = format!("{section}[{key}]");
            found.0.push(Refusal { path, place: entry.key.place(), words, lacks: false, help: None });
        }
    }
}

pub(super) fn namespace(node: &Node, found: &mut Found) {
    for entry in node.at_path(&["metadata", "labels"]).map(Node::entries).unwrap_or_default() {
        let Some(mode) = entry.key.text.strip_prefix("pod-security.kubernetes.io/") else { continue };
        let Some(value) = entry.value.as_str().filter(|text| !text.contains(['$', '{'])) else { continue };
        let path = format!("metadata.labels[{}]", entry.key.text);
        let level = matches!(mode, "enforce" | "audit" | "warn");
        let version = matches!(mode, "enforce-version" | "audit-version" | "warn-version");
        if level && !matches!(value, "privileged" | "baseline" | "restricted") {
            let words = format!("`{value}` is no level of the Pod Security Standards");
            found.add(path, &entry.value, words, Some("use `privileged`, `baseline` or `restricted`"));
        } else if version && value != "latest" && !is_version(value) {
            let words = format!("`{value}` is no version of the Pod Security Standards");
            found.add(path, &entry.value, words, Some("use `latest` or `v1.33`"));
        }
    }
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix("v1.").is_some_and(digits)
}

/// A claim, or the template of one; `path` leads to it.
pub(super) fn claim(node: &Node, path: &str, found: &mut Found) {
    let Some(spec) = node.get("spec").filter(|it| it.as_map().is_some()) else {
        if path.is_empty() && !has(node, "spec") {
            let at = node.at_path(&["metadata", "name"]).unwrap_or(node);
            found.lack("spec", at, "a claim needs `spec`", Some("add it: the API server requires it"));
        }
        return;
    };
    let mut lacks = Vec::new();
    if spec.get("accessModes").is_none_or(|it| it.is_null() || it.as_seq().is_some_and(<[Node]>::is_empty)) {
        lacks.push("`accessModes`");
    }
    if spec.at_path(&["resources", "requests", "storage"]).is_none_or(Node::is_null) {
        lacks.push("`resources.requests.storage`");
    }
    if !lacks.is_empty() {
        let at = node.at_path(&["metadata", "name"]).unwrap_or(spec);
        let words = format!("a claim needs {}", lacks.join(" and "));
        found.lack(format!("{path}spec"), at, words, Some("add it: the API server requires it"));
    }
}

/// A volume: what it gives and how it may be mounted.
pub(super) fn volume(node: &Node, found: &mut Found) {
    let lacks: Vec<&str> = ["capacity", "accessModes"]
        .into_iter()
        .filter(|name| {
            node.at_path(&["spec", name])
                .is_none_or(|it| it.is_null() || it.as_seq().is_some_and(<[Node]>::is_empty))
        })
        .collect();
    if !lacks.is_empty() {
        let at = node.at_path(&["metadata", "name"]).unwrap_or(node);
        let words = format!("a volume needs `{}`", lacks.join("` and `"));
        found.lack("spec", at, words, Some("add it: the API server requires it"));
    }
}
