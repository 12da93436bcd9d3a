//! `invalid-rbac-policy`: see the page.

use std::collections::BTreeSet;

use crate::argocd::rbac::{ACTIONS, PolicyLine, RESOURCES, policy_lines};
use crate::finding::Severity;
use crate::near::{Suggestions, did_you_mean};
use crate::origin::Place;
use crate::repo::{Declared, Inventory};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Node, line_of_text};

meta!(
    "invalid-rbac-policy",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "A line of an RBAC policy is refused, or grants nothing."
);

pub(crate) struct InvalidRbacPolicy;

impl Rule for InvalidRbacPolicy {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for object in inventory.declared.iter().filter(|object| object.name == "argocd-rbac-cm") {
            let data = object.node.get("data").map(Node::entries).unwrap_or_default();
            let is_policy = |key: &str| key.starts_with("policy.") && key.ends_with(".csv");
            let regex = data
                .iter()
                .any(|entry| entry.key.text == "policy.matchMode" && entry.value.as_str() == Some("regex"));
            let texts: Vec<(&Node, &str)> = data
                .iter()
                .filter(|entry| is_policy(&entry.key.text) || entry.key.text == "policy.csv")
                .filter_map(|entry| Some((&entry.value, entry.value.as_str()?)))
                .collect();
            let subjects: BTreeSet<String> = texts
                .iter()
                .flat_map(|(_, text)| policy_lines(text))
                .filter_map(|line| line.fields.ok()?.get(1).cloned())
                .collect();
            let roles = subjects.iter().map(String::as_str).filter(|subject| subject.starts_with("role:"));
            let roles = Suggestions::new(roles.chain(BUILT_IN));
            for (node, text) in &texts {
                for line in policy_lines(text) {
                    check(object, node, &line, regex, (&subjects, &roles), cx);
                }
            }
        }
    }
}

/// Roles that Argo CD brings along.
const BUILT_IN: [&str; 2] = ["role:readonly", "role:admin"];

fn check(
    object: &Declared,
    node: &Node,
    line: &PolicyLine<'_>,
    regex: bool,
    known: (&BTreeSet<String>, &Suggestions<'_>),
    cx: &mut Context<'_>,
) {
    let (message, help, severity) = match &line.fields {
        Err(why) => (
            format!("Argo CD refuses this policy: {why}"),
            "correct the line: because of it no line of the policy takes effect".to_owned(),
            Severity::Error,
        ),
        Ok(fields) => match ineffective(fields, regex, known) {
            Some((message, help)) => (message, help, Severity::Warning),
            None => return,
        },
    };
    let at = cx
        .sources()
        .get(node.at.file)
        .map_or(node.at, |file| line_of_text(node, &file, line.index, line.text));
    let place = Place { at, origin: node.origin };
    cx.report(place, message).severity(severity).apps(object.app).help(help);
}

/// Why a line that Argo CD accepts does nothing, and what to do.
fn ineffective(
    fields: &[String],
    regex: bool,
    (subjects, roles): (&BTreeSet<String>, &Suggestions<'_>),
) -> Option<(String, String)> {
    if let Some(field) = fields.iter().find(|field| field.ends_with(' ')) {
        let help = "remove the blank before the comma: it is part of the name".to_owned();
        return Some((format!("`{field}` ends with a blank, so it matches nothing"), help));
    }
    match fields {
        [kind, _, role] if kind == "g" => {
            let is_role = role.starts_with("role:") && !BUILT_IN.contains(&role.as_str());
            // A group may be put into a role that lines elsewhere (of a project, of another file) give its rights.
            if !is_role || subjects.contains(role) {
                return None;
            }
            let help = match roles.near(role) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("add a `p, {role}, ...` line"),
            };
            Some((format!("no policy gives `{role}` any rights"), help))
        }
        [kind, _, resource, action, _, effect] if kind == "p" => {
            if !matches!(effect.as_str(), "allow" | "deny") {
                let help = "write `allow` or `deny`".to_owned();
                return Some((format!("the effect `{effect}` is neither `allow` nor `deny`"), help));
            }
            let is_pattern = |text: &str| regex || text.contains(['*', '?', '[', '{', '!']);
            if !is_pattern(resource) && !RESOURCES.contains(&resource.as_str()) {
                let help = did_you_mean(resource, RESOURCES).map_or_else(
                    || format!("use one of {}", RESOURCES.join(", ")),
                    |known| format!("did you mean `{known}`?"),
                );
                return Some((format!("there is no resource `{resource}`"), help));
            }
            let verb = action.split('/').next().unwrap_or_default();
            if !is_pattern(action) && !ACTIONS.contains(&verb) {
                let help = did_you_mean(verb, ACTIONS).map_or_else(
                    || format!("use one of {}", ACTIONS.join(", ")),
                    |known| format!("did you mean `{known}`?"),
                );
                return Some((format!("there is no action `{action}`"), help));
            }
            None
        }
        _ => None,
    }
}
