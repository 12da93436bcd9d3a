//! How kustomize names resources: group, version, kind, name and namespace.
//!
//! Mirrors `kyaml/resid`.

use std::fmt;

use smol_str::SmolStr;

use crate::k8s::Gvk;

/// The namespace of objects that have none, as far as comparing goes.
pub(super) const NOT_A_NAMESPACE: &str = "_non_namespaceable_";
/// The namespace of namespaced objects that name none.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// Names a resource of a build.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ResId {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// Name.
    pub name: SmolStr,
    /// Namespace as written; empty when none is.
    pub namespace: SmolStr,
    /// Whether the kind is known to be cluster-scoped.
    pub cluster_scoped: bool,
}

impl ResId {
    /// The namespace that counts when ids are compared: none and `default` are the same, and cluster-scoped kinds
    /// have one of their own.
    pub fn effective_namespace(&self) -> &str {
        match self.namespace.as_str() {
            _ if self.cluster_scoped => NOT_A_NAMESPACE,
            "" => DEFAULT_NAMESPACE,
            namespace => namespace,
        }
    }

    /// Whether both name the same resource.
    pub fn same_as(&self, other: &Self) -> bool {
        self.same_gvkn(other) && self.same_namespace(other)
    }

    /// Whether kind and name agree.
    pub fn same_gvkn(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk
    }

    /// Whether both are in the same namespace.
    pub fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// Whether a selector, of which empty parts select everything, selects this.
    pub fn is_selected_by(&self, selector: &Self) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.same_namespace(self))
            && is_selected(&self.gvk, &selector.gvk)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a kind is selected by one of which empty parts select everything.
pub(super) fn is_selected(gvk: &Gvk, selector: &Gvk) -> bool {
    (selector.group.is_empty() || selector.group == gvk.group)
        && (selector.version.is_empty() || selector.version == gvk.version)
        && (selector.kind.is_empty() || selector.kind == gvk.kind)
}

fn or<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}

/// A kind as kustomize prints it: `Deployment.v1.apps`.
pub(super) struct ShownGvk<'a>(pub &'a Gvk);

impl fmt::Display for ShownGvk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gvk { group, version, kind } = self.0;
        write!(f, "{}.{}.{}", or(kind, "[noKind]"), or(version, "[noVer]"), or(group, "[noGrp]"))
    }
}

impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, namespace) = (or(&self.name, "[noName]"), or(&self.namespace, "[noNs]"));
        write!(f, "{}/{name}.{namespace}", ShownGvk(&self.gvk))
    }
}

/// An id as Go's `%#v` prints it, which some messages of kustomize contain.
pub(super) struct GoSyntax<'a>(pub &'a ResId);

impl fmt::Display for GoSyntax<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResId { gvk, name, namespace, cluster_scoped } = self.0;
        write!(
            f,
            "resid.ResId{{Gvk:resid.Gvk{{Group:{:?}, Version:{:?}, Kind:{:?}, isClusterScoped:{cluster_scoped}}}, \
             Name:{:?}, Namespace:{:?}}}",
            gvk.group.as_str(),
            gvk.version.as_str(),
            gvk.kind.as_str(),
            name.as_str(),
            namespace.as_str()
        )
    }
}

/// The rank of a kind in the legacy order; the order of name references follows it too.
pub(super) fn kind_rank(kind: &str) -> i32 {
    let first = ORDER_FIRST.iter().position(|known| *known == kind);
    let last = ORDER_LAST.iter().position(|known| *known == kind);
    match (first, last) {
        (Some(at), _) => at as i32 - ORDER_FIRST.len() as i32,
        (_, Some(at)) => at as i32 + 1,
        _ => 0,
    }
}

/// Kinds that come first in the legacy order.
pub(super) const ORDER_FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come last in the legacy order.
pub(super) const ORDER_LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// What kinds of the same rank are sorted by.
pub(super) fn gvk_sort_text(gvk: &Gvk) -> String {
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(api_version: &str, kind: &str, name: &str, namespace: &str) -> ResId {
        let (group, version) = crate::k8s::split_api_version(api_version);
        ResId {
            gvk: Gvk::new(group, version, kind),
            name: name.into(),
            namespace: namespace.into(),
            cluster_scoped: kind == "Namespace",
        }
    }

    #[test]
    fn shows_ids() {
        assert_eq!(id("apps/v1", "Deployment", "web", "").to_string(), "Deployment.v1.apps/web.[noNs]");
        assert_eq!(id("v1", "Service", "web", "ns").to_string(), "Service.v1.[noGrp]/web.ns");
        assert_eq!(ResId::default().to_string(), "[noKind].[noVer].[noGrp]/[noName].[noNs]");
        assert_eq!(
            GoSyntax(&id("v1", "ConfigMap", "cm", "")).to_string(),
            "resid.ResId{Gvk:resid.Gvk{Group:\"\", Version:\"v1\", Kind:\"ConfigMap\", isClusterScoped:false}, \
             Name:\"cm\", Namespace:\"\"}"
        );
    }

    #[test]
    fn compares_ids() {
        let web = id("apps/v1", "Deployment", "web", "");
        assert!(web.same_as(&id("apps/v1", "Deployment", "web", "default")));
        assert!(!web.same_as(&id("apps/v1beta1", "Deployment", "web", "")));
        assert!(id("v1", "Namespace", "a", "x").same_as(&id("v1", "Namespace", "a", "y")));
        assert!(web.is_selected_by(&id("", "Deployment", "", "default")));
        assert!(!web.is_selected_by(&id("", "", "", "other")));
        assert_eq!((kind_rank("Namespace"), kind_rank("Job")), (-22, 0));
        assert_eq!(kind_rank("ValidatingWebhookConfiguration"), 2);
    }
}
