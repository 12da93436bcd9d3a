//! Rules in CEL: `x-kubernetes-validations`.
//!
//! Mirrors `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel`. Rules about transitions (`oldSelf`) say nothing about an object
//! alone; [`check_change`] asks them. Defaults are seen as if they were written, and null as nothing where it is not allowed, as both are
//! settled before rules are asked.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::cel::{Budget, Fault, Program, Reading, Scope, Shape, Value};
use crate::yaml::{Data, Node};

use super::check::{Step, path_text};
use super::def::{Def, Format, ListType, Others, Schema, Types};
use super::violation::{Violation, What};

/// Steps of all rules of one object; Kubernetes' `RuntimeCELCostBudget` is as large.
const BUDGET: u64 = 10_000_000;

/// A rule about one value.
#[derive(Debug)]
pub(super) struct Validation {
    rule: SmolStr,
    message: Option<SmolStr>,
    message_expression: Option<SmolStr>,
    field_path: Option<SmolStr>,
    /// Whether a rule about a transition also holds where there was nothing before.
    optional_old: bool,
    programs: OnceLock<Programs>,
}

#[derive(Debug)]
struct Programs {
    rule: Result<Program, String>,
    message: Option<Program>,
}

impl Validation {
    pub(super) fn read(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(SmolStr::new);
        Some(Self {
            rule: text("rule")?,
            message: text("message"),
            message_expression: text("messageExpression"),
            field_path: text("fieldPath"),
            optional_old: node.get("optionalOldSelf").and_then(Node::as_bool).unwrap_or(false),
            programs: OnceLock::new(),
        })
    }

    fn programs(&self) -> &Programs {
        self.programs.get_or_init(|| Programs {
            rule: Program::new(&self.rule).map_err(|error| error.to_string()),
            message: self.message_expression.as_ref().and_then(|text| Program::new(text).ok()),
        })
    }

    /// Whether the rule is about what a value was before.
    fn is_transition(&self) -> bool {
        self.programs().rule.as_ref().is_ok_and(|rule| rule.mentions("oldSelf"))
    }

    fn check<'a>(&'a self, value: &Value<'a>, budget: &Budget) -> Option<What> {
        if self.is_transition() && !self.optional_old {
            return None;
        }
        self.ask(value, Value::Optional(None), budget)
    }

    /// `old` as the rule reads it.
    fn ask<'a>(&'a self, value: &Value<'a>, old: Value<'a>, budget: &Budget) -> Option<What> {
        let programs = self.programs();
        let rule = match &programs.rule {
            Ok(rule) => rule,
            Err(error) => return Some(What::Unchecked(format!("`{}`: {error}", self.rule))),
        };
        let scope = Itself { value, old };
        match rule.test(&scope, budget) {
            Ok(true) => None,
            Ok(false) => {
                let made = programs.message.as_ref().and_then(|program| program.run(&scope, budget).ok());
                let made = made.and_then(|value| match value {
                    Value::Text(text) if !text.trim().is_empty() && !text.contains('\n') => Some(text),
                    _ => None,
                });
                let words = made.or_else(|| self.message.clone());
                Some(What::Broken(
                    words.map_or_else(|| format!("`{}`", self.rule.trim()), |words| words.trim().to_owned()),
                ))
            }
            Err(Fault::Failed(words)) => Some(What::Broken(format!("`{}` fails: {words}", self.rule.trim()))),
            Err(fault) => Some(What::Unchecked(format!("`{}`: {fault}", self.rule.trim()))),
        }
    }
}

struct Itself<'v, 'a> {
    value: &'v Value<'a>,
    old: Value<'a>,
}

impl<'a> Scope<'a> for Itself<'_, 'a> {
    fn variable(&self, name: &str) -> Option<Result<Value<'a>, Fault>> {
        match name {
            "self" => Some(Ok(self.value.clone())),
            "oldSelf" => Some(Ok(self.old.clone())),
            _ => None,
        }
    }
}

fn here(schema: &Schema) -> Option<&Def> {
    match schema {
        Schema::Here(def) => Some(def),
        Schema::Named(_) => None,
    }
}

impl Shape for Def {
    fn reading(&self) -> Reading {
        match self.format {
            Format::Byte => Reading::Bytes,
            Format::DateTime => Reading::Time,
            Format::Date => Reading::Date,
            Format::Duration => Reading::Duration,
            _ if self.types == Types::NUMBER => Reading::Double,
            _ => Reading::Plain,
        }
    }

    fn is_struct(&self) -> bool {
        !self.fields.is_empty()
    }

    fn field(&self, name: &str) -> Option<&dyn Shape> {
        here(self.below(name)?).map(|def| def as &dyn Shape)
    }

    fn item(&self) -> Option<&dyn Shape> {
        here(self.items.as_ref()?).map(|def| def as &dyn Shape)
    }

    fn default(&self, name: &str) -> Option<&Node> {
        Self::field(self, name)?.default.as_deref()
    }

    fn takes_null(&self) -> bool {
        self.nullable
    }

    fn is_set(&self) -> bool {
        self.list != ListType::Atomic
    }
}

/// The rules that an object breaks.
pub(super) fn check(def: &Def, node: &Node, found: &mut Vec<Violation>) {
    let budget = Budget::new(BUDGET);
    Run { budget, way: Vec::new(), found }.value(def, node);
}

