//! `privileged-role-binding`: see the page.

use crate::k8s;
use crate::repo::{App, Labels, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta, missing};
use crate::yaml::Node;

meta!(
    "privileged-role-binding",
    "security",
    Warning,
    Recommended,
    "0.1.0",
    "A binding gives cluster-admin to a workload, or a role to everybody."
);

pub(crate) struct PrivilegedRoleBinding;

impl Rule for PrivilegedRoleBinding {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, _: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // What values for a test of a chart make is never deployed.
        if cx.is_test_release() {
            return;
        }
        for object in &rendered.objects {
            check(object, rendered, cx);
        }
    }
}

fn check(object: &Object, rendered: &Rendered, cx: &mut Context<'_>) {
    if object.group != "rbac.authorization.k8s.io"
        || !matches!(object.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
    {
        return;
    }
    let Some(role) = object.at(&["roleRef", "name"]) else { return };
    // What somebody else's chart binds is its business, unless a line here says so.
    let labels = Labels::of(role.place(), cx.origins(), cx.workspace);
    if !cx.workspace.is_editable(labels.primary.at.file) && !cx.workspace.is_editable(object.place().at.file)
    {
        return;
    }
    let name = role.as_str().unwrap_or_default();
    for (index, subject) in object.node.items(&["subjects"]).iter().enumerate() {
        let Some(node) = subject.get("name") else { continue };
        let (kind, who) = (
            subject.get("kind").and_then(Node::as_str).unwrap_or_default(),
            node.as_str().unwrap_or_default(),
        );
        let everybody = matches!(
            who,
            "system:anonymous" | "system:unauthenticated" | "system:authenticated" | "system:serviceaccounts"
        ) && !is_public(name)
            && !is_narrow(object, name, rendered);
        let admin = name == "cluster-admin"
            && !missing::is_controller(who)
            && object.kind == "ClusterRoleBinding"
            && kind == "ServiceAccount";
        let field = format!("subjects[{index}].name");
        if everybody {
            let message =
                format!("{} `{}` gives role `{name}` to everybody in `{who}`", object.kind, object.name);
            cx.report(node.place(), message)
                .object(object, Some(&field))
                .related(role.place(), "the role")
                .help("name the users, groups or accounts that need it");
        } else if admin {
            let message =
                format!("{} `{}` makes ServiceAccount `{who}` cluster-admin", object.kind, object.name);
            cx.report(node.place(), message)
                .object(object, Some(&field))
                .related(role.place(), "the role")
                .help("bind a role with what the workload needs");
        }
    }
}

/// Whether the role lets its holders look at objects that it names, or at custom resources of one namespace, and do nothing else.
fn is_narrow(binding: &Object, role: &str, rendered: &Rendered) -> bool {
    let kind = binding.at(&["roleRef", "kind"]).and_then(Node::as_str).unwrap_or_default();
    let is_it =
        |it: &&Object| it.kind == kind && (kind == "ClusterRole" || it.namespace == binding.namespace);
    let Some(role) = rendered.named(role).find(is_it) else { return false };
    let rules = role.node.items(&["rules"]);
    let words = |rule: &Node, key: &str| -> Vec<String> {
        rule.items(&[key]).iter().filter_map(Node::as_str).map(str::to_owned).collect()
    };
    let is_narrow = |rule: &Node| {
        let groups = words(rule, "apiGroups");
        // What an operator serves to everybody, in one namespace.
        let published = kind == "Role"
            && !groups.is_empty()
            && groups.iter().all(|group| group.contains('.') && !k8s::is_built_in(group));
        (published || !words(rule, "resourceNames").is_empty())
            && words(rule, "verbs")
                .iter()
                .all(|verb| matches!(verb.as_str(), "get" | "list" | "watch" | "describe"))
            && words(rule, "resources").iter().all(|it| !it.starts_with("secrets") && it != "*")
    };
    !rules.is_empty() && rules.iter().all(is_narrow)
}

/// Roles that are made for everybody: discovery, and what platforms publish read-only.
fn is_public(role: &str) -> bool {
    matches!(
        role,
        "system:discovery"
            | "system:basic-user"
            | "system:public-info-viewer"
            | "system:service-account-issuer-discovery"
            | "self-provisioner"
            | "basic-user"
    ) || ["view", "read", "public", "image-puller", "discovery", "self-"]
        .iter()
        .any(|word| role.contains(word))
}
