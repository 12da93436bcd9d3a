//! Roles and bindings.

use crate::yaml::Node;

use super::{Found, final_text, has};

pub(super) fn check(kind: &str, node: &Node, found: &mut Found) {
    match kind {
        "Role" | "ClusterRole" => rules(kind, node, found),
        "RoleBinding" | "ClusterRoleBinding" => binding(kind, node, found),
        _ => {}
    }
}

fn rules(kind: &str, node: &Node, found: &mut Found) {
    for (index, rule) in node.items(&["rules"]).iter().enumerate() {
        let path = |name: &str| format!("rules[{index}].{name}");
        let list = |name: &str| rule.items(&[name]);
        if rule.as_map().is_none() {
            continue;
        }
        if let Some(verbs) = rule.get("verbs").filter(|it| it.as_seq().is_some_and(<[Node]>::is_empty)) {
            found.add(path("verbs"), verbs, "a rule needs at least one verb", None);
        }
        if !list("nonResourceURLs").is_empty() {
            let at = rule.get("nonResourceURLs").unwrap_or(rule);
            if kind == "Role" {
                found.add(
                    path("nonResourceURLs"),
                    at,
                    "a Role cannot speak of `nonResourceURLs`",
                    Some("use a ClusterRole"),
                );
            } else if !list("resources").is_empty() || !list("apiGroups").is_empty() {
                let words = "a rule cannot speak of both `resources` and `nonResourceURLs`";
                found.add(path("nonResourceURLs"), at, words, Some("make two rules"));
            }
            continue;
        }
        for name in ["apiGroups", "resources"] {
            if list(name).is_empty() && rule.get("verbs").is_some() {
                let at = rule.get(name).or_else(|| rule.get("verbs")).unwrap_or(rule);
                let words = format!("a rule about resources needs `{name}`");
                let help = (name == "apiGroups").then_some("the core group is `\"\"`");
                found.lack(path(name), at, words, help);
            }
        }
    }
}

fn binding(kind: &str, node: &Node, found: &mut Found) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    if let Some(group) = node.at_path(&["roleRef", "apiGroup"])
        && let Some(text) = final_text(group).filter(|text| !text.is_empty() && *text != GROUP)
    {
        let words = format!("`{text}` is not the API group of roles");
        found.add("roleRef.apiGroup", group, words, Some("use `rbac.authorization.k8s.io`"));
    }
    for (index, subject) in node.items(&["subjects"]).iter().enumerate() {
        let Some(group) = subject.get("apiGroup") else { continue };
        let wanted = match subject.get("kind").and_then(Node::as_str) {
            Some("ServiceAccount") => "",
            Some("User" | "Group") => GROUP,
            _ => continue,
        };
        if let Some(text) = final_text(group).filter(|text| *text != wanted && !text.is_empty()) {
            let words = format!("`{text}` is not the API group of this kind of subject");
            let help = if wanted.is_empty() { "remove it" } else { "use `rbac.authorization.k8s.io`" };
            found.add(format!("subjects[{index}].apiGroup"), group, words, Some(help));
        }
    }
    if let Some(role) = node.at_path(&["roleRef", "kind"])
        && let Some(name) = final_text(role).filter(|name| !name.is_empty())
    {
        let good = name == "ClusterRole" || kind == "RoleBinding" && name == "Role";
        if !good {
            let words = format!("a {kind} cannot bind a `{name}`");
            let help = if kind == "RoleBinding" {
                "bind a `Role` or a `ClusterRole`"
            } else {
                "bind a `ClusterRole`"
            };
            found.add("roleRef.kind", role, words, Some(help));
        }
    }
    for (index, subject) in node.items(&["subjects"]).iter().enumerate() {
        let is_account = subject.get("kind").and_then(Node::as_str) == Some("ServiceAccount");
        if is_account && !has(subject, "namespace") && kind == "ClusterRoleBinding" {
            let at = subject.get("name").unwrap_or(subject);
            let words = "a ServiceAccount in `subjects` needs a `namespace`";
            found.lack(
                format!("subjects[{index}].namespace"),
                at,
                words,
                Some("add the namespace of the account"),
            );
        }
    }
}
