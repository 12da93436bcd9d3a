//! Names, finalizers and owners of objects. Labels, annotations and what names look like are another rule's.

use super::at::{At, Found, final_text};
use super::shape::Shape;

/// The metadata of an object; `own`: the group of Kubernetes that it is of.
pub(super) fn check(root: &At<'_>, own: Option<&str>, cluster: bool, found: &mut Found) {
    let Some(metadata) = root.get("metadata").filter(At::is_map) else {
        // A kustomization that is taken for a manifest is another rule's.
        if own.is_some_and(crate::k8s::is_built_in) && !root.has("metadata") {
            found.lack(root, "metadata.name", "the object has no name", Some("add `metadata.name`"));
        }
        return;
    };
    let is_named = |name: &str| metadata.is_filled(name);
    if !is_named("name") && !is_named("generateName") {
        let words = "the object has no name";
        found.lack(&metadata, "name", words, Some("add `metadata.name`"));
    }
    let Some(group) = own else {
        namespace(&metadata, found);
        return;
    };
    // Of what lives outside of namespaces, the API server takes it away.
    if !cluster {
        namespace(&metadata, found);
    }
    // Characters are put behind it, so it may end with a hyphen.
    if let Some(prefix) = metadata.get("generateName")
        && let Some(text) = final_text(prefix.node).filter(|text| !text.is_empty())
    {
        // Roles may be called like a part of a path.
        let why = match group {
            "rbac.authorization.k8s.io" if text.contains(['/', '%']) => {
                Some("it may not have `/` or `%` in it".to_owned())
            }
            "rbac.authorization.k8s.io" => None,
            _ => Shape::Subdomain.error(&masked(text)),
        };
        if let Some(why) = why {
            found.wrong(&prefix, format!("`{text}` cannot be `generateName`: {why}"));
        }
    }
    found.positive_or_zero(&metadata, &["generation"]);
    let known: &[&str] = &["orphan", "foregroundDeletion", "kubernetes"];
    // These groups take names without a domain.
    let free =
        ["admissionregistration.k8s.io", "coordination.k8s.io", "node.k8s.io", "policy"].contains(&group);
    finalizers(&metadata, (!free).then_some(known), found);
    owners(&metadata, found);
}

/// The beginning of a name with something that ends well in place of a hyphen, as `maskTrailingDash` has it.
fn masked(text: &str) -> String {
    match text.strip_suffix('-').and_then(|rest| rest.char_indices().last()) {
        Some((at, _)) => format!("{}a", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn namespace(metadata: &At<'_>, found: &mut Found) {
    let Some(namespace) = metadata.get("namespace") else { return };
    if let Some(name) = final_text(namespace.node).filter(|name| !name.is_empty())
        && let Some(why) = Shape::Label.error(name)
    {
        found.wrong(&namespace, format!("`{name}` cannot be the name of a namespace: {why}"));
    }
}

/// `known`: which names need no domain; `None` if all may be without one.
pub(super) fn finalizers(at: &At<'_>, known: Option<&[&str]>, found: &mut Found) {
    let list = at.node.items(&["finalizers"]);
    found.not_null(at, &["finalizers"]);
    for finalizer in at.items("finalizers") {
        let Some(text) = final_text(finalizer.node) else { continue };
        let why = match Shape::Qualified.error(text) {
            Some(why) => why,
            None if text.contains('/') || known.is_none_or(|known| known.contains(&text)) => continue,
            None => "it has no domain, as in `example.com/name`".to_owned(),
        };
        found.wrong(&finalizer, format!("`{text}` cannot be a finalizer: {why}"));
    }
    let has = |name: &str| list.iter().any(|it| it.as_str() == Some(name));
    if has("orphan") && has("foregroundDeletion") {
        found.not_with(at, "finalizers", "`orphan` and `foregroundDeletion` exclude each other");
    }
}

fn owners(metadata: &At<'_>, found: &mut Found) {
    let mut controllers = 0;
    for owner in metadata.items("ownerReferences").filter(At::is_map) {
        found.fill(&owner, &["apiVersion", "kind", "name", "uid"]);
        let version = owner.text("apiVersion");
        if version.matches('/').count() > 1 || version.ends_with('/') && !version.is_empty() {
            found.not_with(&owner, "apiVersion", format!("`{version}` is no API version"));
        }
        if owner.is_true("controller") {
            controllers += 1;
        }
    }
    if controllers > 1 {
        found.not_with(metadata, "ownerReferences", "two owners have `controller: true`: one is allowed");
    }
}
