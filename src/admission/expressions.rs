//! The expressions of a policy, and what they say about an object.

use std::cell::OnceCell;

use smol_str::SmolStr;

use crate::cel::{Budget, Fault, Program, Scope, Value};
use crate::yaml::Node;

use super::compile::KNOWN;
use super::deepest;
use super::defaults::with_defaults;
use super::matching::resource;
use super::policy::{Outcome, Subject, Surroundings};

/// Steps that one policy may take for one object.
const BUDGET: u64 = 1_000_000;

#[derive(Debug)]
pub(super) struct Validation {
    expression: Result<Program, String>,
    message: Option<SmolStr>,
    message_expression: Option<Program>,
    text: SmolStr,
}

/// `matchConditions`, `variables` and `validations`.
#[derive(Debug)]
pub(super) struct Expressions {
    conditions: Vec<(SmolStr, Result<Program, String>)>,
    variables: Vec<(SmolStr, Result<Program, String>)>,
    validations: Vec<Validation>,
    /// Whether what fails is let in.
    ignores_failures: bool,
}

fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at_path(path).and_then(Node::as_str)
}

fn program(node: &Node, key: &str) -> Option<Result<Program, String>> {
    let text = node.get(key)?.as_str()?;
    Some(Program::new(text).map_err(|error| format!("`{}`: {error}", text.trim())))
}

impl Expressions {
    /// Reads the lists of conditions, variables and validations.
    pub(super) fn read(
        conditions: &[Node],
        variables: &[Node],
        validations: &[Node],
        ignores_failures: bool,
    ) -> Self {
        let named = |items: &[Node]| -> Vec<(SmolStr, Result<Program, String>)> {
            let read = |item: &Node| Some((text(item, &["name"])?.into(), program(item, "expression")?));
            items.iter().filter_map(read).collect()
        };
        let validation = |item: &Node| {
            Some(Validation {
                expression: program(item, "expression")?,
                message: text(item, &["message"]).map(SmolStr::new),
                message_expression: program(item, "messageExpression").and_then(Result::ok),
                text: text(item, &["expression"])?.trim().into(),
            })
        };
        Self {
            conditions: named(conditions),
            variables: named(variables),
            validations: validations.iter().filter_map(validation).collect(),
            ignores_failures,
        }
    }
}

impl Expressions {
    /// What in them cannot be known here, whether or not it comes to that.
    pub(super) fn unsupported(&self) -> Option<String> {
        let named = self.conditions.iter().chain(&self.variables).map(|(_, it)| it);
        { named.chain(self.validations.iter().map(|it| &it.expression)) }.find_map(|program| match program {
            Err(why) => Some(format!("an expression cannot be read: {why}")),
            Ok(program) if program.free_names().iter().any(|it| it == "authorizer") => {
                Some("it asks the `authorizer`".to_owned())
            }
            Ok(program) => {
                // The libraries of Kyverno that ask a cluster or a registry.
                let is_known = |it: &SmolStr| NAMES.contains(&it.as_str()) || KNOWN.contains(&it.as_str());
                if let Some(name) = program.free_names().iter().find(|it| !is_known(it)) {
                    return Some(format!("it asks for `{name}`"));
                }
                let asked = program.paths("request").into_iter().filter_map(|path| path.into_iter().next());
                { asked }
                    .find(|it| ONLY_THERE.contains(&it.as_str()))
                    .map(|it| format!("it asks for `request.{it}`"))
            }
        })
    }
}

/// What expressions may name.
const NAMES: [&str; 6] = ["object", "oldObject", "request", "params", "namespaceObject", "variables"];

/// Parts of a request that the API server alone knows.
const ONLY_THERE: [&str; 2] = ["userInfo", "options"];

/// Bytes of what a `messageExpression` may say.
const MOST_WORDS: usize = 5 * 1024;

/// Expressions that are asked about an object.
pub(super) struct Asked<'a> {
    policy: &'a Expressions,
    subject: &'a Subject<'a>,
    object: &'a Node,
    old: Option<Node>,
    /// The Namespace, with its defaults.
    namespace: OnceCell<Option<Node>>,
    parameters: Option<&'a Node>,
    world: &'a dyn Surroundings,
    budget: Budget,
    /// Whether the object has its defaults.
    is_complete: bool,
    /// Whether Kyverno evaluates it, whose conditions see the Namespace.
    by_kyverno: bool,
}

impl<'a> Asked<'a> {
    /// `object`: with its defaults, where `is_complete` says so.
    pub(super) fn new(
        policy: &'a Expressions,
        subject: &'a Subject<'a>,
        object: &'a Node,
        parameters: Option<&'a Node>,
        world: &'a dyn Surroundings,
        is_complete: bool,
    ) -> Self {
        let old = subject
            .old
            .map(|old| with_defaults(subject.group, subject.kind, old).unwrap_or_else(|| old.clone()));
        let (namespace, budget) = (OnceCell::new(), Budget::new(BUDGET));
        Self {
            policy,
            subject,
            object,
            old,
            namespace,
            parameters,
            world,
            budget,
            is_complete,
            by_kyverno: false,
        }
    }

    /// The same, evaluated by Kyverno.
    pub(super) fn by_kyverno(self, by_kyverno: bool) -> Self {
        Self { by_kyverno, ..self }
    }

    fn namespace(&self) -> Option<&Node> {
        let read = || {
            let written = self.world.namespace(self.subject.namespace)?;
            with_defaults("", "Namespace", written).or_else(|| Some(written.clone()))
        };
        self.namespace.get_or_init(read).as_ref()
    }

