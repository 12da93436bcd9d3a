//! The evaluation: a walk over the tree, each step of which costs.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::golang::regexp::Regexp;

use super::budget::Budget;
use super::fault::Fault;
use super::functions;
use super::tree::{Expr, Kind, Literal, Loop, Macro, Op};
use super::value::{List, Map, Value};

/// What an expression sees.
pub trait Scope<'a> {
    /// The value of a name; `None` where there is no such variable.
    fn variable(&self, name: &str) -> Option<Result<Value<'a>, Fault>>;

    /// `name.field`, for what is computed when it is asked for.
    fn member(&self, _name: &str, _field: &str) -> Option<Result<Value<'a>, Fault>> {
        None
    }

    /// A function of whoever evaluates.
    fn call(
        &self,
        _name: &str,
        _target: Option<&Value<'a>>,
        _arguments: &[Value<'a>],
    ) -> Option<Result<Value<'a>, Fault>> {
        None
    }
}

/// A scope with one more variable.
struct With<'s, 'a> {
    outer: &'s dyn Scope<'a>,
    name: &'s str,
    value: Value<'a>,
}

impl<'a> Scope<'a> for With<'_, 'a> {
    fn variable(&self, name: &str) -> Option<Result<Value<'a>, Fault>> {
        if name == self.name { Some(Ok(self.value.clone())) } else { self.outer.variable(name) }
    }

    fn member(&self, name: &str, field: &str) -> Option<Result<Value<'a>, Fault>> {
        if name == self.name { None } else { self.outer.member(name, field) }
    }

    fn call(
        &self,
        name: &str,
        target: Option<&Value<'a>>,
        arguments: &[Value<'a>],
    ) -> Option<Result<Value<'a>, Fault>> {
        self.outer.call(name, target, arguments)
    }
}

type Evaluated<'a> = Result<Value<'a>, Fault>;

pub(super) fn run<'a>(expr: &'a Expr, scope: &dyn Scope<'a>, budget: &Budget) -> Evaluated<'a> {
    Eval { budget }.value(expr, scope)
}

struct Eval<'b> {
    budget: &'b Budget,
}

fn no_key<'a>(name: &str) -> Evaluated<'a> {
    Err(Fault::failed(format!("no such key: {name}")))
}

