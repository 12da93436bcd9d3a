//! Policies and bindings, and the decision about one object.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::cel::Budget;
use crate::origin::Place;
use crate::yaml::Node;

use super::defaults::with_defaults;
use super::expressions::{Asked, Expressions};
use super::gaps::{self, Gap, Share};
use super::gatekeeper::Gatekeeper;
use super::kyverno;
use super::matching::matches;

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
pub struct Subject<'a> {
    /// The whole of it.
    pub node: &'a Node,
    /// Its API group.
    pub group: &'a str,
    /// Its version, without the group.
    pub version: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; empty where it has none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether it lives in a namespace.
    pub namespaced: bool,
    /// What it was before a change: then the change is decided about.
    pub old: Option<&'a Node>,
    /// Whether it goes: then `node` is what was there.
    pub removed: bool,
}

impl Subject<'_> {
    /// What happens to the object.
    pub(super) fn operation(&self) -> &'static str {
        match (self.removed, self.old) {
            (true, _) => "DELETE",
            (false, Some(_)) => "UPDATE",
            (false, None) => "CREATE",
        }
    }

    /// The namespace of the request: a Namespace is in itself.
    pub(super) fn asked_in(&self) -> &str {
        if self.group.is_empty() && self.kind == "Namespace" { self.name } else { self.namespace }
    }
}

/// What is around the object.
pub trait Surroundings {
    /// The Namespace of that name, where exactly one is known.
    fn namespace(&self, name: &str) -> Option<&Node>;
    /// The object of that kind and name that a policy takes its parameters from, where exactly one is known.
    fn parameters(&self, kind: &str, namespace: &str, name: &str) -> Option<&Node>;
    /// Those of that kind that a selector chooses; `None` where one of them is not known for sure.
    fn selected(&self, kind: &str, namespace: &str, selector: &Node) -> Option<Vec<&Node>>;
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
    /// The node to point at, where that is more exact than the field.
    pub at: Option<Place>,
    /// Whether the policy is about some users only, or spares some: then it is decided as if it were about whoever applies the object.
    pub by_who: bool,
}

/// A ValidatingAdmissionPolicy.
#[derive(Debug)]
struct Policy {
    name: SmolStr,
    /// What bindings call it by.
    key: SmolStr,
    node: Arc<Node>,
    expressions: Expressions,
}

/// The policies of a repository with their bindings.
#[derive(Debug, Default)]
pub struct Policies {
    validating: Vec<Policy>,
    /// The name of the policy, and who binds it.
    bindings: Vec<(SmolStr, Arc<Node>)>,
    /// Where those are that are validating.
    by_name: FxHashMap<SmolStr, usize>,
    kyverno: Vec<kyverno::Policy>,
    exceptions: Vec<kyverno::Exception>,
    gatekeeper: Gatekeeper,
    /// What is of no kind that is executed.
    others: Vec<Gap>,
}

pub(super) fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at_path(path).and_then(Node::as_str)
}

impl Policy {
    fn read(node: Arc<Node>) -> Option<Self> {
        let listed = |key: &str| node.items(&["spec", key]);
        let expressions = Expressions::read(
            listed("matchConditions"),
            listed("variables"),
            listed("validations"),
            text(&node, &["spec", "failurePolicy"]) == Some("Ignore"),
        );
        let name = SmolStr::new(text(&node, &["metadata", "name"])?);
        Some(Self { key: name.clone(), name, expressions, node })
    }

    fn place(&self) -> Place {
        self.node.at_path(&["metadata", "name"]).map_or_else(|| self.node.place(), Node::place)
    }
}

