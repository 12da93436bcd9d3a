//! Policies and bindings, and the decision about one object.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::cel::{Budget, Fault, Program, Scope, Value};
use crate::origin::Place;
use crate::yaml::Node;

use super::deepest;
use super::defaults::with_defaults;
use super::kyverno;
use super::matching::{matches, resource};

/// Steps that one policy may take for one object.
const BUDGET: u64 = 1_000_000;

/// What a binding does with a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// An entry in the audit log.
    Audit,
    /// A warning for the client.
    Warn,
    /// The object is refused.
    Deny,
}

/// The object to decide about.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "its identity")]
pub struct Subject<'a> {
    pub node: &'a Node,
    pub group: &'a str,
    pub version: &'a str,
    pub kind: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    /// Whether it lives in a namespace.
    pub namespaced: bool,
}

/// What is around the object.
pub trait Surroundings {
    /// The Namespace of that name, where exactly one is known.
    fn namespace(&self, name: &str) -> Option<&Node>;
    /// The object of that kind and name that a policy takes its parameters from, where exactly one is known.
    fn parameters(&self, kind: &str, namespace: &str, name: &str) -> Option<&Node>;
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A validation does not hold: its message.
    Violated(String),
    /// An expression fails, and so does the request: what fails.
    Failed(String),
    /// It could not be evaluated: why.
    Unchecked(String),
}

/// What one binding of a policy decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The policy.
    pub policy: SmolStr,
    /// Where its name is written.
    pub place: Place,
    /// What the binding does then.
    pub action: Action,
    /// What it says.
    pub outcome: Outcome,
    /// The field that the expression asks about, as far as it is there.
    pub field: String,
}

#[derive(Debug)]
struct Validation {
    expression: Result<Program, String>,
    message: Option<SmolStr>,
    message_expression: Option<Program>,
    text: SmolStr,
}

/// A ValidatingAdmissionPolicy.
#[derive(Debug)]
struct Policy {
    name: SmolStr,
    node: Arc<Node>,
    conditions: Vec<(SmolStr, Result<Program, String>)>,
    variables: Vec<(SmolStr, Result<Program, String>)>,
    validations: Vec<Validation>,
}

/// The policies of a repository with their bindings.
#[derive(Debug, Default)]
pub struct Policies {
    validating: Vec<Policy>,
    /// The name of the policy, and who binds it.
    bindings: Vec<(SmolStr, Arc<Node>)>,
    kyverno: Vec<kyverno::Policy>,
}

fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at_path(path).and_then(Node::as_str)
}

fn program(node: &Node, key: &str) -> Option<Result<Program, String>> {
    let text = node.get(key)?.as_str()?;
    Some(Program::new(text).map_err(|error| format!("`{}`: {error}", text.trim())))
}

impl Policy {
    fn read(node: Arc<Node>) -> Option<Self> {
        let named = |list: &str| -> Vec<(SmolStr, Result<Program, String>)> {
            let items = node.items(&["spec", list]).iter();
            items
                .filter_map(|item| Some((text(item, &["name"])?.into(), program(item, "expression")?)))
                .collect()
        };
        let validation = |item: &Node| {
            Some(Validation {
                expression: program(item, "expression")?,
                message: text(item, &["message"]).map(SmolStr::new),
                message_expression: program(item, "messageExpression").and_then(Result::ok),
                text: text(item, &["expression"])?.trim().into(),
            })
        };
        let validations = node.items(&["spec", "validations"]).iter().filter_map(validation).collect();
        Some(Self {
            name: text(&node, &["metadata", "name"])?.into(),
            conditions: named("matchConditions"),
            variables: named("variables"),
            validations,
            node,
        })
    }

    fn place(&self) -> Place {
        self.node.at_path(&["metadata", "name"]).map_or_else(|| self.node.place(), Node::place)
    }

