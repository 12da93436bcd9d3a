//! `exec-grant`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!("exec-grant", "security", Warning, Strict, "0.1.0", "A role allows to run commands in pods.");

pub(crate) struct ExecGrant;

impl Rule for ExecGrant {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.group != "rbac.authorization.k8s.io"
            || !matches!(object.kind.as_str(), "Role" | "ClusterRole")
        {
            return;
        }
        for (index, rule) in object.node.items(&["rules"]).iter().enumerate() {
            let names = |key: &str| rule.items(&[key]).iter().filter_map(Node::as_str).collect::<Vec<_>>();
            let core = names("apiGroups").iter().any(|group| matches!(*group, "" | "*"));
            let acts = names("verbs").iter().any(|verb| matches!(*verb, "create" | "get" | "*"));
            let resources = rule.items(&["resources"]);
            let exec = resources
                .iter()
                .find(|it| matches!(it.as_str(), Some("pods/exec" | "pods/attach" | "pods/*")));
            let Some(exec) = exec.filter(|_| core && acts) else { continue };
            let what = exec.as_str().unwrap_or_default();
            let message = format!("{} `{}` allows `{what}`", object.kind, object.name);
            cx.report(exec.place(), message).object(object, Some(&format!("rules[{index}].resources"))).help(
                "keep this for people in an emergency: it is a shell in every pod, with the pod's secrets",
            );
        }
    }
}
