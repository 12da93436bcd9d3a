//! Roles and bindings.

use super::at::{At, Found, final_text};
use super::selectors::label_selector_at;
use super::shape::Shape;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn check(kind: &str, root: &At<'_>, found: &mut Found) {
    match kind {
        "Role" | "ClusterRole" => rules(kind, root, found),
        "RoleBinding" | "ClusterRoleBinding" => binding(kind, root, found),
        _ => {}
    }
    if let Some(aggregation) = root.get("aggregationRule").filter(At::is_map) {
        found.need(&aggregation, &["clusterRoleSelectors"]);
        for selector in aggregation.items("clusterRoleSelectors") {
            label_selector_at(&selector, found);
        }
    }
}

fn rules(kind: &str, root: &At<'_>, found: &mut Found) {
    for rule in root.items("rules").filter(At::is_map) {
        if let Some(verbs) = rule.get("verbs").filter(|_| !rule.is_filled("verbs")) {
            found.wrong(&verbs, "a rule needs at least one verb");
        }
        if let Some(urls) = rule.get("nonResourceURLs").filter(|_| rule.is_filled("nonResourceURLs")) {
            if kind == "Role" {
                let words = "a Role cannot speak of `nonResourceURLs`";
                found.wrong_help(&urls, words, "use a ClusterRole");
            } else if ["resources", "apiGroups", "resourceNames"].iter().any(|name| rule.is_filled(name)) {
                let words = "a rule cannot speak of both `resources` and `nonResourceURLs`";
                found.wrong_help(&urls, words, "make two rules");
            }
            continue;
        }
        for name in ["apiGroups", "resources"] {
            if !rule.is_filled(name) && rule.has("verbs") {
                let near = rule.get(name).or_else(|| rule.get("verbs")).unwrap_or(rule);
                let words = format!("a rule about resources needs `{name}`");
                let help = (name == "apiGroups").then_some("the core group is `\"\"`");
                let mut one = Found(Vec::new());
                one.lack(&near, "", words, help);
                for refusal in &mut one.0 {
                    refusal.path = format!("{}.{name}", rule.path());
                }
                found.0.append(&mut one.0);
            }
        }
    }
}

fn binding(kind: &str, root: &At<'_>, found: &mut Found) {
    if let Some(role) = root.get("roleRef").filter(At::is_map) {
        if let Some(group) = role.get("apiGroup")
            && let Some(text) = final_text(group.node).filter(|text| !text.is_empty() && *text != GROUP)
        {
            let words = format!("`{text}` is not the API group of roles");
            found.wrong_help(&group, words, "use `rbac.authorization.k8s.io`");
        }
        found.fill(&role, &["kind", "name"]);
        found.shape(&role, "name", Shape::Segment);
        if let Some(of) = role.get("kind")
            && let Some(name) = final_text(of.node).filter(|name| !name.is_empty())
            && !(name == "ClusterRole" || kind == "RoleBinding" && name == "Role")
        {
            let help = if kind == "RoleBinding" {
                "bind a `Role` or a `ClusterRole`"
            } else {
                "bind a `ClusterRole`"
            };
            found.wrong_help(&of, format!("a {kind} cannot bind a `{name}`"), help);
        }
    }
    for subject in root.items("subjects").filter(At::is_map) {
        self::subject(kind, &subject, found);
    }
}

fn subject(kind: &str, subject: &At<'_>, found: &mut Found) {
    found.fill(subject, &["name", "kind"]);
    let wanted = match subject.text("kind") {
        "ServiceAccount" => "",
        "User" | "Group" => GROUP,
        _ => {
            found.one_of(subject, "kind", &["ServiceAccount", "User", "Group"]);
            return;
        }
    };
    if let Some(group) = subject.get("apiGroup")
        && let Some(text) = final_text(group.node).filter(|text| *text != wanted && !text.is_empty())
    {
        let words = format!("`{text}` is not the API group of this kind of subject");
        let help = if wanted.is_empty() { "remove it" } else { "use `rbac.authorization.k8s.io`" };
        found.wrong_help(&group, words, help);
    }
    if !wanted.is_empty() {
        return;
    }
    found.shape(subject, "name", Shape::Subdomain);
    if !subject.is_filled("namespace") {
        // That of a RoleBinding stands in for it.
        if kind == "ClusterRoleBinding" {
            let words = "a ServiceAccount in `subjects` needs a `namespace`";
            found.lack(subject, "namespace", words, Some("add the namespace of the account"));
        }
    }
}