    fn ignores_failures(&self) -> bool {
        text(&self.node, &["spec", "failurePolicy"]) == Some("Ignore")
    }
}

impl Policies {
    /// Those among canonical objects.
    pub fn of(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut policies = Self::default();
        let nodes: Vec<Node> = nodes.into_iter().collect();
        let exceptions = nodes.iter().filter(|node| text(node, &["kind"]) == Some("PolicyException"));
        let excepted: Vec<SmolStr> = exceptions
            .flat_map(|node| node.items(&["spec", "exceptions"]))
            .filter_map(|exception| Some(text(exception, &["policyName"])?.into()))
            .collect();
        for node in nodes {
            let group =
                text(&node, &["apiVersion"]).and_then(|it| it.split_once('/')).map_or("", |(group, _)| group);
            match (group, text(&node, &["kind"])) {
                ("admissionregistration.k8s.io", Some("ValidatingAdmissionPolicy")) => {
                    policies.validating.extend(Policy::read(Arc::new(node)));
                }
                ("admissionregistration.k8s.io", Some("ValidatingAdmissionPolicyBinding")) => {
                    if let Some(name) = text(&node, &["spec", "policyName"]) {
                        policies.bindings.push((name.into(), Arc::new(node)));
                    }
                }
                // The same in one object.
                ("policies.kyverno.io", Some("ValidatingPolicy")) => {
                    let node = Arc::new(node);
                    if let Some(policy) = Policy::read(Arc::clone(&node)) {
                        policies.bindings.push((policy.name.clone(), node));
                        policies.validating.push(policy);
                    }
                }
                ("kyverno.io", Some("ClusterPolicy" | "Policy")) => {
                    let is_excepted = text(&node, &["metadata", "name"])
                        .is_some_and(|name| excepted.iter().any(|it| it == name));
                    policies.kyverno.extend(kyverno::Policy::read(&node, is_excepted));
                }
                _ => {}
            }
        }
        // Two of one name are two clusters' or two tries; which one counts is not known.
        let names: Vec<SmolStr> = policies.validating.iter().map(|policy| policy.name.clone()).collect();
        policies.validating.retain(|policy| names.iter().filter(|name| **name == policy.name).count() == 1);
        policies
    }

    /// Whether there are none that decide anything.
    pub fn is_empty(&self) -> bool {
        (self.validating.is_empty() || self.bindings.is_empty()) && self.kyverno.is_empty()
    }

    /// What all bindings say about an object: nothing where it may come in.
    pub fn decide(&self, subject: &Subject<'_>, world: &dyn Surroundings) -> Vec<Decision> {
        let mut decisions = Vec::new();
        // Policies are never asked about policies.
        if subject.group == "admissionregistration.k8s.io" {
            return decisions;
        }
        let mut defaulted: Option<Option<Node>> = None;
        for (name, binding) in &self.bindings {
            let Some(policy) = self.validating.iter().find(|policy| policy.name == *name) else { continue };
            let actions = binding.items(&["spec", "validationActions"]).iter().filter_map(Node::as_str);
            let action = actions.map(|action| match action {
                "Deny" => Action::Deny,
                "Warn" => Action::Warn,
                _ => Action::Audit,
            });
            let Some(action) = action.max() else { continue };
            let mut say = |outcome: Outcome, field: String| {
                decisions.push(Decision {
                    policy: policy.name.clone(),
                    place: policy.place(),
                    action,
                    outcome,
                    field,
                });
            };
            let constraints = policy.node.at_path(&["spec", "matchConstraints"]);
            let resources = binding.at_path(&["spec", "matchResources"]);
            let is_about = matches(constraints, true, subject, world)
                .and_then(|is| Ok(is && matches(resources, false, subject, world)?));
            match is_about {
                Ok(true) => {}
                Ok(false) => continue,
                Err(why) => {
                    say(Outcome::Unchecked(why), String::new());
                    continue;
                }
            }
            let parameters = match parameters(policy, binding, subject, world) {
                Ok(parameters) => parameters,
                Err(why) => {
                    say(Outcome::Unchecked(why), String::new());
                    continue;
                }
            };
            let defaulted =
                defaulted.get_or_insert_with(|| with_defaults(subject.group, subject.kind, subject.node));
            let seen = defaulted.as_ref().unwrap_or(subject.node);
            let asked = Asked {
                policy,
                subject,
                object: seen,
                parameters,
                world,
                budget: Budget::new(BUDGET),
                is_complete: defaulted.is_some(),
            };
            asked.decide(&mut say);
        }
        if !self.kyverno.is_empty() {
            let defaulted =
                defaulted.get_or_insert_with(|| with_defaults(subject.group, subject.kind, subject.node));
            let seen = defaulted.as_ref().unwrap_or(subject.node);
            for policy in &self.kyverno {
                policy.decide(subject, seen, world, &mut |decision| decisions.push(decision));
            }
        }
        decisions
    }
}

