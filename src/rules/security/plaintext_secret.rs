//! `plaintext-secret`: see the page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::k8s::{PodTemplate, plaintext_secret};
use crate::origin::Step;
use crate::repo::{Labels, Object, chain};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;
use crate::yaml::Node;

meta!("plaintext-secret", "security", Warning, Recommended, "0.1.0", "A secret stands in Git in plain text.");

pub(crate) struct PlaintextSecret;

impl Rule for PlaintextSecret {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        match (object.group.as_str(), object.kind.as_str()) {
            ("", "Secret") => secret(object, cx),
            ("", "ConfigMap") => {
                for entry in object.at(&["data"]).map(Node::entries).unwrap_or_default() {
                    let text = entry.value.as_str().unwrap_or_default();
                    judge(
                        &entry.key.text,
                        text,
                        &entry.value,
                        &|| format!("data[{}]", entry.key.text),
                        false,
                        object,
                        cx,
                    );
                }
            }
            _ => {}
        }
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            for (index, env) in container.node.items(&["env"]).iter().enumerate() {
                let (Some(name), Some(node)) = (env.get("name").and_then(Node::as_str), env.get("value"))
                else {
                    continue;
                };
                let field = || container.path(&pod, &format!("env[{index}].value"));
                judge(name, node.as_str().unwrap_or_default(), node, &field, false, object, cx);
            }
        }
    }
}

fn secret(object: &Object, cx: &mut Context<'_>) {
    // Encrypted by SOPS, filled in by Kubernetes, or a Helm release.
    let kind = object.at(&["type"]).and_then(Node::as_str).unwrap_or_default();
    if object.node.get("sops").is_some()
        || matches!(kind, "kubernetes.io/service-account-token" | "helm.sh/release.v1")
    {
        return;
    }
    for section in ["data", "stringData"] {
        for entry in object.at(&[section]).map(Node::entries).unwrap_or_default() {
            let text = entry.value.as_str().unwrap_or_default();
            let decoded = if section == "data" { decode(text) } else { Some(text.to_owned()) };
            let Some(plain) = decoded else { continue };
            judge(
                &entry.key.text,
                &plain,
                &entry.value,
                &|| format!("{section}[{}]", entry.key.text),
                true,
                object,
                cx,
            );
        }
    }
}

/// The text of base64; `None` when it is none, or no text.
fn decode(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    String::from_utf8(STANDARD.decode(compact).ok()?).ok()
}

fn judge(
    key: &str,
    value: &str,
    node: &Node,
    field: &dyn Fn() -> String,
    confidential: bool,
    object: &Object,
    cx: &mut Context<'_>,
) {
    let Some(sign) = plaintext_secret(key, value, confidential) else { return };
    // What is called like something that the repository has is its name, not its content.
    if sign.is_by_name() && is_known_name(value.trim(), object, cx) {
        return;
    }
    let labels = Labels::of(node.place(), cx.origins(), cx.workspace);
    if is_made_up(node, cx) || !cx.workspace.is_editable(labels.primary.at.file) {
        return;
    }
    let spans: Vec<Span> =
        labels.related.iter().map(|label| label.at).chain([labels.primary.at, node.at]).collect();
    // Proof that it is written down: some line behind it has it, plain or as base64.
    let start =
        |text: &str| text.lines().next().unwrap_or_default().trim().chars().take(12).collect::<String>();
    let (plain, encoded) = (start(value), start(node.as_str().unwrap_or_default()));
    let shows = |span: &Span| {
        cx.sources().get(span.file).is_some_and(|file| {
            let text = file.slice(*span);
            text.contains(&plain) || text.contains(&encoded)
        })
    };
    if !spans.iter().any(shows) {
        return;
    }
    for span in spans {
        if let Some(file) = cx.sources().get(span.file)
            && !file.slice(span).contains("{{")
        {
            file.mark_secret(span);
        }
    }
    let message = format!("{} `{}` has {} in plain text: `{key}`", object.kind, object.name, sign.what);
    cx.report_labels(labels, message)
        .label(format!("recognised by {}", sign.by))
        .object(object, Some(&field()))
        .help("change the secret, since Git keeps it for ever, and make it with an ExternalSecret, a SealedSecret or SOPS");
}

/// Whether a value is the name of a Secret that the repository has or makes. An object's own name does not count: `mysql` may
/// well have the password `mysql`.
fn is_known_name(value: &str, object: &Object, cx: &Context<'_>) -> bool {
    value != object.name && cx.workspace.is_secret_name(value)
}

/// Whether a template makes the value at each render, or looks it up.
fn is_made_up(node: &Node, cx: &Context<'_>) -> bool {
    chain(node.place(), cx.origins()).iter().any(|link| match link.by {
        Step::Computed(name) => {
            let name = name.as_str();
            name.starts_with("rand")
                || name.starts_with("gen")
                || matches!(name, "uuidv4" | "lookup" | "derivePassword" | "htpasswd" | "bcrypt")
        }
        Step::BuiltIn(_) => true,
        _ => false,
    })
}
