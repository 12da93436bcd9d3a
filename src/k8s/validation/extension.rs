//! What extends the API: CustomResourceDefinitions, APIServices; and claims of devices.

use rustc_hash::FxHashSet;

use super::at::{At, Found, final_text};
use super::shape::Shape;

/// A CustomResourceDefinition, as `pkg/apis/apiextensions/validation` asks for it. The schemas in it are not looked at.
pub(super) fn definition(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    found.one_of(&spec, "scope", &["Cluster", "Namespaced"]);
    if let Some(group) = spec.get("group")
        && let Some(text) = final_text(group.node).filter(|text| !text.is_empty())
    {
        match Shape::Subdomain.error(text) {
            Some(why) => found.wrong(&group, format!("`{text}` cannot be an API group: {why}")),
            None if !text.contains('.') => {
                found.wrong(&group, format!("`{text}` cannot be an API group: it has no dot"));
            }
            None => {}
        }
    }
    if let Some(names) = spec.get("names").filter(At::is_map) {
        self::names(root, &spec, &names, found);
    }
    if root.text("apiVersion") == "apiextensions.k8s.io/v1" && spec.has("versions") {
        versions(&spec, found);
    }
}

fn names(root: &At<'_>, spec: &At<'_>, names: &At<'_>, found: &mut Found) {
    found.shape(names, "plural", Shape::Label1035);
    found.shape(names, "singular", Shape::Label1035);
    found.shapes(names, "shortNames", Shape::Label1035);
    found.shapes(names, "categories", Shape::Label1035);
    let kind = names.text("kind");
    if !kind.is_empty() && kind == names.text("listKind") {
        found.not_with(names, "listKind", format!("`kind` and `listKind` are both `{kind}`"));
    }
    let (plural, group) = (names.text("plural"), spec.text("group"));
    let Some(metadata) = root.get("metadata") else { return };
    if let Some(name) = metadata.get("name")
        && let Some(text) = final_text(name.node).filter(|text| !text.is_empty())
        && !plural.is_empty()
        && !group.is_empty()
        && text.strip_prefix(plural).and_then(|rest| rest.strip_prefix('.')) != Some(group)
    {
        found.wrong(
            &name,
            format!(
                "a definition is called after its plural and its group: `{plural}.{group}`, not `{text}`"
            ),
        );
    }
}

fn versions(spec: &At<'_>, found: &mut Found) {
    let mut seen = FxHashSet::default();
    let mut stored = 0;
    for version in spec.items("versions").filter(At::is_map) {
        found.shape(&version, "name", Shape::Label1035);
        let name = version.text("name");
        if !name.is_empty() && !seen.insert(name) {
            found.not_with(&version, "name", format!("the version `{name}` is there twice"));
        }
        if version.is_true("storage") {
            stored += 1;
            if stored == 2 {
                found.not_with(&version, "storage", "a second version has `storage: true`: one is allowed");
            }
        }
        if !version.has("schema") {
            found.need(&version, &["schema"]);
        }
    }
    if stored == 0 && !seen.is_empty() {
        found.lack(spec, "versions", "no version has `storage: true`", Some("mark the one that is stored"));
    }
}

/// An APIService, as `pkg/apis/apiregistration/validation` of the aggregator asks for it.
pub(super) fn service(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    found.shape(&spec, "group", Shape::Subdomain);
    found.shape(&spec, "version", Shape::Label1035);
    found.range(&spec, "groupPriorityMinimum", 1, 20_000);
    found.range(&spec, "versionPriority", 1, 1_000);
    let (group, version) = (spec.text("group"), spec.text("version"));
    if let Some(metadata) = root.get("metadata")
        && let Some(name) = metadata.get("name")
        && let Some(text) = final_text(name.node).filter(|text| !text.is_empty())
        && !version.is_empty()
        && !group.is_empty()
        && text.strip_prefix(version).and_then(|rest| rest.strip_prefix('.')) != Some(group)
    {
        found.wrong(
            &name,
            format!(
                "an APIService is called after its version and its group: `{version}.{group}`, not `{text}`"
            ),
        );
    }
    let is_open = spec.is_true("insecureSkipTLSVerify");
    match spec.get("service").filter(At::is_map) {
        Some(service) => {
            found.fill(&service, &["name", "namespace"]);
            found.range(&service, "port", 1, 65_535);
            if is_open && spec.is_filled("caBundle") {
                let words = "`insecureSkipTLSVerify` and `caBundle` exclude each other";
                found.not_with(&spec, "insecureSkipTLSVerify", words);
            }
        }
        None if is_open => {
            found.not_with(&spec, "insecureSkipTLSVerify", "there is no `service` to be asked without it");
        }
        None => {}
    }
}

/// A ResourceClaim or its template, in the versions that wrap what is requested.
pub(super) fn claim(kind: &str, root: &At<'_>, found: &mut Found) {
    if !matches!(root.text("apiVersion"), "resource.k8s.io/v1" | "resource.k8s.io/v1beta2") {
        return;
    }
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    let inner = spec.get("spec").filter(At::is_map);
    let spec = if kind == "ResourceClaimTemplate" { inner.as_ref() } else { Some(&spec) };
    let Some(devices) = spec.and_then(|spec| spec.get("devices")).filter(At::is_map) else { return };
    let mut seen = FxHashSet::default();
    for request in devices.items("requests").filter(At::is_map) {
        found.fill(&request, &["name"]);
        found.shape(&request, "name", Shape::Label);
        let name = request.text("name");
        if !name.is_empty() && !seen.insert(name) {
            found.not_with(&request, "name", format!("two requests are called `{name}`"));
        }
        found.one_field(&request, &["exactly", "firstAvailable"], 1);
        let exactly = request.get("exactly");
        for wanted in exactly.into_iter().chain(request.items("firstAvailable")).filter(At::is_map) {
            found.fill(&wanted, &["deviceClassName"]);
            found.shape(&wanted, "deviceClassName", Shape::Subdomain);
            found.one_of(&wanted, "allocationMode", &["All", "ExactCount"]);
            match (wanted.text("allocationMode"), wanted.int("count")) {
                ("All", Some(count)) if count != 0 => {
                    found.not_with(&wanted, "count", "`count` says nothing beside `allocationMode: All`");
                }
                ("ExactCount" | "", Some(count)) if count < 0 => {
                    found.not_with(&wanted, "count", format!("`count` must be above zero, and is {count}"));
                }
                _ => {}
            }
        }
    }
}
