//! `ineffective-role-policy`: see the page.

use std::collections::BTreeMap;

use crate::argocd::rbac::fields;
use crate::argocd::{Project, ProjectRole};
use crate::origin::Place;
use crate::repo::{Inventory, has_tokens};
use crate::rules::projects::projects;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "ineffective-role-policy",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A policy of a project role grants nothing."
);

pub(crate) struct IneffectiveRolePolicy;

impl Rule for IneffectiveRolePolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for declared in projects(inventory, cx.workspace) {
            for role in &declared.project.roles {
                let texts = role.policies.iter().map(|policy| (policy, policy.value.trim()));
                let wrong = texts.filter(|(_, text)| !is_filled_in(text)).filter_map(|(policy, text)| {
                    let (message, help) = wrong(&declared.project, role, text)?;
                    Some((policy.place, message, help))
                });
                // A list that was copied from elsewhere is one mistake.
                let mut seen: BTreeMap<String, (Place, String, usize)> = BTreeMap::new();
                for (place, message, help) in wrong {
                    seen.entry(message).or_insert((place, help, 0)).2 += 1;
                }
                for (message, (place, help, count)) in seen {
                    let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
                    cx.report(place, format!("{message}{more}")).apps(declared.app).help(help);
                }
            }
        }
    }
}

/// Whether something fills the text in before Argo CD reads it: what it says is not known.
fn is_filled_in(text: &str) -> bool {
    text.contains("{{") || has_tokens(text)
}

/// What a role of a project may speak of.
const RESOURCES: [&str; 6] = ["applications", "applicationsets", "repositories", "exec", "logs", "clusters"];

const ACTIONS: [&str; 8] = ["get", "create", "update", "delete", "sync", "override", "rollback", "*"];

/// Why a policy does nothing, and what to do (`validatePolicy` of `app_project_types.go`).
fn wrong(project: &Project, role: &ProjectRole, text: &str) -> Option<(String, String)> {
    let (project, role) = (project.name.as_str(), role.name.as_ref().map_or("", |name| name.value.as_str()));
    if text.starts_with('g') {
        return None;
    }
    let parts = match fields(text) {
        Ok(parts) => parts,
        Err(why) => {
            let help = format!("write `p, proj:{project}:{role}, applications, get, {project}/*, allow`");
            return Some((format!("Argo CD refuses this policy: {why}"), help));
        }
    };
    let parts: Vec<&str> = parts.iter().map(|part| part.trim()).collect();
    let [_, subject, resource, action, object, effect] = parts.as_slice() else { return None };
    let own = format!("proj:{project}:{role}");
    let of_project = object.split('/').next().unwrap_or_default();
    let elsewhere = of_project != project && *object != "*";
    let moved = format!("{project}/{}", object.split_once('/').map_or("*", |(_, rest)| rest));
    if *subject != own {
        let object = if elsewhere { format!(", and `{moved}` for `{object}`") } else { String::new() };
        return Some((
            format!("the policy is for `{subject}`, but this role is `{own}`"),
            format!("write `{own}`{object}"),
        ));
    }
    if !RESOURCES.contains(resource) && *resource != "*" {
        let message = format!("roles of projects have no rights on `{resource}`");
        return Some((message, format!("use one of {}", RESOURCES.join(", "))));
    }
    let detailed = ["action/", "update/", "delete/"].iter().any(|start| action.starts_with(start));
    if !ACTIONS.contains(action) && !detailed {
        return Some((
            format!("there is no action `{action}`"),
            format!("use one of {}", ACTIONS.join(", ")),
        ));
    }
    if elsewhere {
        let message = format!(
            "`{object}` is of project `{of_project}`, but roles of `{project}` act in `{project}` only"
        );
        return Some((message, format!("write `{moved}`")));
    }
    if !matches!(*effect, "allow" | "deny") {
        let message = format!("the effect `{effect}` is neither `allow` nor `deny`");
        return Some((message, "write `allow` or `deny`".to_owned()));
    }
    None
}
