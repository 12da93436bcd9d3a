//! `missing-role`: see the page.

use crate::finding::Confidence;
use crate::relations::Reference;
use crate::repo::Inventory;
use crate::rules::missing::{self, Missing};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "missing-role",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A role binding names a role that nothing provides."
);

pub(crate) struct MissingRole;

/// Roles that a cluster, or the platform below it, brings.
fn is_known(namespace: &str, reference: &Reference) -> bool {
    let name = reference.name.as_str();
    // `namespaceRoles` of the bootstrap policy of RBAC.
    let bootstrapped = name.contains(':') || name == "extension-apiserver-authentication-reader";
    if reference.kind == "Role" {
        return bootstrapped && matches!(namespace, "kube-system" | "kube-public" | "");
    }
    reference.kind == "ClusterRole"
        && (matches!(name, "cluster-admin" | "admin" | "edit" | "view")
            || matches!(
                name,
                "basic-user"
                    | "cluster-reader"
                    | "cluster-status"
                    | "self-provisioner"
                    | "registry-admin"
                    | "registry-editor"
                    | "registry-viewer"
                    | "sudoer"
                    | "storage-admin"
                    | "cluster-monitoring-view"
                    | "monitoring-edit"
                    | "monitoring-rules-edit"
                    | "monitoring-rules-view"
            )
            || name.contains(':')
            || name.starts_with("open-cluster-management")
            || name.ends_with(".admin")
            || name.ends_with("-admin")
            || name.ends_with("-edit")
            || name.ends_with("-view"))
}

impl Rule for MissingRole {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let rule = Missing {
            about: &|_, reference| reference.group == "rbac.authorization.k8s.io",
            known: &|object, reference| is_known(&object.namespace, reference),
            help: "name a role that is there, or add it; declare one that is made elsewhere under `external:`",
            doubts: true,
            sure: Confidence::Certain,
        };
        missing::report(inventory, cx, &rule);
    }
}
