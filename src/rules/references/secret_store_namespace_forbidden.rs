//! `secret-store-namespace-forbidden`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "secret-store-namespace-forbidden",
    "references",
    Error,
    Recommended,
    "0.1.0",
    "A namespaced SecretStore refers to another namespace."
);

pub(crate) struct SecretStoreNamespaceForbidden;

impl Rule for SecretStoreNamespaceForbidden {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("external-secrets.io", "SecretStore") {
            return;
        }
        if let Some(provider) = object.at(&["spec", "provider"]) {
            visit(provider, "spec.provider", object, cx, 0);
        }
    }
}

/// The references to accounts and Secrets below a node: mappings with a `name` and a `namespace`.
fn visit(node: &Node, path: &str, object: &Object, cx: &mut Context<'_>, depth: u32) {
    if depth > 16 {
        return;
    }
    for (index, item) in node.seq_or_empty().iter().enumerate() {
        visit(item, &format!("{path}[{index}]"), object, cx, depth + 1);
    }
    for entry in node.entries() {
        let key = entry.key.text.as_str();
        let field = format!("{path}.{key}");
        let reference = key.ends_with("Ref") || key == "caProvider";
        if let (true, Some(namespace)) = (reference, entry.value.get("namespace"))
            && let Some(name) =
                namespace.as_str().filter(|name| !name.is_empty() && !name.contains(['$', '{']))
            && !object.namespace.is_empty()
            && *name != object.namespace
        {
            let message = format!(
                "SecretStore `{}` refers to namespace `{name}`, and a SecretStore may only refer to its own",
                object.name
            );
            cx.report(namespace.place(), message)
                .object(object, Some(&format!("{field}.namespace")))
                .help("remove `namespace`, or use a ClusterSecretStore");
        }
        visit(&entry.value, &field, object, cx, depth + 1);
    }
}