impl Policies {
    /// Those among canonical objects.
    pub fn of(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut policies = Self::default();
        let nodes: Vec<Node> = nodes.into_iter().collect();
        let is_exception = |node: &&Node| {
            text(node, &["kind"]) == Some("PolicyException")
                && text(node, &["apiVersion"]).is_some_and(|it| it.starts_with("kyverno.io/"))
        };
        let exceptions: Arc<Vec<Node>> = Arc::new(nodes.iter().filter(is_exception).cloned().collect());
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
                    let made = kyverno::about_workloads(&node);
                    let own = std::iter::once((SmolStr::default(), node));
                    for (of, node) in own.chain(made) {
                        let node = Arc::new(node);
                        let Some(mut policy) = Policy::read(Arc::clone(&node)) else { continue };
                        policy.key = SmolStr::new(format!("{}:{of}", policy.name));
                        policies.bindings.push((policy.key.clone(), node));
                        policies.validating.push(policy);
                    }
                }
                ("policies.kyverno.io", Some("PolicyException")) => {
                    policies.exceptions.push(kyverno::Exception::read(&node));
                }
                ("kyverno.io", Some("ClusterPolicy" | "Policy")) => {
                    policies.others.extend(gaps::of_rules(&node));
                    policies.kyverno.extend(kyverno::Policy::read(&node, &exceptions));
                }
                _ if policies.gatekeeper.take(group, &node) => {}
                _ => policies.others.extend(gaps::of_object(group, &node)),
            }
        }
        policies.gatekeeper.settle();
        // Two of one name are two clusters' or two tries; which one counts is not known.
        let mut named: FxHashMap<SmolStr, usize> = FxHashMap::default();
        for policy in &policies.validating {
            *named.entry(policy.key.clone()).or_default() += 1;
        }
        policies.validating.retain(|policy| named.get(&policy.key) == Some(&1));
        let names = policies.validating.iter().enumerate().map(|(index, policy)| (policy.key.clone(), index));
        policies.by_name = names.collect();
        policies
    }

    /// How much of them is executed, and what is not.
    pub fn share(&self) -> Share {
        let mut share = Share { rules: self.others.len(), gaps: self.others.clone() };
        let mut add = |(gaps, rules): (Vec<Gap>, usize)| {
            share.gaps.extend(gaps);
            share.rules += rules;
        };
        for policy in &self.kyverno {
            add(policy.gaps());
        }
        // Those about workloads that are made of one about pods are the same.
        let own = |it: &&Policy| !it.key.contains(':') || it.key.ends_with(':');
        for policy in self.validating.iter().filter(own) {
            let gap = policy.expressions.unsupported().map(|why| Gap {
                policy: policy.name.clone(),
                rule: SmolStr::default(),
                why,
                validates: true,
                whole: false,
                place: policy.place(),
            });
            add((gap.into_iter().collect(), 1));
        }
        add(self.gatekeeper.gaps());
        share.gaps.sort_by_key(|gap| (gap.place.at.file, gap.place.at.start));
        share
    }

    /// Whether there are none that decide anything.
    pub fn is_empty(&self) -> bool {
        (self.validating.is_empty() || self.bindings.is_empty())
            && self.kyverno.is_empty()
            && self.gatekeeper.is_empty()
    }

    /// What all bindings say about an object: nothing where it may come in.
    /// Their expressions take from the pool.
    pub fn decide(&self, subject: &Subject<'_>, world: &dyn Surroundings, pool: &Budget) -> Vec<Decision> {
        let complete = || with_defaults(subject.group, subject.kind, subject.node);
        self.decide_over(subject, world, &complete, pool)
    }

    /// The same over an object with the defaults that `complete` gives it, where it knows any.
    pub(super) fn decide_over(
        &self,
        subject: &Subject<'_>,
        world: &dyn Surroundings,
        complete: &dyn Fn() -> Option<Node>,
        pool: &Budget,
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        // Policies are never asked about policies, and webhooks about neither.
        let of_admission = subject.group == "admissionregistration.k8s.io";
        if of_admission && !subject.kind.ends_with("WebhookConfiguration") {
            return decisions;
        }
        let mut defaulted: Option<Option<Node>> = None;
        for (name, binding) in &self.bindings {
            let policy = self.by_name.get(name).and_then(|index| self.validating.get(*index));
            let Some(policy) = policy else { continue };
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
                    at: None,
                    by_who: false,
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
            let (Some(spec), Some(bound)) = (policy.node.get("spec"), binding.get("spec")) else { continue };
            let of_kyverno = policy.key != policy.name;
            if of_kyverno && of_admission {
                continue;
            }
            let all = match parameters(spec, bound, subject, world) {
                Ok(parameters) => parameters,
                Err(why) => {
                    say(Outcome::Unchecked(why), String::new());
                    continue;
                }
            };
            let defaulted = defaulted.get_or_insert_with(complete);
            let seen = defaulted.as_ref().unwrap_or(subject.node);
            let spared = self.exceptions.iter().map(|it| it.spares(&policy.name, subject, seen, world));
            match spared.filter(|it| *it != Ok(false)).last() {
                None | Some(Ok(false)) => {}
                Some(Ok(true)) => continue,
                Some(Err(why)) => {
                    say(Outcome::Unchecked(why), String::new());
                    continue;
                }
            }
            for parameters in all {
                let asked =
                    Asked::new(&policy.expressions, subject, seen, parameters, world, defaulted.is_some());
                let asked = asked.within(pool).by_kyverno(of_kyverno);
                asked.decide(&mut say);
                asked.settle(pool);
            }
        }
        // The webhooks of both are not asked about webhooks, and Gatekeeper's not about what goes.
        if !self.kyverno.is_empty() && !of_admission {
            let defaulted = defaulted.get_or_insert_with(complete);
            let seen = defaulted.as_ref().unwrap_or(subject.node);
            let asked = kyverno::Asked::new(subject, seen, world, pool);
            for policy in &self.kyverno {
                policy.decide(&asked, defaulted.is_some(), &mut |decision| decisions.push(decision));
            }
        }
        if !self.gatekeeper.is_empty() && !of_admission && !subject.removed {
            let defaulted = defaulted.get_or_insert_with(complete);
            let seen = (defaulted.as_ref().unwrap_or(subject.node), defaulted.is_some());
            self.gatekeeper.decide(subject, seen, world, pool, &mut |decision| decisions.push(decision));
        }
        decisions
    }
}

