//! Kyverno's ClusterPolicy and Policy: the `validate` rules with `pattern`, `anyPattern`, `deny` and `foreach`, `preconditions`,
//! `context`, `exclude` and PolicyExceptions, and the rules that Kyverno makes about workloads of rules about pods.
//!
//! Mirrors `github.com/kyverno/kyverno/pkg/engine`. What only a cluster knows (who asks, its other objects, images in registries)
//! is a value that is not known; a rule that comes to depend on one has no result, and says why.
//!
//! Not here: rules that change, make or verify; manifests.

mod autogen;
mod condition;
mod context;
mod exception;
mod images;
mod jmespath;
mod operator;
mod pattern;
mod pod_security;
mod scalar;
mod select;
mod support;
mod validate;
mod validating_policy;
mod variables;

use std::borrow::Cow;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::Place;
use crate::yaml::Node;

use super::deepest;
use super::expressions::{self, Expressions};
use super::gaps::Gap;
use super::policy::{Action, Decision, Outcome, Subject, Surroundings, parameters};

pub(super) use context::Asked;
use context::Context;
use jmespath::{Steps, Stop};
use select::Kinds;
use validate::{Ask, At, Verdict};
pub(super) use validating_policy::{Exception, about_workloads};

#[cfg(test)]
pub(super) use pattern::Match as Matched;

/// What comes of a pattern, whatever that takes.
#[cfg(test)]
pub(super) fn matches(object: &Node, pattern: &Node) -> Matched {
    let steps = Steps(crate::cel::Budget::new(u64::MAX));
    pattern::matches(object, pattern, &steps).unwrap()
}

/// Namespaces that Kyverno's own configuration leaves out.
const LEFT_OUT: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "kyverno"];

/// A policy.
#[derive(Debug)]
pub(super) struct Policy {
    name: SmolStr,
    place: Place,
    /// The namespace that a Policy is about; a ClusterPolicy is about all.
    namespace: Option<SmolStr>,
    /// The workloads that it also makes rules about.
    controllers: Vec<SmolStr>,
    spec: Node,
    exceptions: Arc<Vec<Node>>,
    rules: Vec<Rule>,
    /// The rules about workloads, and those about CronJobs.
    about_workloads: Vec<Rule>,
    about_cron_jobs: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    node: Node,
    name: SmolStr,
    /// What Kyverno calls it.
    full_name: SmolStr,
    kinds: Kinds,
    /// Why no part of it can be run.
    unsupported: Option<String>,
    /// Its expressions, where it has those rather than patterns.
    expressions: Option<Expressions>,
    /// Whether it is about some users, or spares some.
    asks_who: bool,
}

fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at_path(path).and_then(Node::as_str)
}

impl Policy {
    /// Reads a canonical document; `exceptions` are all that there are.
    pub(super) fn read(node: &Node, exceptions: &Arc<Vec<Node>>) -> Option<Self> {
        let name = text(node, &["metadata", "name"])?;
        let namespace = text(node, &["kind"]).filter(|kind| *kind == "Policy");
        let ignores_failures = text(node, &["spec", "failurePolicy"]) == Some("Ignore");
        let rule = |node: Node, name: SmolStr, full_name: SmolStr, kinds: Kinds| Rule {
            unsupported: support::of_rule(&node),
            expressions: node.at_path(&["validate", "cel"]).map(|cel| {
                Expressions::read(
                    node.items(&["celPreconditions"]),
                    cel.items(&["variables"]),
                    cel.items(&["expressions"]),
                    ignores_failures,
                )
            }),
            asks_who: select::asks_who(&node),
            name,
            full_name,
            kinds,
            node,
        };
        let (mut rules, mut about_workloads, mut about_cron_jobs) = (Vec::new(), Vec::new(), Vec::new());
        let controllers = autogen::controllers(node);
        for it in node.items(&["spec", "rules"]).iter().filter(|rule| rule.get("validate").is_some()) {
            let name = SmolStr::new(text(it, &["name"]).unwrap_or_default());
            rules.push(rule(it.clone(), name.clone(), name.clone(), Kinds::Named));
            if controllers.is_empty() || !autogen::is_about_pods(it) {
                continue;
            }
            for (list, is_cron_job) in [(&mut about_workloads, false), (&mut about_cron_jobs, true)] {
                let kinds = if is_cron_job { Kinds::Any } else { Kinds::OfPods };
                let full_name = autogen::name(&name, is_cron_job);
                list.push(rule(autogen::about_template(it, is_cron_job), name.clone(), full_name, kinds));
            }
        }
        Some(Self {
            name: name.into(),
            place: node.at_path(&["metadata", "name"])?.place(),
            namespace: namespace.map(|_| text(node, &["metadata", "namespace"]).unwrap_or("default").into()),
            controllers,
            spec: node.get("spec")?.clone(),
            exceptions: Arc::clone(exceptions),
            rules,
            about_workloads,
            about_cron_jobs,
        })
    }

