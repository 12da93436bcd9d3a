//! `privileged-role-binding`: see the page.

use crate::repo::{Labels, Object};
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

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.group != "rbac.authorization.k8s.io"
            || !matches!(object.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
        {
            return;
        }
        let Some(role) = object.at(&["roleRef", "name"]) else { return };
        // What somebody else's chart binds is its business, unless a line here says so.
        let labels = Labels::of(role.place(), cx.origins(), cx.workspace);
        if !cx.workspace.is_editable(labels.primary.at.file)
            && !cx.workspace.is_editable(object.place().at.file)
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
                "system:anonymous"
                    | "system:unauthenticated"
                    | "system:authenticated"
                    | "system:serviceaccounts"
            ) && !is_public(name);
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