fn no_overload(what: &str, of: &[&Value<'_>]) -> Fault {
    let types: Vec<&str> = of.iter().map(|value| value.type_name()).collect();
    Fault::unsupported(format!("`{what}` is not known for {}", types.join(" and ")))
}

impl Eval<'_> {
    fn value<'a>(&self, expr: &'a Expr, scope: &dyn Scope<'a>) -> Evaluated<'a> {
        self.budget.spend(1)?;
        match &expr.kind {
            Kind::Literal(literal) => Ok(match literal {
                Literal::Null => Value::Null,
                Literal::Bool(flag) => Value::Bool(*flag),
                Literal::Int(value) => Value::Int(*value),
                Literal::Uint(value) => Value::Uint(*value),
                Literal::Double(value) => Value::Double(*value),
                Literal::Text(text) => Value::Text(text.clone()),
                Literal::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
            }),
            Kind::Name(name) => match scope.variable(name) {
                Some(value) => value,
                None if is_type(name) => Ok(Value::Type(name.clone())),
                None => Err(Fault::unsupported(format!("there is no variable `{name}`"))),
            },
            Kind::Select(of, field, optional) => self.select(of, field, *optional, scope),
            Kind::Has(of, field) => {
                if let Kind::Name(name) = &of.kind
                    && let Some(value) = scope.member(name, field)
                {
                    return value.map(|_| Value::Bool(true));
                }
                let of = self.value(of, scope)?;
                match of.select(field)? {
                    Some(_) => Ok(Value::Bool(true)),
                    None => Ok(Value::Bool(false)),
                }
            }
            Kind::Index(of, key, optional) => self.index(of, key, *optional, scope),
            Kind::Call(target, name, arguments) => self.call(target.as_deref(), name, arguments, scope),
            Kind::Matches(of, pattern, compiled) => {
                let Value::Text(text) = self.value(of, scope)? else {
                    return Err(Fault::unsupported("`matches` is not known for what is no string"));
                };
                self.budget.spend(text.len() * (pattern.len() / 4).max(1) / 10)?;
                match compiled.get_or_init(|| Regexp::new(pattern).ok()) {
                    Some(pattern) => Ok(Value::Bool(pattern.is_match(&text))),
                    None => Err(Fault::unsupported("an expression of `matches` cannot be read")),
                }
            }
            Kind::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (optional, item) in items {
                    match self.value(item, scope)? {
                        Value::Optional(inner) if *optional => list.extend(inner.map(|it| (*it).clone())),
                        value => list.push(value),
                    }
                }
                Ok(Value::list(list))
            }
            Kind::Map(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (optional, key, value) in entries {
                    let key = self.value(key, scope)?;
                    match self.value(value, scope)? {
                        Value::Optional(inner) if *optional => {
                            map.extend(inner.map(|it| (key, (*it).clone())));
                        }
                        value => map.push((key, value)),
                    }
                }
                Ok(Value::Map(Map::Made(Arc::new(map))))
            }
            Kind::All(parts) => Self::join(parts.iter().map(|part| self.value(part, scope)), true),
            Kind::Any(parts) => Self::join(parts.iter().map(|part| self.value(part, scope)), false),
            Kind::Not(of) => match self.value(of, scope)? {
                Value::Bool(flag) => Ok(Value::Bool(!flag)),
                other => Err(no_overload("!", &[&other])),
            },
            Kind::Negate(of) => match self.value(of, scope)? {
                Value::Int(value) => value.checked_neg().map(Value::Int).ok_or_else(overflow),
                Value::Double(value) => Ok(Value::Double(-value)),
                Value::Duration(value) => Ok(Value::Duration(crate::golang::time::Duration(-value.0))),
                other => Err(no_overload("-", &[&other])),
            },
            Kind::Binary(op, left, right) => {
                let left = self.value(left, scope)?;
                let right = self.value(right, scope)?;
                self.binary(*op, &left, &right)
            }
            Kind::Choice(condition, yes, no) => match self.value(condition, scope)? {
                Value::Bool(true) => self.value(yes, scope),
                Value::Bool(false) => self.value(no, scope),
                other => Err(no_overload("?:", &[&other])),
            },
            Kind::Loop(it) => self.comprehension(it, scope),
            Kind::Bind(name, value, body) => {
                let value = self.value(value, scope)?;
                self.value(body, &With { outer: scope, name, value })
            }
            Kind::OptMap(of, name, body, flat) => match self.value(of, scope)? {
                Value::Optional(None) => Ok(Value::Optional(None)),
                Value::Optional(Some(inner)) => {
                    let inner = With { outer: scope, name, value: (*inner).clone() };
                    let value = self.value(body, &inner)?;
                    Ok(if *flat { value } else { value.some() })
                }
                other => Err(no_overload("optMap", &[&other])),
            },
        }
    }

    /// `&&` where the answer that nothing changes is true, else `||`. A fault counts only if no other part decides.
    fn join<'a>(parts: impl Iterator<Item = Evaluated<'a>>, neutral: bool) -> Evaluated<'a> {
        let mut fault: Option<Fault> = None;
        let mut note = |new: Fault| {
            fault = Some(match fault.take() {
                Some(old) => old.or(new),
                None => new,
            });
        };
        for part in parts {
            match part {
                Ok(Value::Bool(answer)) if answer != neutral => return Ok(Value::Bool(answer)),
                Ok(Value::Bool(_)) => {}
                Ok(other) => note(no_overload(if neutral { "&&" } else { "||" }, &[&other])),
                Err(Fault::TooCostly) => return Err(Fault::TooCostly),
                Err(new) => note(new),
            }
        }
        fault.map_or(Ok(Value::Bool(neutral)), Err)
    }

    fn select<'a>(
        &self,
        of: &'a Expr,
        field: &SmolStr,
        optional: bool,
        scope: &dyn Scope<'a>,
    ) -> Evaluated<'a> {
        if let Kind::Name(name) = &of.kind
            && let Some(value) = scope.member(name, field)
        {
            return if optional { value.map(Value::some) } else { value };
        }
        let of = self.value(of, scope)?;
        let found = of.select(field)?;
        if optional || matches!(of, Value::Optional(_)) {
            return Ok(Value::Optional(found.map(Arc::new)));
        }
        found.map_or_else(|| no_key(field), Ok)
    }

    fn index<'a>(&self, of: &'a Expr, key: &'a Expr, optional: bool, scope: &dyn Scope<'a>) -> Evaluated<'a> {
        let of = self.value(of, scope)?;
        let key = self.value(key, scope)?;
        let (of, optional) = match of {
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => ((*inner).clone(), true),
            other => (other, optional),
        };
        let (found, words) = match &of {
            Value::List(list) => {
                let index = match &key {
                    Value::Int(index) => usize::try_from(*index).ok(),
                    Value::Uint(index) => usize::try_from(*index).ok(),
                    Value::Double(index) if index.fract() == 0.0 && *index >= 0.0 => Some(*index as usize),
                    _ => return Err(no_overload("[]", &[&of, &key])),
                };
                (index.and_then(|index| list.get(index)), "index out of bounds".to_owned())
            }
            Value::Map(map) => {
                self.budget.spend(map.len() / 10)?;
                let name = match &key {
                    Value::Text(text) => text.to_string(),
                    other => other.type_name().to_owned(),
                };
                (map.get(&key), format!("no such key: {name}"))
            }
            _ => return Err(no_overload("[]", &[&of, &key])),
        };
        if optional {
            return Ok(Value::Optional(found.map(Arc::new)));
        }
        found.ok_or_else(|| Fault::failed(words))
    }

    fn call<'a>(
        &self,
        target: Option<&'a Expr>,
        name: &SmolStr,
        arguments: &'a [Expr],
        scope: &dyn Scope<'a>,
    ) -> Evaluated<'a> {
        // `optional.of(...)`, `math.greatest(...)`: functions with a dot in their name.
        if let Some(Expr { kind: Kind::Name(space), .. }) = target
            && functions::is_space(space)
            && scope.variable(space).is_none()
        {
            let arguments = self.values(arguments, scope)?;
            let name = format!("{space}.{name}");
            return functions::call(&name, None, &arguments, self.budget);
        }
        let target = target.map(|target| self.value(target, scope)).transpose()?;
        // What `or` and `orValue` do not need is not computed.
        if let (Some(Value::Optional(inner)), [other]) = (&target, arguments) {
            match (name.as_str(), inner) {
                ("or", Some(_)) => return Ok(Value::Optional(inner.clone())),
                ("orValue", Some(inner)) => return Ok((**inner).clone()),
                ("or" | "orValue", None) => return self.value(other, scope),
                _ => {}
            }
        }
        let arguments = self.values(arguments, scope)?;
        if let Some(value) = scope.call(name, target.as_ref(), &arguments) {
            return value;
        }
        functions::call(name, target.as_ref(), &arguments, self.budget)
    }

    fn values<'a>(&self, exprs: &'a [Expr], scope: &dyn Scope<'a>) -> Result<Vec<Value<'a>>, Fault> {
        exprs.iter().map(|expr| self.value(expr, scope)).collect()
    }

    fn binary<'a>(&self, op: Op, left: &Value<'a>, right: &Value<'a>) -> Evaluated<'a> {
        let size = |value: &Value<'_>| value.size().unwrap_or(0);
        match op {
            Op::Equal | Op::NotEqual => {
                self.budget.spend(size(left).min(size(right)) / 10)?;
                self.budget.spend_comparing(left, right)?;
                Ok(Value::Bool(left.equals(right) == (op == Op::Equal)))
            }
            Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual => {
                let is_nan = |value: &Value<'_>| matches!(value, Value::Double(it) if it.is_nan());
                if is_nan(left) || is_nan(right) {
                    return Ok(Value::Bool(false));
                }
                let order = left.compare(right).ok_or_else(|| no_overload("<", &[left, right]))?;
                Ok(Value::Bool(match op {
                    Op::Less => order.is_lt(),
                    Op::LessEqual => order.is_le(),
                    Op::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }))
            }
            Op::In => match right {
                Value::List(list) => {
                    self.budget.spend(list.len())?;
                    if matches!(left, Value::List(_) | Value::Map(_) | Value::Optional(_)) {
                        self.budget.spend_searching(list, 10)?;
                    }
                    Ok(Value::Bool(list.iter().any(|item| item.equals(left))))
                }
                Value::Map(map) => {
                    self.budget.spend(map.len() / 10)?;
                    Ok(Value::Bool(map.get(left).is_some()))
                }
                _ => Err(no_overload("in", &[left, right])),
            },
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Modulo => {
                self.budget.spend((size(left) + size(right)) / 10)?;
                functions::arithmetic(op, left, right)
                    .unwrap_or_else(|| Err(no_overload("arithmetic", &[left, right])))
            }
        }
    }

    fn comprehension<'a>(&self, it: &'a Loop, scope: &dyn Scope<'a>) -> Evaluated<'a> {
        let target = self.value(&it.target, scope)?;
        let pairs: Vec<(Value<'a>, Value<'a>)> = match &target {
            Value::List(list) => {
                list.iter().enumerate().map(|(index, item)| (Value::Int(index as i64), item)).collect()
            }
            Value::Map(map) => map.iter().collect(),
            other => return Err(no_overload("a macro", &[other])),
        };
        let is_map = matches!(target, Value::Map(_));
        let with = |expr: &'a Expr, key: &Value<'a>, value: &Value<'a>| {
            self.budget.spend(1)?;
            match &it.second {
                Some(second) => {
                    let outer = With { outer: scope, name: &it.first, value: key.clone() };
                    self.value(expr, &With { outer: &outer, name: second, value: value.clone() })
                }
                None => {
                    let value = if is_map { key.clone() } else { value.clone() };
                    self.value(expr, &With { outer: scope, name: &it.first, value })
                }
            }
        };
        match it.what {
            Macro::All | Macro::Exists => {
                Self::join(pairs.iter().map(|(key, value)| with(&it.body, key, value)), it.what == Macro::All)
            }
            Macro::ExistsOne => {
                let mut count = 0;
                for (key, value) in &pairs {
                    count += usize::from(truth(with(&it.body, key, value)?)?);
                }
                Ok(Value::Bool(count == 1))
            }
            Macro::Filter => {
                let mut kept = Vec::new();
                for (key, value) in &pairs {
                    if truth(with(&it.body, key, value)?)? {
                        kept.push(if is_map { key.clone() } else { value.clone() });
                    }
                }
                Ok(Value::list(kept))
            }
            Macro::Map | Macro::TransformList => {
                let mut made = Vec::new();
                for (key, value) in &pairs {
                    if Self::wanted(it, &with, key, value)? {
                        made.push(with(&it.body, key, value)?);
                    }
                }
                Ok(Value::list(made))
            }
            Macro::TransformMap | Macro::TransformMapEntry => {
                let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::new();
                for (key, value) in &pairs {
                    if !Self::wanted(it, &with, key, value)? {
                        continue;
                    }
                    let new = with(&it.body, key, value)?;
                    if it.what == Macro::TransformMap {
                        made.push((key.clone(), new));
                        continue;
                    }
                    let Value::Map(entries) = new else {
                        return Err(no_overload("transformMapEntry", &[&new]));
                    };
                    for (key, value) in entries.iter() {
                        self.budget.spend(made.len())?;
                        if made.iter().any(|(known, _)| known.equals(&key)) {
                            return Err(Fault::failed("insert failed: key already exists"));
                        }
                        made.push((key, value));
                    }
                }
                Ok(Value::Map(Map::Made(Arc::new(made))))
            }
            Macro::SortBy => {
                let mut keyed = Vec::new();
                for (key, value) in &pairs {
                    keyed.push((with(&it.body, key, value)?, value.clone()));
                }
                self.budget.spend(keyed.len() * 8)?;
                let keys: Vec<Value<'a>> = keyed.iter().map(|(key, _)| key.clone()).collect();
                functions::check_order(&keys)?;
                keyed.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(std::cmp::Ordering::Equal));
                Ok(Value::List(List::Made(Arc::new(keyed.into_iter().map(|(_, value)| value).collect()))))
            }
        }
    }

    fn wanted<'a>(
        it: &'a Loop,
        with: &dyn Fn(&'a Expr, &Value<'a>, &Value<'a>) -> Evaluated<'a>,
        key: &Value<'a>,
        value: &Value<'a>,
    ) -> Result<bool, Fault> {
        it.filter.as_ref().map_or(Ok(true), |filter| truth(with(filter, key, value)?))
    }
}

fn truth(value: Value<'_>) -> Result<bool, Fault> {
    match value {
        Value::Bool(flag) => Ok(flag),
        other => Err(no_overload("a condition", &[&other])),
    }
}

fn overflow() -> Fault {
    Fault::failed("integer overflow")
}

fn is_type(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "int"
            | "uint"
            | "double"
            | "string"
            | "bytes"
            | "list"
            | "map"
            | "null_type"
            | "type"
            | "dyn"
    )
}