/// The object of parameters: nothing where the policy takes none.
fn parameters<'w>(
    policy: &Policy,
    binding: &Node,
    subject: &Subject<'_>,
    world: &'w dyn Surroundings,
) -> Result<Option<&'w Node>, String> {
    let Some(kind) = text(&policy.node, &["spec", "paramKind", "kind"]) else { return Ok(None) };
    let Some(reference) = binding.at_path(&["spec", "paramRef"]) else { return Ok(None) };
    let Some(name) = text(reference, &["name"]) else {
        return Err(format!("its {kind} are chosen by a selector"));
    };
    let namespace = text(reference, &["namespace"]).unwrap_or(subject.namespace);
    let found = world.parameters(kind, namespace, name).map(Some);
    found.ok_or_else(|| format!("its {kind} `{name}` is not among the objects here"))
}

/// A policy that is asked about an object.
struct Asked<'a> {
    policy: &'a Policy,
    subject: &'a Subject<'a>,
    object: &'a Node,
    parameters: Option<&'a Node>,
    world: &'a dyn Surroundings,
    budget: Budget,
    /// Whether the object has its defaults.
    is_complete: bool,
}

impl<'a> Asked<'a> {
    /// What a fault means: a failure only where the object is as the API server sees it.
    fn fault(&self, what: &str, fault: Fault) -> Outcome {
        match fault {
            Fault::Failed(words) if self.is_complete => Outcome::Failed(format!("{what} fails: {words}")),
            fault => Outcome::Unchecked(format!("{what}: {fault}")),
        }
    }

    fn decide(&'a self, say: &mut dyn FnMut(Outcome, String)) {
        let scope = Seen { asked: self, variables: self.policy.variables.len() };
        let mut fault: Option<Outcome> = None;
        for (name, condition) in &self.policy.conditions {
            let what = format!("the condition `{name}`");
            match condition {
                Ok(condition) => match condition.test(&scope, &self.budget) {
                    Ok(true) => {}
                    // One that does not hold decides, whatever the others do.
                    Ok(false) => return,
                    Err(new) => {
                        let new = self.fault(&what, new);
                        // What cannot be known outweighs what fails.
                        if fault.is_none() || matches!(new, Outcome::Unchecked(_)) {
                            fault = Some(new);
                        }
                    }
                },
                Err(why) => fault = Some(Outcome::Unchecked(why.clone())),
            }
        }
        if let Some(fault) = fault {
            if !matches!(fault, Outcome::Failed(_)) || !self.policy.ignores_failures() {
                say(fault, String::new());
            }
            return;
        }
        for validation in &self.policy.validations {
            let program = match &validation.expression {
                Ok(program) => program,
                Err(why) => {
                    say(Outcome::Unchecked(why.clone()), String::new());
                    continue;
                }
            };
            let outcome = match program.test(&scope, &self.budget) {
                Ok(true) => continue,
                Ok(false) => Outcome::Violated(self.message(validation, &scope)),
                Err(fault) => self.fault(&format!("`{}`", validation.text), fault),
            };
            if matches!(outcome, Outcome::Failed(_)) && self.policy.ignores_failures() {
                continue;
            }
            say(outcome, self.field(program));
        }
    }

