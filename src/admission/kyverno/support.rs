//! What of a rule is not known here.

use crate::yaml::Node;

use super::jmespath::Query;
use super::pod_security;
use super::variables::{expression, first};

/// Variables that only a cluster knows.
const UNKNOWN: [&str; 3] = ["userInfo", "roles", "clusterRoles"];

/// Why no part of a rule can be run.
pub(super) fn of_rule(rule: &Node) -> Option<String> {
    let validate = rule.get("validate")?;
    let parts = ["deny", "pattern", "anyPattern", "foreach", "cel", "podSecurity"];
    let known = ["message", "failureAction", "failureActionOverrides", "allowExistingViolations"];
    let mut names = validate.entries().iter().filter(|entry| !entry.value.is_null());
    if let Some(other) = names.find(|it| ![&parts[..], &known[..]].concat().contains(&it.key.text.as_str())) {
        return Some(format!("it uses `{}`", other.key.text));
    }
    if !parts.iter().any(|part| validate.get(part).is_some()) {
        return Some("it has no pattern".to_owned());
    }
    validate.get("podSecurity").filter(|it| !it.is_null()).and_then(pod_security::unsupported)
}

/// What in a rule cannot be known offline, whether or not it comes to that: for lists of what is supported.
pub(super) fn in_part(node: &Node) -> Option<String> {
    for entry in node.items(&["context"]) {
        let what = entry.entries().iter().map(|entry| entry.key.text.as_str());
        if let Some(what) = { what }.find(|key| !matches!(*key, "name" | "variable" | "configMap")) {
            return Some(format!("it uses `{what}`"));
        }
    }
    if let Some(path) = node.get("jmesPath").or_else(|| node.get("list")).and_then(Node::as_str)
        && let Some(why) = of_query(path)
    {
        return Some(why);
    }
    if let Some(why) = node.as_str().and_then(of_text) {
        return Some(why);
    }
    if node.get("controlName").is_some() && node.get("restrictedField").is_some() {
        return Some("it excludes fields of controls".to_owned());
    }
    let below = node.entries().iter().map(|entry| &entry.value).chain(node.seq_or_empty());
    { below }.find_map(in_part)
}

fn of_text(text: &str) -> Option<String> {
    if text.contains("$(") {
        return Some("it uses references, `$(...)`".to_owned());
    }
    let mut rest = text;
    while let Some((start, end)) = first(rest) {
        let (query, _) = expression(rest.get(start..end).unwrap_or_default());
        if query == "@" {
            return Some("it uses `{{@}}`".to_owned());
        }
        if let Some(why) = of_query(&query) {
            return Some(why);
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    None
}

fn of_query(query: &str) -> Option<String> {
    // One with variables in it is read when they are known.
    if query.contains("{{") {
        return of_text(query);
    }
    let query = Query::new(query).ok()?;
    if let Some(why) = query.unsupported() {
        return Some(why);
    }
    query.paths().into_iter().find_map(|path| match path.as_slice() {
        [name, ..] if name.starts_with("serviceAccountName") => Some(format!("it asks for `{name}`")),
        [a, b, ..] if a == "request" && UNKNOWN.contains(&b.as_str()) => {
            Some(format!("it asks for `{a}.{b}`"))
        }
        _ => None,
    })
}