/// The rules about transitions that the change from `old` to `new` breaks. Where both are equal, nothing is asked; items of lists are the
/// same where the keys of the list say so.
pub(super) fn check_change(def: &Def, old: &Node, new: &Node, found: &mut Vec<Violation>) {
    let budget = Budget::new(BUDGET);
    Run { budget, way: Vec::new(), found }.change(def, old, new);
}

struct Run<'n, 'f> {
    budget: Budget,
    way: Vec<Step<'n>>,
    found: &'f mut Vec<Violation>,
}

impl<'n> Run<'n, '_> {
    fn value(&mut self, def: &'n Def, node: &'n Node) {
        if !def.validated || node.is_null() && !def.nullable {
            return;
        }
        if !def.validations.is_empty() {
            let value = Value::of(node, Some(def));
            for validation in &def.validations {
                let Some(what) = validation.check(&value, &self.budget) else { continue };
                let (path, place) = self.target(validation, node);
                self.found.push(Violation { path, place, what, of_minor: false });
            }
        }
        match &node.data {
            Data::Map(map) => {
                for field in def.fields.iter().filter(|_| !matches!(def.others, Others::Values(_))) {
                    let Schema::Here(below) = &field.schema else { continue };
                    if !below.validated {
                        continue;
                    }
                    let there = map.get(&field.name).filter(|value| !value.is_null() || below.nullable);
                    // What a default puts there is judged at the mapping that it comes into.
                    let Some(value) = there.or(field.default.as_deref()) else { continue };
                    let from = self.found.len();
                    self.step(Step::Field(&field.name), below, value);
                    if there.is_none() {
                        self.found.iter_mut().skip(from).for_each(|violation| violation.place = node.place());
                    }
                }
                if let Others::Values(Schema::Here(below)) = &def.others {
                    map.iter().for_each(|entry| self.step(Step::Key(&entry.key.text), below, &entry.value));
                }
            }
            Data::Seq(items) => {
                if let Some(Schema::Here(below)) = &def.items {
                    for (index, item) in items.iter().enumerate() {
                        self.step(Step::Item(index), below, item);
                    }
                }
            }
            Data::Scalar(_) => {}
        }
    }

    fn change(&mut self, def: &'n Def, old: &'n Node, new: &'n Node) {
        if !def.validated || new.is_null() || old.is_null() || old == new {
            return;
        }
        for validation in def.validations.iter().filter(|it| it.is_transition()) {
            let (value, before) = (Value::of(new, Some(def)), Value::of(old, Some(def)));
            let before = if validation.optional_old { before.some() } else { before };
            // What cannot be evaluated is told of the object alone, if at all.
            if let Some(what @ What::Broken(_)) = validation.ask(&value, before, &self.budget) {
                let (path, place) = self.target(validation, new);
                self.found.push(Violation { path, place, what, of_minor: false });
            }
        }
        match (&old.data, &new.data) {
            (Data::Map(before), Data::Map(after)) => {
                for field in def.fields.iter().filter(|_| !matches!(def.others, Others::Values(_))) {
                    let Schema::Here(below) = &field.schema else { continue };
                    let value = |map: &'n crate::yaml::Map| map.get(&field.name).or(field.default.as_deref());
                    if let (Some(was), Some(is)) = (value(before), value(after)) {
                        self.way.push(Step::Field(&field.name));
                        self.change(below, was, is);
                        self.way.pop();
                    }
                }
                if let Others::Values(Schema::Here(below)) = &def.others {
                    for entry in after {
                        if let Some(was) = before.get(&entry.key.text) {
                            self.way.push(Step::Key(&entry.key.text));
                            self.change(below, was, &entry.value);
                            self.way.pop();
                        }
                    }
                }
            }
            (Data::Seq(before), Data::Seq(after)) => {
                if let (Some(Schema::Here(below)), ListType::Map(keys)) = (&def.items, &def.list) {
                    self.items(below, keys, before, after);
                }
            }
            _ => {}
        }
    }

    fn items(&mut self, def: &'n Def, keys: &'n [SmolStr], old: &'n [Node], new: &'n [Node]) {
        let key = |item: &'n Node| -> Vec<&'n str> {
            let value = |key: &SmolStr| {
                let default = || Def::field(def, key)?.default.as_deref();
                item.get(key).or_else(default).and_then(Node::scalar_text).unwrap_or_default()
            };
            keys.iter().map(value).collect()
        };
        let known: FxHashMap<Vec<&str>, &'n Node> = old.iter().map(|item| (key(item), item)).collect();
        for (index, item) in new.iter().enumerate() {
            if let Some(was) = known.get(&key(item)) {
                self.way.push(Step::Item(index));
                self.change(def, was, item);
                self.way.pop();
            }
        }
    }

    fn step(&mut self, step: Step<'n>, def: &'n Def, node: &'n Node) {
        self.way.push(step);
        self.value(def, node);
        self.way.pop();
    }

    /// Where a violation is told: at `fieldPath`, as far as it is there.
    fn target(&self, validation: &Validation, node: &Node) -> (String, crate::origin::Place) {
        let mut path = path_text(&self.way);
        let mut at = node;
        let names = validation.field_path.as_deref().unwrap_or_default().split(['.', '[', ']']);
        for name in names.map(|name| name.trim_matches('\'')).filter(|name| !name.is_empty()) {
            let Some(below) = at.get(name) else { break };
            at = below;
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
        }
        (path, at.place())
    }
}