    /// What of it is not executed. The number is how many rules it has.
    pub(super) fn gaps(&self) -> (Vec<Gap>, usize) {
        let gap = |rule: &Rule| {
            let whole = rule.unsupported.is_some();
            let of_expressions = || rule.expressions.as_ref().and_then(Expressions::unsupported);
            let why =
                rule.unsupported.clone().or_else(|| support::in_part(&rule.node)).or_else(of_expressions)?;
            let place = rule.node.get("name").map_or(self.place, Node::place);
            Some(Gap {
                policy: self.name.clone(),
                rule: rule.name.clone(),
                why,
                validates: true,
                whole,
                place,
            })
        };
        (self.rules.iter().filter_map(gap).collect(), self.rules.len())
    }

    /// The rules that may be about objects of a kind, and where their patterns look.
    fn rules(&self, kind: &str) -> impl Iterator<Item = (&Rule, Option<&'static [&'static str]>)> {
        let made: &[Rule] = match kind {
            _ if !self.controllers.iter().any(|it| it == kind) => &[],
            "CronJob" => &self.about_cron_jobs,
            _ => &self.about_workloads,
        };
        let template = autogen::template(kind);
        self.rules.iter().map(|rule| (rule, None)).chain(made.iter().map(move |rule| (rule, Some(template))))
    }

    /// What its rules say about an object; `is_complete`: whether the object is as the API server sees it.
    pub(super) fn decide<'a>(
        &'a self,
        asked: &'a Asked<'a>,
        is_complete: bool,
        say: &mut dyn FnMut(Decision),
    ) {
        let subject = asked.subject;
        if LEFT_OUT.contains(&subject.namespace)
            || self.namespace.as_ref().is_some_and(|it| it != subject.namespace)
        {
            return;
        }
        for (rule, template) in self.rules(subject.kind) {
            if rule.expressions.is_some() && rule.unsupported.is_none() {
                self.evaluate(rule, asked, is_complete, say);
                continue;
            }
            let (outcome, field, at) = match self.judge(rule, template, asked) {
                Ok(None) => continue,
                Ok(Some((words, field, at))) => (Outcome::Violated(words), field, at),
                Err(Stop::Unsupported(why)) => (Outcome::Unchecked(why), String::new(), None),
                // The API server may add fields to a Pod that are missed here.
                Err(stop) if !is_complete || subject.kind == "Pod" => {
                    (Outcome::Unchecked(stop.to_string()), String::new(), None)
                }
                Err(_) if text(&self.spec, &["failurePolicy"]) == Some("Ignore") => continue,
                Err(stop) => (Outcome::Failed(format!("the rule fails: {stop}")), String::new(), None),
            };
            say(self.decision(rule, asked, outcome, field, at));
        }
    }

    fn decision(
        &self,
        rule: &Rule,
        asked: &Asked<'_>,
        outcome: Outcome,
        field: String,
        at: Option<Place>,
    ) -> Decision {
        Decision {
            policy: SmolStr::new(format!("{}/{}", self.name, rule.name)),
            place: self.place,
            action: self.action(rule, asked.subject, asked.world),
            outcome,
            field,
            at,
            by_who: rule.asks_who,
        }
    }

    /// What the expressions of a rule say. Mirrors `validate_cel.go`.
    fn evaluate<'a>(
        &'a self,
        rule: &'a Rule,
        asked: &'a Asked<'a>,
        is_complete: bool,
        say: &mut dyn FnMut(Decision),
    ) {
        let (subject, world, pool) = (asked.subject, asked.world, asked.pool);
        let mut tell = |outcome, field| say(self.decision(rule, asked, outcome, field, None));
        let Some(expressions) = &rule.expressions else { return };
        let spared = |steps: &Steps| {
            let namespace = self.namespace.as_deref();
            let context = Context::new(asked, namespace, rule.node.items(&["context"]), steps);
            if !condition::hold(rule.node.get("preconditions"), &context).map_err(|it| it.to_string())?.0 {
                return Ok(true);
            }
            exception::spares(&self.exceptions, &self.key(), &rule.full_name, subject, world, &context)
        };
        let cel = rule.node.at_path(&["validate", "cel"]);
        let is_about = select::is_about(&rule.node, subject, world, rule.kinds)
            .and_then(|is| Ok(is && !asked.with_steps(spared)?));
        let parameters = match (is_about, cel) {
            (Ok(true), Some(cel)) => parameters(cel, cel, subject, world),
            (Err(why), _) => Err(why),
            _ => return,
        };
        match parameters {
            Ok(all) => {
                let is_complete = is_complete && subject.kind != "Pod";
                for parameters in all {
                    let seen = asked.seen;
                    let asked =
                        expressions::Asked::new(expressions, subject, seen, parameters, world, is_complete);
                    let asked = asked.within(pool);
                    asked.decide(&mut tell);
                    asked.settle(pool);
                }
            }
            Err(why) => tell(Outcome::Unchecked(why), String::new()),
        }
    }

    /// How exceptions name it.
    fn key(&self) -> SmolStr {
        match &self.namespace {
            Some(namespace) => SmolStr::new(format!("{namespace}/{}", self.name)),
            None => self.name.clone(),
        }
    }

    /// What one rule says: nothing where the object keeps to it, or the rule is about others.
    fn judge<'a>(
        &'a self,
        rule: &'a Rule,
        template: Option<&'static [&'static str]>,
        asked: &'a Asked<'a>,
    ) -> Result<Option<(String, String, Option<Place>)>, Stop> {
        let (subject, world) = (asked.subject, asked.world);
        match (select::is_about(&rule.node, subject, world, rule.kinds), &rule.unsupported) {
            (Ok(false), _) => Ok(None),
            (_, Some(why)) => Err(Stop::Unsupported(why.clone())),
            (Err(why), None) => Err(Stop::Unsupported(why)),
            (Ok(true), None) => asked.with_steps(|steps| self.judge_with(rule, template, asked, steps)),
        }
    }

    fn judge_with<'a>(
        &'a self,
        rule: &'a Rule,
        template: Option<&'static [&'static str]>,
        asked: &'a Asked<'a>,
        steps: &Steps,
    ) -> Result<Option<(String, String, Option<Place>)>, Stop> {
        let (subject, world) = (asked.subject, asked.world);
        let Some(part) = rule.node.get("validate") else { return Ok(None) };
        // Nothing is held against patterns when it goes.
        if subject.removed && part.get("deny").is_none() {
            return Ok(None);
        }
        let namespace = self.namespace.as_deref();
        let context = Context::new(asked, namespace, rule.node.items(&["context"]), steps);
        if !condition::hold(rule.node.get("preconditions"), &context)?.0 {
            return Ok(None);
        }
        let spared =
            exception::spares(&self.exceptions, &self.key(), &rule.full_name, subject, world, &context);
        if spared.map_err(Stop::Unsupported)? {
            return Ok(None);
        }
        // A pattern about a pod is asked of the template.
        let is_pattern = ["pattern", "anyPattern"].into_iter().any(|key| part.get(key).is_some());
        let (path, written, seen, lacks) = match template {
            Some(path) => match (subject.node.at_path(path), asked.seen.at_path(path)) {
                (Some(written), Some(seen)) => (path, written, seen, false),
                _ => (&[][..], subject.node, asked.seen, is_pattern),
            },
            None => (&[][..], subject.node, asked.seen, false),
        };
        let ask = Ask { part, object: Cow::Borrowed(seen), depth: 0 };
        let standard = part.get("podSecurity").filter(|it| !it.is_null());
        let (path, written) = if standard.is_some() { (&[][..], subject.node) } else { (path, written) };
        let verdict = match (standard, template) {
            (Some(block), _) => pod_security::judge(block, subject, asked.seen)?,
            // It asks for a template.
            (None, Some(path)) if lacks => {
                let path = path.iter().map(|name| (*name).to_owned()).collect();
                Verdict::Breaks { message: String::new(), at: At::Path(path) }
            }
            (None, _) => ask.run(&context)?,
        };
        let Verdict::Breaks { message: more, at } = verdict else { return Ok(None) };
        let own = text(part, &["message"]).filter(|text| !text.trim().is_empty());
        let own = own.and_then(|text| validate::message(text, subject.kind == "Secret", &context));
        let more = Some(more).filter(|text| !text.is_empty());
        let more = more.and_then(|text| validate::message(&text, subject.kind == "Secret", &context));
        let words: Vec<String> = [own, more].into_iter().flatten().collect();
        let words = if words.is_empty() { format!("the rule {}", rule.name) } else { words.join("; ") };
        let (field, place) = match at {
            At::Path(below) => {
                let (field, place) = validate::there(written, &below);
                let path = path.iter().map(|name| (*name).to_owned()).chain([field]);
                let field = path.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(".");
                (field, place)
            }
            At::Fields(fields) => (deepest(subject.node, fields), None),
        };
        Ok(Some((words, field, place)))
    }

    /// What Kyverno does then. Mirrors `failureActionForRule`.
    fn action(&self, rule: &Rule, subject: &Subject<'_>, world: &dyn Surroundings) -> Action {
        let overridden = |list: &[Node]| {
            list.iter().find_map(|it| {
                let action = text(it, &["action"])?;
                let namespaces = it.items(&["namespaces"]);
                let named = |it: &Node| it.as_str().is_some_and(|it| scalar::wildcard(it, subject.namespace));
                let selector = it.get("namespaceSelector").filter(|it| !it.is_null());
                let is = (namespaces.is_empty() || namespaces.iter().any(named))
                    && selector.is_none_or(|it| select::in_namespace(it, subject, world) == Ok(true));
                is.then(|| action.to_owned())
            })
        };
        let validate = rule.node.get("validate");
        let of_rule = validate.and_then(|it| {
            overridden(it.items(&["failureActionOverrides"]))
                .or_else(|| text(it, &["failureAction"]).map(ToOwned::to_owned))
        });
        let action = of_rule
            .or_else(|| overridden(self.spec.items(&["validationFailureActionOverrides"])))
            .or_else(|| text(&self.spec, &["validationFailureAction"]).map(ToOwned::to_owned));
        match action {
            Some(word) if word.eq_ignore_ascii_case("enforce") => Action::Deny,
            _ => Action::Audit,
        }
    }
}

/// Whether policies among canonical objects ask for ConfigMaps.
pub(super) fn asks_for_config_maps(policy: &Node) -> bool {
    fn find(node: &Node) -> bool {
        node.entries().iter().any(|entry| entry.key.text == "configMap" || find(&entry.value))
            || node.seq_or_empty().iter().any(find)
    }
    policy.items(&["spec", "rules"]).iter().any(find)
}
