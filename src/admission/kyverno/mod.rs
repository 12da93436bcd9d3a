//! Kyverno's ClusterPolicy and Policy: the `validate` rules with patterns and simple conditions.
//!
//! Mirrors `github.com/kyverno/kyverno/pkg/engine`. A rule that uses anything else (`foreach`, `context`, JMESPath beyond a path, CEL,
//! manifests, pod security, who asks) is not run at all, and says why.

mod condition;
mod pattern;
mod scalar;
mod select;

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::Node;

use super::policy::{Action, Decision, Outcome, Subject, Surroundings};

use pattern::Match;
#[cfg(test)]
pub(super) use pattern::{Match as Matched, matches};

/// Namespaces that Kyverno's own configuration leaves out.
const LEFT_OUT: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "kyverno"];

/// A policy.
#[derive(Debug)]
pub(super) struct Policy {
    name: SmolStr,
    place: Place,
    /// The namespace that a Policy is about; a ClusterPolicy is about all.
    namespace: Option<SmolStr>,
    /// The workloads that it also makes rules about, where it says so: kinds with commas between, `all` or `none`.
    controllers: Option<SmolStr>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    node: Node,
    name: SmolStr,
    action: Action,
    /// Why it cannot be run.
    unsupported: Option<String>,
    /// Whether Kyverno also makes it about workloads that make pods.
    autogen: bool,
}

fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at_path(path).and_then(Node::as_str)
}

impl Policy {
    /// Reads a canonical document; `excepted`: whether some PolicyException names it.
    pub(super) fn read(node: &Node, excepted: bool) -> Option<Self> {
        let name = text(node, &["metadata", "name"])?;
        let namespace = text(node, &["kind"]).filter(|kind| *kind == "Policy");
        let controllers = node
            .at_path(&["metadata", "annotations"])
            .and_then(|it| it.get("pod-policies.kyverno.io/autogen-controllers"))
            .and_then(Node::as_str)
            .map(SmolStr::new);
        let action = text(node, &["spec", "validationFailureAction"]);
        let overridden = !node.items(&["spec", "validationFailureActionOverrides"]).is_empty();
        let rule = |rule: &Node| {
            let validate = rule.get("validate")?;
            let action = match text(validate, &["failureAction"]).or(action) {
                Some(word) if word.eq_ignore_ascii_case("enforce") && !overridden => Action::Deny,
                _ => Action::Audit,
            };
            let unsupported = if excepted {
                Some("a PolicyException names it".to_owned())
            } else {
                unsupported(rule, validate)
            };
            Some(Rule {
                name: text(rule, &["name"]).unwrap_or_default().into(),
                action,
                unsupported,
                autogen: select::is_about_pods_alone(rule),
                node: rule.clone(),
            })
        };
        let rules = node.items(&["spec", "rules"]).iter().filter_map(rule).collect();
        Some(Self {
            name: name.into(),
            place: node.at_path(&["metadata", "name"])?.place(),
            namespace: namespace.map(|_| text(node, &["metadata", "namespace"]).unwrap_or("default").into()),
            controllers,
            rules,
        })
    }

    /// Whether rules about pods are also about the pods of such workloads.
    fn is_about_pods_of(&self, kind: &str) -> bool {
        let names =
            |list: &SmolStr| list.split(',').any(|name| matches!(name.trim(), "all") || name.trim() == kind);
        self.controllers.as_ref().is_none_or(names)
    }

    /// What its rules say about an object.
    pub(super) fn decide(
        &self,
        subject: &Subject<'_>,
        seen: &Node,
        world: &dyn Surroundings,
        say: &mut dyn FnMut(Decision),
    ) {
        if LEFT_OUT.contains(&subject.namespace)
            || self.namespace.as_ref().is_some_and(|it| it != subject.namespace)
        {
            return;
        }
        for rule in &self.rules {
            let mut decide = |outcome: Outcome, field: String| {
                say(Decision {
                    policy: SmolStr::new(format!("{}/{}", self.name, rule.name)),
                    place: self.place,
                    action: rule.action,
                    outcome,
                    field,
                });
            };
            // The pods of a workload are judged where they are written.
            let looks_inside = rule.autogen && self.is_about_pods_of(subject.kind);
            let template = if looks_inside { select::template(subject) } else { None };
            let is_about = match template {
                Some(_) => select::is_about_its_pods(&rule.node, subject, world),
                None => select::is_about(&rule.node, subject, world),
            };
            match (is_about, &rule.unsupported) {
                (Ok(false), _) => continue,
                (_, Some(why)) => {
                    decide(Outcome::Unchecked(why.clone()), String::new());
                    continue;
                }
                (Err(why), None) => {
                    decide(Outcome::Unchecked(why), String::new());
                    continue;
                }
                (Ok(true), None) => {}
            }
            let (path, written, seen) = match template {
                Some(path) => match (subject.node.at_path(path), seen.at_path(path)) {
                    (Some(written), Some(seen)) => (path.join("."), written, seen),
                    _ => continue,
                },
                None => (String::new(), subject.node, seen),
            };
            match condition::hold(rule.node.get("preconditions"), seen, subject) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(why) => {
                    decide(Outcome::Unchecked(why), String::new());
                    continue;
                }
            }
            if let Some((outcome, field)) = rule.judge(written, seen, subject) {
                let field =
                    [path, field].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(".");
                decide(outcome, field);
            }
        }
    }
}

