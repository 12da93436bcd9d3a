//! Kyverno's ValidatingPolicy: the policies about workloads that it makes of one about pods, and its PolicyExceptions. Mirrors
//! `pkg/cel/autogen` and `pkg/cel/policies/vpol`.

use smol_str::SmolStr;

use crate::yaml::{Data, Key, Map, Node};

use super::super::expressions::{Asked, Expressions};
use super::super::policy::{Outcome, Subject, Surroundings};
use super::text;

/// Workloads with pods: group, resource, and where they have them.
const WORKLOADS: [(&str, &str, &str); 6] = [
    ("apps", "daemonsets", "spec.template"),
    ("apps", "deployments", "spec.template"),
    ("apps", "replicasets", "spec.template"),
    ("apps", "statefulsets", "spec.template"),
    ("batch", "jobs", "spec.template"),
    ("batch", "cronjobs", "spec.jobTemplate.spec.template"),
];

/// The policies about workloads that Kyverno makes of a policy, each with its group and resource.
pub(in crate::admission) fn about_workloads(policy: &Node) -> Vec<(SmolStr, Node)> {
    let Some(constraints) = policy.at_path(&["spec", "matchConstraints"]) else { return Vec::new() };
    let [rule] = constraints.items(&["resourceRules"]) else { return Vec::new() };
    let is_only = |key: &str, wanted: &str| {
        let items = rule.items(&[key]);
        items.len() == 1 && items.first().and_then(Node::as_str) == Some(wanted)
    };
    let selects = constraints.get("objectSelector").is_some_and(|it| !crate::k8s::selects_all(it));
    if selects
        || !constraints.items(&["excludeResourceRules"]).is_empty()
        || !rule.items(&["resourceNames"]).is_empty()
        || !is_only("apiGroups", "")
        || !is_only("apiVersions", "v1")
        || !is_only("resources", "pods")
    {
        return Vec::new();
    }
    let wanted = policy.at_path(&["spec", "autogen", "podControllers", "controllers"]).and_then(Node::as_seq);
    let is_wanted =
        |resource: &str| wanted.is_none_or(|list| list.iter().any(|it| it.as_str() == Some(resource)));
    let made = WORKLOADS.into_iter().filter(|(_, resource, _)| is_wanted(resource));
    made.map(|(group, resource, template)| {
        let mut made = policy.clone();
        if let Some(spec) = made.as_map_mut().and_then(|map| map.get_mut("spec")) {
            *spec = about_template(spec, template);
            if let Some(constraints) = spec.as_map_mut().and_then(|map| map.get_mut("matchConstraints")) {
                set_resource(constraints, group, resource);
            }
        }
        (SmolStr::new(format!("{group}/{resource}")), made)
    })
    .collect()
}

fn set_resource(constraints: &mut Node, group: &str, resource: &str) {
    let rules =
        constraints.as_map_mut().and_then(|map| map.get_mut("resourceRules")).and_then(Node::as_seq_mut);
    let Some(rule) = rules.and_then(|rules| rules.first_mut()) else { return };
    let place = rule.place();
    let Some(map) = rule.as_map_mut() else { return };
    for (key, text) in [("apiGroups", group), ("resources", resource)] {
        map.insert(Key::new(key, place), Node::seq(vec![Node::string(text, place)], place));
    }
}

fn about_template(node: &Node, template: &str) -> Node {
    let mut node = node.clone();
    match &mut node.data {
        Data::Scalar(text) => {
            for part in ["spec", "metadata"] {
                for base in ["object", "oldObject"] {
                    let from = format!("{base}.{part}");
                    if text.contains(&from) {
                        *text = replaced(text, &from, &format!("{base}.{template}.{part}")).into();
                    }
                }
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(|item| *item = about_template(item, template)),
        Data::Map(map) => {
            let entries = map.iter().map(|entry| crate::yaml::Entry {
                key: entry.key.clone(),
                value: about_template(&entry.value, template),
            });
            *map = Map::from_entries(entries.collect());
        }
    }
    node
}

/// Everywhere, but for the namespace, which pods in workloads have none of.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_namespace =
            part.strip_prefix(".namespace").is_some_and(|rest| !rest.chars().next().is_some_and(is_word));
        out.push_str(if is_namespace { from } else { to });
        out.push_str(part);
    }
    out
}

/// A PolicyException of the same generation.
#[derive(Debug)]
pub(in crate::admission) struct Exception {
    policies: Vec<SmolStr>,
    /// Conditions in front of something that never holds: an object is spared where that is asked.
    conditions: Expressions,
}

impl Exception {
    pub(in crate::admission) fn read(node: &Node) -> Self {
        let place = node.place();
        let mut never = Map::new();
        never.insert(Key::new("expression", place), Node::string("false", place));
        let named =
            node.items(&["spec", "policyRefs"]).iter().filter_map(|it| Some(text(it, &["name"])?.into()));
        let conditions = node.items(&["spec", "matchConditions"]);
        Self {
            policies: named.collect(),
            conditions: Expressions::read(conditions, &[], &[Node::map(never, place)], true),
        }
    }

    /// Whether it spares an object a policy; `Err` where that is not known.
    pub(in crate::admission) fn spares(
        &self,
        policy: &str,
        subject: &Subject<'_>,
        seen: &Node,
        world: &dyn Surroundings,
    ) -> Result<bool, String> {
        if !self.policies.iter().any(|name| name == policy) {
            return Ok(false);
        }
        let mut answer = Ok(false);
        Asked::new(&self.conditions, subject, seen, None, world, true).decide(
            &mut |outcome, _| match outcome {
                Outcome::Violated(_) => answer = Ok(true),
                Outcome::Failed(why) | Outcome::Unchecked(why) => answer = Err(why),
            },
        );
        answer
    }
}
