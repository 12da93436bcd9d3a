//! Expressions: pipelines, commands, fields, functions, arguments.
//!
//! Mirrors the `eval` functions of `text/template/exec.go`. What Go's reflection knows of a value's static type is kept
//! where its errors tell: whether a value is untyped nil, or sits in an `interface {}`.

use crate::finding::Cause;
use crate::origin::{Name, OriginId};

use super::ast::{Bytes, Command, Expr, ExprKind, NodeRef, Pipe, node_string};
use super::exec::{Call, MissingKey, Result};
use super::function::{Function, Param};
use super::map::MapKind;
use super::value::{Data, Elem, IntKind, Value};
use super::walk::State;

static METHOD: &str = "method";

/// What Go knows of a value beside what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Static {
    /// The zero `reflect.Value`: untyped nil.
    Invalid,
    /// Held by an `interface {}`, nil possibly.
    Interface,
    /// Of its own type.
    Concrete,
}

#[derive(Clone)]
pub(super) struct Rv {
    pub(super) value: Value,
    pub(super) known: Static,
}

impl Rv {
    /// What is in an interface; nil becomes the invalid value.
    pub(super) fn unwrapped(value: Value) -> Self {
        let known = if value.is_nil() { Static::Invalid } else { Static::Concrete };
        Self { value, known }
    }

    pub(super) fn interface(value: Value) -> Self {
        Self { value, known: Static::Interface }
    }

    pub(super) fn is_nil_interface(&self) -> bool {
        self.known == Static::Interface && self.value.is_nil()
    }

    pub(super) fn type_name(&self) -> String {
        if self.known == Static::Interface { "interface {}".into() } else { self.value.type_name() }
    }
}

