//! `wildcard-rbac`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta, missing};

meta!("wildcard-rbac", "security", Warning, Recommended, "0.1.0", "A role allows everything on everything.");

pub(crate) struct WildcardRbac;

impl Rule for WildcardRbac {
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
            let star = |key: &str| rule.items(&[key]).iter().find(|item| item.as_str() == Some("*"));
            if missing::is_controller(&object.name) {
                continue;
            }
            let (Some(verbs), Some(resources), Some(_)) =
                (star("verbs"), star("resources"), star("apiGroups"))
            else {
                continue;
            };
            // What some resource names are set for is narrow enough.
            if !rule.items(&["resourceNames"]).is_empty() {
                continue;
            }
            let message = format!("{} `{}` allows every verb on every resource", object.kind, object.name);
            cx.report(verbs.place(), message)
                .object(object, Some(&format!("rules[{index}].verbs")))
                .related(resources.place(), "on every resource")
                .help("list the API groups, resources and verbs that are needed");
        }
    }
}