impl Rule {
    fn judge(&self, written: &Node, seen: &Node, subject: &Subject<'_>) -> Option<(Outcome, String)> {
        let validate = self.node.get("validate")?;
        let message = text(validate, &["message"])
            .map_or_else(|| format!("the rule {}", self.name), |it| it.trim().to_owned());
        if let Some(wanted) = validate.get("pattern") {
            return match pattern::matches(seen, wanted) {
                Match::Fails(path) => Some((Outcome::Violated(message), there(written, &path))),
                Match::Holds | Match::Skips => None,
            };
        }
        if let Some(list) = validate.get("anyPattern") {
            let results: Vec<Match> =
                list.seq_or_empty().iter().map(|it| pattern::matches(seen, it)).collect();
            let holds = results.iter().any(|it| matches!(it, Match::Holds));
            // Where every one is skipped, so is the rule.
            let fails = results.iter().any(|it| matches!(it, Match::Fails(_)));
            let path = results.iter().find_map(|it| match it {
                Match::Fails(path) => Some(path.as_slice()),
                _ => None,
            });
            let found = || (Outcome::Violated(message), there(written, path.unwrap_or_default()));
            return (!holds && fails).then(found);
        }
        match condition::hold(validate.at_path(&["deny", "conditions"]), seen, subject) {
            Ok(true) => Some((Outcome::Violated(message), String::new())),
            Ok(false) => None,
            Err(why) => Some((Outcome::Unchecked(why), String::new())),
        }
    }
}

/// A path as far as it is written, without the elements of lists.
fn there(node: &Node, path: &[String]) -> String {
    let mut at = node;
    let mut names = Vec::new();
    for name in path {
        let Some(below) = at.get(name) else { break };
        at = below;
        names.push(name.as_str());
    }
    names.join(".")
}

/// What of a rule is not known here.
fn unsupported(rule: &Node, validate: &Node) -> Option<String> {
    for part in ["context", "celPreconditions"] {
        if rule.get(part).is_some_and(|it| !it.seq_or_empty().is_empty()) {
            return Some(format!("it uses `{part}`"));
        }
    }
    let parts = ["pattern", "anyPattern", "deny"];
    let others = validate.entries().iter().map(|entry| entry.key.text.as_str());
    let known = ["message", "failureAction", "failureActionOverrides", "allowExistingViolations"];
    if let Some(other) = others.clone().find(|name| !parts.contains(name) && !known.contains(name)) {
        return Some(format!("it uses `{other}`"));
    }
    if !others.clone().any(|name| parts.contains(&name)) {
        return Some("it has no pattern".to_owned());
    }
    if validate.items(&["failureActionOverrides"]).is_empty() {
        for part in ["pattern", "anyPattern"] {
            if validate.get(part).is_some_and(has_variable) {
                return Some(format!("its `{part}` has variables"));
            }
            if validate.get(part).is_some_and(has_open_name) {
                return Some(format!("its `{part}` has wildcards in names"));
            }
        }
        return None;
    }
    Some("it uses `failureActionOverrides`".to_owned())
}

/// Whether `{{ variables }}` or `$(references)` are in a pattern.
fn has_variable(node: &Node) -> bool {
    let is = |text: &str| text.contains("{{") || text.contains("$(");
    node.as_str().is_some_and(is)
        || node.seq_or_empty().iter().any(has_variable)
        || node.entries().iter().any(|entry| is(&entry.key.text) || has_variable(&entry.value))
}

/// Whether names of fields, labels or annotations have wildcards.
fn has_open_name(node: &Node) -> bool {
    node.seq_or_empty().iter().any(has_open_name)
        || node
            .entries()
            .iter()
            .any(|entry| entry.key.text.contains(['*', '?']) || has_open_name(&entry.value))
}