impl<'t> State<'_, '_, 't> {
    pub(super) fn pipeline(&mut self, dot: &Rv, pipe: &'t Pipe) -> Result<Rv> {
        self.at(NodeRef::Pipe(pipe));
        let mut last: Option<Rv> = None;
        for command in &pipe.commands {
            let value = self.command(dot, command, last.take())?;
            // What is in an interface counts, not that it is.
            last = Some(if value.known == Static::Interface { Rv::unwrapped(value.value) } else { value });
        }
        let value = last.unwrap_or(Rv { value: Value::NIL, known: Static::Invalid });
        for name in &pipe.decl {
            if pipe.assign {
                self.set_var(name, value.clone())?;
            } else {
                self.vars.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    fn not_a_function(&self, args: &[Expr], last: Option<&Rv>) -> Result<()> {
        if args.len() > 1 || last.is_some() {
            let shown =
                args.first().map(|arg| node_string(self.tree, &NodeRef::Expr(arg))).unwrap_or_default();
            return self.error(format!("can't give argument to non-function {shown}"));
        }
        Ok(())
    }

    fn command(&mut self, dot: &Rv, command: &'t Command, last: Option<Rv>) -> Result<Rv> {
        let Some(first) = command.args.first() else { return Ok(Rv::unwrapped(Value::NIL)) };
        let rest = command.args.get(1..).unwrap_or_default();
        match &first.kind {
            ExprKind::Field => {
                self.at(NodeRef::Expr(first));
                let names = self.tree.slice(&first.span);
                self.fields(dot, dot.clone(), names, NodeRef::Expr(first), rest, last)
            }
            ExprKind::Chain(chain) => self.chain(dot, first, chain, rest, last),
            ExprKind::Identifier => {
                self.at(NodeRef::Expr(first));
                let name = self.tree.slice(&first.span);
                self.function(dot, name, NodeRef::Command(command), rest, last)
            }
            ExprKind::Pipe(pipe) => {
                self.not_a_function(&command.args, last.as_ref())?;
                self.nested(dot, pipe)
            }
            ExprKind::Variable => self.variable(dot, first, &command.args, last),
            other => {
                self.at(NodeRef::Expr(first));
                self.not_a_function(&command.args, last.as_ref())?;
                match other {
                    ExprKind::Dot => Ok(dot.clone()),
                    ExprKind::Nil => self.error("nil is not a command"),
                    _ => self.constant(first),
                }
            }
        }
    }

    fn nested(&mut self, dot: &Rv, pipe: &'t Pipe) -> Result<Rv> {
        self.nest(|state| state.pipeline(dot, pipe))
    }

    fn chain(
        &mut self,
        dot: &Rv,
        expr: &'t Expr,
        (inner, names): &'t (Expr, Bytes),
        rest: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Rv> {
        self.at(NodeRef::Expr(expr));
        let receiver = self.argument(dot, None, inner)?;
        let names = self.tree.slice(names);
        self.fields(dot, receiver, names, NodeRef::Expr(expr), rest, last)
    }

    fn variable(&mut self, dot: &Rv, expr: &'t Expr, args: &'t [Expr], last: Option<Rv>) -> Result<Rv> {
        self.at(NodeRef::Expr(expr));
        let names = self.tree.slice(&expr.span);
        let (name, fields) = names.split_at(name_len(names));
        let Some((_, value)) = self.vars.iter().rev().find(|(known, _)| known == name) else {
            return self.error(format!("undefined variable: {name}"));
        };
        let value = value.clone();
        if fields.is_empty() {
            self.not_a_function(args, last.as_ref())?;
            return Ok(value);
        }
        self.fields(dot, value, fields, NodeRef::Expr(expr), args.get(1..).unwrap_or_default(), last)
    }

    /// `names`: `.a.b`
    fn fields(
        &mut self,
        dot: &Rv,
        mut receiver: Rv,
        names: &str,
        node: NodeRef<'t>,
        rest: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Rv> {
        let mut names = names;
        while let Some(behind) = names.strip_prefix('.') {
            let (name, more) = behind.split_at(name_len(behind));
            if more.is_empty() {
                return self.field(dot, name, node, rest, last, receiver);
            }
            receiver = self.field(dot, name, node, &[], None, receiver)?;
            names = more;
        }
        Ok(receiver)
    }

    fn field(
        &mut self,
        dot: &Rv,
        name: &str,
        node: NodeRef<'t>,
        rest: &'t [Expr],
        last: Option<Rv>,
        receiver: Rv,
    ) -> Result<Rv> {
        if receiver.known == Static::Invalid {
            if self.exec.missing_key == MissingKey::Error {
                return self.error(format!("nil data; no entry for key {}", crate::yaml::go_quote(name)));
            }
            return Ok(receiver);
        }
        if receiver.is_nil_interface() {
            let words = format!("nil pointer evaluating interface {{}}.{name}");
            return self.error_because(Cause::NilPointer, words);
        }
        let has_args = !rest.is_empty() || last.is_some();
        match &receiver.value.data {
            Data::Map(map) => {
                if let Some(result) = super::builtins::map_method(map, name) {
                    return Ok(Rv::unwrapped(result));
                }
                if has_args {
                    return self.error(format!("{name} is not a method but has arguments"));
                }
                match (map.get(name), map.kind()) {
                    (Some(value), _) => Ok(Rv::interface(value)),
                    (None, _) if self.exec.missing_key == MissingKey::Error => {
                        let words = format!("map has no entry for key {}", crate::yaml::go_quote(name));
                        self.error_because(Cause::MissingKey { key: name.into() }, words)
                    }
                    (None, _) if self.exec.missing_key == MissingKey::Invalid => {
                        Ok(Rv { value: Value::NIL, known: Static::Invalid })
                    }
                    // The zero value of the element type.
                    (None, super::map::MapKind::String) => Ok(Rv::unwrapped(Value::str(""))),
                    (None, _) => Ok(Rv::interface(Value::NIL)),
                }
            }
            Data::Object(object) => {
                let object = std::rc::Rc::clone(object);
                if !has_args && let Some(value) = object.field(name) {
                    return Ok(Rv::interface(value));
                }
                let args = self.method_args(dot, name, object.params(name), node, rest, last)?;
                let (at, frame) = (self.action, self.frame);
                let mut call = Call { exec: self.exec, name: Name::new(&METHOD), at, frame };
                match object.method(name, &args, &mut call) {
                    Some(Ok(value)) => Ok(Rv::unwrapped(value)),
                    Some(Err(failure)) => {
                        self.at(node);
                        Err(self.locate(failure.wrap(&format!("error calling {name}: "))))
                    }
                    None => self.no_such_field(name, &receiver),
                }
            }
            Data::List(super::value::List { items, elem: Elem::Named(named) }) => {
                let Some(method) = named.methods.iter().find(|method| method.name == name) else {
                    return self.error(format!("can't evaluate field {name} in type {}", named.name));
                };
                let items = std::rc::Rc::clone(items);
                let args = self.method_args(dot, name, Some(method.params), node, rest, last)?;
                Ok(Rv::unwrapped((method.run)(&items, &args)))
            }
            Data::Int(value, kind @ (IntKind::Duration | IntKind::Month)) => {
                match super::builtins::duration_method(*value, *kind, name) {
                    Some(result) => Ok(Rv::unwrapped(result)),
                    None => self.no_such_field(name, &receiver),
                }
            }
            _ => self.no_such_field(name, &receiver),
        }
    }

    /// The arguments of a method, counted and checked where it is known what it takes.
    fn method_args(
        &mut self,
        dot: &Rv,
        name: &str,
        params: Option<&[Param]>,
        node: NodeRef<'t>,
        rest: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Vec<Value>> {
        let count = rest.len() + usize::from(last.is_some());
        if let Some(params) = params.filter(|params| params.len() != count) {
            self.at(node);
            let wanted = params.len();
            return self.error(format!("wrong number of args for {name}: want {wanted} got {count}"));
        }
        let param = |index: usize| params.and_then(|params| params.get(index)).copied();
        let mut args = Vec::with_capacity(count);
        for (index, arg) in rest.iter().enumerate() {
            args.push(self.argument(dot, param(index).or(Some(Param::Any)), arg)?.value);
        }
        if let Some(last) = last {
            args.push(self.validate(last, param(count - 1))?.value);
        }
        Ok(args)
    }

    fn function(
        &mut self,
        dot: &Rv,
        name: &str,
        node: NodeRef<'t>,
        rest: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Rv> {
        let Some(function) = self.exec.functions.get(name) else {
            return self.error(format!("{} is not a defined function", crate::yaml::go_quote(name)));
        };
        let count = rest.len() + usize::from(last.is_some());
        let fixed = function.params.len();
        if function.variadic.is_some() {
            if count < fixed {
                return self.error(format!(
                    "wrong number of args for {name}: want at least {fixed} got {}",
                    rest.len()
                ));
            }
        } else if count != fixed {
            return self.error(format!("wrong number of args for {name}: want {fixed} got {count}"));
        }
        if matches!(function.name, "and" | "or") {
            return self.short_circuit(dot, function, rest, last);
        }
        let mut is_zero = false;
        let mut args = Vec::with_capacity(count);
        for (index, arg) in rest.iter().enumerate() {
            let param = function.params.get(index).copied().or(function.variadic);
            let value = self.argument(dot, param, arg)?;
            is_zero |= value.known == Static::Invalid;
            args.push(value.value);
        }
        if let Some(last) = last {
            is_zero |= last.known == Static::Invalid;
            let param = match function.variadic {
                Some(variadic) => function.params.get(count - 1).copied().unwrap_or(variadic),
                None => function.params.last().copied().unwrap_or(Param::Any),
            };
            args.push(self.validate(last, Some(param))?.value);
        }
        if is_zero && function.name == "len" {
            // What is nil without a type does not even get to the question how long it is.
            let words = "error calling len: reflect: call of reflect.Value.Type on zero Value";
            self.at(node);
            return self.error(words);
        }
        let (at, frame) = (self.action, self.frame);
        let mut call = Call { exec: self.exec, name: Name::new(&function.name), at, frame };
        match (function.run)(&mut call, &args) {
            Ok(value) => {
                let value = traced(&mut call, value, &args);
                match self.exec.charge(&args, &value) {
                    Ok(()) => Ok(Rv::unwrapped(value)),
                    Err(failure) => {
                        self.at(node);
                        Err(self.locate(failure.wrap(&format!("error calling {name}: "))))
                    }
                }
            }
            Err(failure) => {
                self.at(node);
                Err(self.locate(failure.wrap(&format!("error calling {name}: "))))
            }
        }
    }

    fn short_circuit(
        &mut self,
        dot: &Rv,
        function: &Function,
        rest: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Rv> {
        let stops_at = function.name == "or";
        let mut value = Rv::unwrapped(Value::NIL);
        let mut inputs = Vec::new();
        for arg in rest {
            value = self.argument(dot, Some(Param::Any), arg)?;
            inputs.push(value.value.origin);
            if value.value.truth() == stops_at {
                return Ok(self.decided_by(stops_at, value, inputs));
            }
        }
        let value = match last {
            Some(last) => {
                inputs.push(last.value.origin);
                last
            }
            None => value,
        };
        Ok(self.decided_by(stops_at, value, inputs))
    }

    /// A truth that several values decided. What is more than a truth stays the one value that it is.
    fn decided_by(&mut self, is_or: bool, mut value: Rv, mut inputs: Vec<OriginId>) -> Rv {
        static AND: &str = "and";
        static OR: &str = "or";
        if inputs.len() > 1 && matches!(value.value.data, Data::Bool(_)) {
            inputs.reverse();
            let (at, frame) = (self.action, self.frame);
            let name = Name::new(if is_or { &OR } else { &AND });
            let mut call = Call { exec: self.exec, name, at, frame };
            value.value.origin = call.computed(&inputs);
        }
        value
    }

    fn validate(&mut self, value: Rv, param: Option<Param>) -> Result<Rv> {
        let Some(param) = param else { return Ok(value) };
        match value.known {
            Static::Invalid if param.can_be_nil() => Ok(value),
            Static::Invalid => self.error(format!("invalid value; expected {}", param.name())),
            _ if value.value.is_nil() && param == Param::Any => Ok(value),
            _ if !value.value.is_nil() && param.accepts(&value.value) => Ok(passed(value, param)),
            _ => {
                let got =
                    if value.value.is_nil() { "interface {}".to_owned() } else { value.value.type_name() };
                self.error(format!("wrong type for value; expected {}; got {got}", param.name()))
            }
        }
    }

    fn argument(&mut self, dot: &Rv, param: Option<Param>, expr: &'t Expr) -> Result<Rv> {
        self.step()?;
        self.at(NodeRef::Expr(expr));
        let value = match &expr.kind {
            ExprKind::Dot => dot.clone(),
            ExprKind::Nil => {
                let can = param.is_none_or(Param::can_be_nil);
                if !can {
                    let name = param.map_or("", Param::name);
                    return self.error(format!("cannot assign nil to {name}"));
                }
                return Ok(Rv::unwrapped(Value::NIL));
            }
            ExprKind::Field => {
                let names = self.tree.slice(&expr.span);
                self.fields(dot, dot.clone(), names, NodeRef::Expr(expr), &[], None)?
            }
            ExprKind::Variable => self.variable(dot, expr, &[], None)?,
            ExprKind::Pipe(pipe) => self.nested(dot, pipe)?,
            ExprKind::Identifier => {
                let name = self.tree.slice(&expr.span);
                self.function(dot, name, NodeRef::Expr(expr), &[], None)?
            }
            ExprKind::Chain(chain) => self.chain(dot, expr, chain, &[], None)?,
            ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {
                return self.literal_for(expr, param);
            }
        };
        self.validate(value, param)
    }
}

/// A value as the parameter has it: a named map is a plain one where that is wanted.
fn passed(value: Rv, param: Param) -> Rv {
    match &value.value.data {
        Data::Map(map) if param == Param::Map && map.kind() != MapKind::Any => {
            Rv { value: Value::map(map.with_kind(MapKind::Any)).at(value.value.origin), ..value }
        }
        _ => value,
    }
}

/// Bytes up to the next point: names are too short for a search that first looks at how to search.
fn name_len(names: &str) -> usize {
    names.bytes().take_while(|byte| *byte != b'.').count()
}

/// Scalars that a function made get its call as their origin, with the arguments as inputs.
fn traced(call: &mut Call<'_, '_>, value: Value, args: &[Value]) -> Value {
    if !value.origin.is_written() {
        return value;
    }
    match &value.data {
        Data::Nil | Data::List(_) | Data::Map(_) | Data::Object(_) => return value,
        Data::Text(text) if text.runs().iter().any(|run| !run.origin.is_written()) => return value,
        _ => {}
    }
    let mut inputs: Vec<OriginId> = Vec::new();
    for arg in args {
        match &arg.data {
            Data::Text(text) => inputs.extend(text.origins().into_iter().take(8)),
            _ => inputs.push(arg.origin),
        }
    }
    let origin = call.computed(&inputs);
    match &value.data {
        Data::Text(text) => Value::text(text.with_origin(origin)),
        _ => value.at(origin),
    }
}