    fn message(&self, validation: &'a Validation, scope: &Seen<'a>) -> String {
        let made =
            validation.message_expression.as_ref().and_then(|program| program.run(scope, &self.budget).ok());
        let made = made.and_then(|value| match value {
            // Data of Secrets is not told.
            Value::Text(text) if !text.trim().is_empty() && self.subject.kind != "Secret" => {
                Some(text.trim().to_owned())
            }
            _ => None,
        });
        made.or_else(|| validation.message.as_ref().map(|text| text.trim().to_owned()))
            .unwrap_or_else(|| format!("failed expression: {}", validation.text))
    }

    /// The deepest field among those that an expression and the variables in it name, as far as it is written.
    fn field(&self, program: &Program) -> String {
        let mut paths = program.paths("object");
        for (name, variable) in &self.policy.variables {
            if let Ok(variable) = variable
                && program.paths("variables").iter().any(|path| path.first() == Some(name))
            {
                paths.extend(variable.paths("object"));
            }
        }
        deepest(self.subject.node, paths)
    }
}

/// The variables of a policy; of its own, those in front of the one being computed.
struct Seen<'a> {
    asked: &'a Asked<'a>,
    variables: usize,
}

impl<'a> Scope<'a> for Seen<'a> {
    fn variable(&self, name: &str) -> Option<Result<Value<'a>, Fault>> {
        let (asked, subject) = (self.asked, self.asked.subject);
        Some(Ok(match name {
            "object" => Value::of(asked.object, None),
            "oldObject" => Value::Null,
            "params" => asked.parameters.map_or(Value::Null, |node| Value::of(node, None)),
            "namespaceObject" if !subject.namespaced => Value::Null,
            "namespaceObject" => match asked.world.namespace(subject.namespace) {
                Some(node) => Value::of(node, None),
                None => {
                    let why = format!("namespace `{}` is not among the objects here", subject.namespace);
                    return Some(Err(Fault::unsupported(why)));
                }
            },
            _ => return None,
        }))
    }

    fn member(&self, name: &str, field: &str) -> Option<Result<Value<'a>, Fault>> {
        let subject = self.asked.subject;
        match name {
            "variables" => {
                let mut known = self.asked.policy.variables.iter().enumerate().take(self.variables);
                let Some((index, (_, variable))) = known.find(|(_, (known, _))| known == field) else {
                    return Some(Err(Fault::unsupported(format!("there is no variable `{field}`"))));
                };
                Some(match variable {
                    Ok(variable) => {
                        variable.run(&Seen { asked: self.asked, variables: index }, &self.asked.budget)
                    }
                    Err(why) => Err(Fault::unsupported(why.clone())),
                })
            }
            "request" => {
                let named = |resource: &str, kind: String| {
                    Value::map(vec![
                        ("group", Value::text(subject.group)),
                        ("version", Value::text(subject.version)),
                        (if resource == "kind" { "kind" } else { "resource" }, Value::text(kind)),
                    ])
                };
                Some(Ok(match field {
                    "operation" => Value::text("CREATE"),
                    "name" => Value::text(subject.name),
                    "namespace" => Value::text(subject.namespace),
                    "kind" | "requestKind" => named("kind", subject.kind.to_owned()),
                    "resource" | "requestResource" => named("resource", resource(subject.kind)),
                    "subResource" | "requestSubResource" => Value::text(""),
                    "dryRun" => Value::Bool(false),
                    _ => {
                        return Some(Err(Fault::unsupported(format!(
                            "`request.{field}` is known to the API server alone"
                        ))));
                    }
                }))
            }
            _ => None,
        }
    }
}