    /// The same, whose steps are taken from a pool.
    pub(super) fn within(self, pool: &Budget) -> Self {
        Self { budget: pool.part(BUDGET), ..self }
    }

    /// Gives what is left back.
    pub(super) fn settle(&self, pool: &Budget) {
        pool.settle(&self.budget);
    }

    /// What a fault means: a failure only where the object is as the API server sees it.
    fn fault(&self, what: &str, fault: Fault) -> Outcome {
        match fault {
            Fault::Failed(words) if self.is_complete => Outcome::Failed(format!("{what} fails: {words}")),
            fault => Outcome::Unchecked(format!("{what}: {fault}")),
        }
    }

    /// What they say, with the field that is meant.
    pub(super) fn decide(&'a self, say: &mut dyn FnMut(Outcome, String)) {
        let scope = Seen { asked: self, variables: self.policy.variables.len(), in_condition: false };
        let in_condition = Seen { in_condition: !self.by_kyverno, ..scope };
        let mut fault: Option<Outcome> = None;
        for (name, condition) in &self.policy.conditions {
            let what = format!("the condition `{name}`");
            match condition {
                Ok(condition) => match condition.test(&in_condition, &self.budget) {
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
            if !matches!(fault, Outcome::Failed(_)) || !self.policy.ignores_failures {
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
            if matches!(outcome, Outcome::Failed(_)) && self.policy.ignores_failures {
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
            Value::Text(text) if self.subject.kind != "Secret" => Some(text.trim().to_owned()),
            _ => None,
        });
        let made = made.filter(|text| !text.is_empty() && text.len() <= MOST_WORDS && !text.contains('\n'));
        made.or_else(|| validation.message.as_ref().map(|text| text.trim().to_owned()))
            .unwrap_or_else(|| format!("failed expression: {}", validation.text))
    }

    /// The deepest field among those that an expression and the variables in it name, as far as it is written.
    fn field(&self, program: &Program) -> String {
        // Those of each variable, whose own variables stand in front of it.
        let mut known: Vec<(&SmolStr, Vec<Vec<SmolStr>>)> = Vec::new();
        for (name, variable) in &self.policy.variables {
            if let Ok(variable) = variable {
                let paths = fields_of(variable, &known);
                known.push((name, paths));
            }
        }
        deepest(self.subject.node, fields_of(program, &known))
    }
}

/// Paths that are looked at for one variable: they double where variables name each other.
const MAX_PATHS: usize = 64;

/// Paths of fields of the object that an expression names, itself or by variables of which they are known.
fn fields_of(program: &Program, known: &[(&SmolStr, Vec<Vec<SmolStr>>)]) -> Vec<Vec<SmolStr>> {
    let mut paths = program.paths("object");
    for path in program.paths("variables") {
        let Some((name, rest)) = path.split_first() else { continue };
        let of_variable = known.iter().find(|(known, _)| *known == name).map(|(_, paths)| paths.as_slice());
        let below = of_variable.unwrap_or_default().iter();
        paths.extend(below.map(|path| path.iter().chain(rest).cloned().collect::<Vec<_>>()));
        if paths.len() > MAX_PATHS {
            break;
        }
    }
    paths.truncate(MAX_PATHS);
    paths
}

/// The variables of a policy; of its own, those in front of the one being computed.
#[derive(Clone, Copy)]
struct Seen<'a> {
    asked: &'a Asked<'a>,
    variables: usize,
    /// Whether it is asked by a condition, which the API server gives no Namespace.
    in_condition: bool,
}

impl<'a> Scope<'a> for Seen<'a> {
    fn variable(&self, name: &str) -> Option<Result<Value<'a>, Fault>> {
        let (asked, subject) = (self.asked, self.asked.subject);
        Some(Ok(match name {
            "object" if subject.removed => Value::Null,
            "object" => Value::of(asked.object, None),
            "oldObject" if subject.removed => Value::of(asked.object, None),
            "oldObject" => asked.old.as_ref().map_or(Value::Null, |old| Value::of(old, None)),
            "params" => asked.parameters.map_or(Value::Null, |node| Value::of(node, None)),
            "namespaceObject" if !subject.namespaced || self.in_condition => Value::Null,
            "namespaceObject" => match asked.namespace() {
                Some(node) => Value::of(node, None),
                None => {
                    let why = format!("namespace `{}` is not among the objects here", subject.namespace);
                    return Some(Err(Fault::unsupported(why)));
                }
            },
            // What it has is computed when it is asked for; the rest, it has not.
            "request" => Value::map(Vec::new()),
            "authorizer" => {
                return Some(Err(Fault::unsupported("the `authorizer` is known to the API server alone")));
            }
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
                    Ok(variable) => variable.run(&Seen { variables: index, ..*self }, &self.asked.budget),
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
                let text = |text: &str| (!text.is_empty()).then(|| Ok(Value::text(text)));
                Some(Ok(match field {
                    // Empty ones are left out.
                    "name" => return text(subject.name),
                    "namespace" => return text(subject.asked_in()),
                    "operation" => Value::text(subject.operation()),
                    "kind" | "requestKind" => named("kind", subject.kind.to_owned()),
                    "resource" | "requestResource" => named("resource", resource(subject.kind)),
                    "dryRun" => Value::Bool(false),
                    _ if ONLY_THERE.contains(&field) => {
                        return Some(Err(Fault::unsupported(format!(
                            "`request.{field}` is known to the API server alone"
                        ))));
                    }
                    _ => return None,
                }))
            }
            _ => None,
        }
    }
}