/// The objects of parameters, each of which the object is held against; one that is nothing where the policy takes none. `policy` has
/// `paramKind`, `binding` has `paramRef`. Mirrors `CollectParams`.
pub(super) fn parameters<'w>(
    policy: &Node,
    binding: &Node,
    subject: &Subject<'_>,
    world: &'w dyn Surroundings,
) -> Result<Vec<Option<&'w Node>>, String> {
    let Some(kind) = text(policy, &["paramKind", "kind"]) else { return Ok(vec![None]) };
    let Some(reference) = binding.get("paramRef").filter(|it| !it.is_null()) else { return Ok(vec![None]) };
    let namespace = text(reference, &["namespace"]).unwrap_or_else(|| subject.asked_in());
    let Some(name) = text(reference, &["name"]) else {
        let selector = reference.get("selector").ok_or_else(|| format!("its {kind} has no name"))?;
        let found = world.selected(kind, namespace, selector).filter(|it| !it.is_empty());
        let found = found.map(|it| it.into_iter().map(Some).collect());
        return found.ok_or_else(|| format!("which {kind} its selector chooses is not known here"));
    };
    let found = world.parameters(kind, namespace, name).map(|it| vec![Some(it)]);
    found.ok_or_else(|| format!("its {kind} `{name}` is not among the objects here"))
}

/// The kinds of objects that a policy takes parameters or variables from.
pub fn wanted_kinds(policy: &Node) -> Vec<SmolStr> {
    let parameters = text(policy, &["spec", "paramKind", "kind"]);
    let maps = kyverno::asks_for_config_maps(policy).then_some("ConfigMap");
    let of_rules = policy.items(&["spec", "rules"]).iter();
    let of_rules = of_rules.filter_map(|rule| text(rule, &["validate", "cel", "paramKind", "kind"]));
    parameters.into_iter().chain(maps).chain(of_rules).map(SmolStr::new).collect()
}
