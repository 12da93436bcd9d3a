//! `ineffective-rbac-rule`: see the page.

use crate::near::is_slip;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "ineffective-rbac-rule",
    "security",
    Warning,
    Recommended,
    "0.2.0",
    "A rule of a role names a verb, resource or API group that does not exist, so it grants nothing."
);

pub(crate) struct IneffectiveRbacRule;

/// Verbs that something asks for.
const VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
    "attest",
    "proxy",
];

/// The resources of Kubernetes' own groups, and those that OpenShift has had in the first.
const RESOURCES: [(&str, &[&str]); 8] = [
    (
        "",
        &[
            "bindings",
            "componentstatuses",
            "configmaps",
            "endpoints",
            "events",
            "groups",
            "limitranges",
            "namespaces",
            "nodes",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "podtemplates",
            "replicationcontrollers",
            "resourcequotas",
            "secrets",
            "serviceaccounts",
            "services",
            "users",
        ],
    ),
    ("apps", &["controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"]),
    ("batch", &["cronjobs", "jobs"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
    ("policy", &["poddisruptionbudgets", "podsecuritypolicies"]),
    ("networking.k8s.io", &["ingressclasses", "ingresses", "ipaddresses", "networkpolicies", "servicecidrs"]),
    ("rbac.authorization.k8s.io", &["clusterrolebindings", "clusterroles", "rolebindings", "roles"]),
    (
        "storage.k8s.io",
        &["csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"],
    ),
];

/// Parts of resources that Kubernetes serves, and those of nodes that kubelets ask for.
const PARTS: [&str; 20] = [
    "attach",
    "binding",
    "checkpoint",
    "configz",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "finalize",
    "healthz",
    "log",
    "metrics",
    "pods",
    "portforward",
    "proxy",
    "resize",
    "scale",
    "spec",
    "stats",
    "status",
    "token",
];

impl Rule for IneffectiveRbacRule {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.group != "rbac.authorization.k8s.io"
            || !matches!(object.kind.as_str(), "Role" | "ClusterRole")
        {
            return;
        }
        for (index, rule) in object.node.items(&["rules"]).iter().enumerate() {
            let mut tell = |node: &Node, list: &str, at: usize, what: &str, meant: &str, help: &str| {
                let text = node.as_str().unwrap_or_default();
                let field = format!("rules[{index}].{list}[{at}]");
                let message = format!("{} `{}` grants nothing for {what} `{text}`", object.kind, object.name);
                cx.report(node.place(), message)
                    .object(object, Some(&field))
                    .help(format!("did you mean `{meant}`?{help}"));
            };
            for (at, verb) in texts(rule, "verbs") {
                let known = verb.as_str().unwrap_or_default();
                if let Some(meant) = VERBS.iter().find(|it| misses(known, it, &VERBS)) {
                    tell(verb, "verbs", at, "verb", meant, "");
                }
            }
            let groups: Vec<(usize, &Node)> = texts(rule, "apiGroups").collect();
            let own: Vec<&'static [&'static str]> = groups
                .iter()
                .filter_map(|(_, it)| RESOURCES.iter().find(|(group, _)| it.as_str() == Some(*group)))
                .map(|(_, resources)| *resources)
                .collect();
            for &(at, group) in &groups {
                let text = group.as_str().unwrap_or_default();
                let names: Vec<&str> = RESOURCES.iter().map(|(group, _)| *group).collect();
                if let Some((bare, _)) = text.split_once('/') {
                    let bare = if bare == "core" { "" } else { bare };
                    tell(group, "apiGroups", at, "API group", bare, " A version is no part of it");
                } else if let Some(meant) = names.iter().find(|it| it.len() > 3 && misses(text, it, &names)) {
                    tell(group, "apiGroups", at, "API group", meant, "");
                }
            }
            // Resources of groups that are not Kubernetes' own may be called anything.
            if own.len() != groups.len() || groups.is_empty() {
                continue;
            }
            let known: Vec<&str> = own.iter().flat_map(|it| it.iter().copied()).collect();
            for (at, node) in texts(rule, "resources") {
                let text = node.as_str().unwrap_or_default();
                let (resource, part) =
                    text.split_once('/').map_or((text, None), |(it, part)| (it, Some(part)));
                if let Some(meant) = known.iter().find(|it| is_meant(resource, it, &known)) {
                    let meant = part.map_or_else(|| (*meant).to_owned(), |part| format!("{meant}/{part}"));
                    tell(node, "resources", at, "resource", &meant, "");
                } else if let Some(meant) =
                    part.and_then(|part| PARTS.iter().find(|it| misses(part, it, &PARTS)))
                    && known.contains(&resource)
                {
                    tell(node, "resources", at, "resource", &format!("{resource}/{meant}"), "");
                }
            }
        }
    }
}

/// The texts of a list that say themselves what they are.
fn texts<'a>(rule: &'a Node, list: &'static str) -> impl Iterator<Item = (usize, &'a Node)> {
    let plain = |node: &Node| node.as_str().is_some_and(|text| !text.contains(['$', '{', '<', '*']));
    rule.items(&[list]).iter().enumerate().filter(move |(_, node)| plain(node))
}

/// Whether a text is a slip away from a name, and is none of them itself.
fn misses(text: &str, name: &str, names: &[&str]) -> bool {
    text.len() > 2 && !names.contains(&text) && (is_slip(text, name) || text.eq_ignore_ascii_case(name))
}

/// Whether a text is meant to be a resource: misspelt, in the singular, or as a kind is written.
fn is_meant(text: &str, name: &str, names: &[&str]) -> bool {
    if names.contains(&text) || text.len() < 3 {
        return false;
    }
    let small = text.to_ascii_lowercase();
    let plural = || {
        let stem = small.strip_suffix('y').map(|stem| format!("{stem}ies"));
        [format!("{small}s"), format!("{small}es")].iter().any(|it| it == name)
            || stem.as_deref() == Some(name)
    };
    misses(text, name, names) || plural()
}

#[cfg(test)]
mod tests {
    use super::{RESOURCES, VERBS, is_meant, misses};

    #[test]
    fn tells_what_was_meant() {
        let known = RESOURCES.iter().flat_map(|(_, it)| it.iter().copied()).collect::<Vec<_>>();
        for (text, want) in [
            ("secret", Some("secrets")),
            ("ConfigMap", Some("configmaps")),
            ("networkpolicy", Some("networkpolicies")),
            ("ingress", Some("ingresses")),
            ("podds", Some("pods")),
            ("pods", None),
            ("projects", None),
            ("endpoint", Some("endpoints")),
        ] {
            assert_eq!(known.iter().find(|it| is_meant(text, it, &known)).copied(), want, "{text}");
        }
        assert!(misses("liist", "list", &VERBS) && misses("Get", "get", &VERBS));
        assert!(!VERBS.iter().any(|it| misses("request-serviceaccounts-token-audience", it, &VERBS)));
    }
}
