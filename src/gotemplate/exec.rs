//! Executes templates.
//!
//! Mirrors `text/template/exec.go` with `missingkey=zero`. What Go's reflection knows of a value's static type is
//! kept where its errors tell: whether a value is untyped nil, or sits in an `interface {}`.

use std::any::Any;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::origin::{Name, Origin, OriginId, Origins, Step, Text};
use crate::source::Span;

use super::ast::{Branch, Bytes, Command, Expr, ExprKind, Node, NodeRef, Number, Pipe, Tree, node_string};
use super::failure::Failure;
use super::function::{FuncMap, Function, Param};
use super::parse::parse;
use super::value::{Data, IntKind, Value};

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Templates by name.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    trees: FxHashMap<SmolStr, (Arc<Tree>, Option<Arc<Text>>)>,
}

impl Templates {
    /// Adds templates of one text. One that is empty does not replace one that is not.
    ///
    /// Mirrors `Template.AddParseTree`.
    pub fn add(&mut self, trees: Vec<Arc<Tree>>) {
        self.add_from(trees, None);
    }

    fn add_from(&mut self, trees: Vec<Arc<Tree>>, source: Option<&Arc<Text>>) {
        for tree in trees {
            let keeps = tree.is_empty() && self.trees.contains_key(&tree.name);
            if !keeps {
                self.trees.insert(tree.name.clone(), (tree, source.cloned()));
            }
        }
    }

    fn get(&self, name: &str) -> Option<(Arc<Tree>, Option<Arc<Text>>)> {
        self.trees.get(name).cloned()
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }
}

/// Bounds of an execution.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes executed.
    pub steps: u64,
    /// Bytes printed, those of captured text included.
    pub bytes: u64,
    /// Nested template calls.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 20_000_000, bytes: 256 << 20, depth: 5_000 }
    }
}

/// An execution: what all templates of one render share.
pub struct Exec<'a> {
    /// Where origins go.
    pub origins: &'a mut Origins,
    /// The templates.
    pub templates: Templates,
    /// What the functions of the host need.
    pub host: Box<dyn Any>,
    functions: &'a FuncMap,
    limits: Limits,
    steps: u64,
    bytes: u64,
    depth: usize,
}

/// What a function sees of its caller.
pub struct Call<'c, 'a> {
    /// The execution.
    pub exec: &'c mut Exec<'a>,
    /// The function's name.
    pub name: Name,
    /// The action that calls.
    pub at: Option<Span>,
    /// The frame it runs in.
    pub frame: OriginId,
}

impl Call<'_, '_> {
    /// A computed origin: the result of this call made from values.
    pub fn computed(&mut self, inputs: &[OriginId]) -> OriginId {
        self.exec
            .origins
            .add_joined(Origin { at: self.at, ..Origin::nowhere(Step::Computed(self.name)) }, inputs)
    }

    /// Executes another template with data, as a frame of this call.
    ///
    /// # Errors
    ///
    /// If there is no such template, and whatever its execution fails of.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<Text, Failure> {
        let frame = self.frame_here();
        self.exec.execute_in(name, data, frame)
    }

    fn frame_here(&mut self) -> OriginId {
        let origin = Origin { at: self.at, ..Origin::nowhere(Step::Included) }.under(self.frame);
        self.exec.origins.add(origin)
    }

    /// Parses text as a template of some name and executes it. Templates that it defines are gone afterwards.
    ///
    /// # Errors
    ///
    /// If it does not parse, with the parser's words in the first place; and whatever its execution fails of in the
    /// second.
    pub fn execute_text(&mut self, name: &str, text: &Text, data: &Value) -> Result<Text, (bool, Failure)> {
        let source: Arc<str> = text.as_str().into();
        let functions = self.exec.functions;
        let trees = parse(name, &source, None, &|name| functions.get(name).is_some())
            .map_err(|error| (true, Failure::new(error.message)))?;
        let saved = self.exec.templates.clone();
        let from = Arc::new(text.clone());
        self.exec.templates.add_from(trees, Some(&from));
        let frame = self.frame_here();
        let result = self.exec.execute_in(name, data, frame);
        self.exec.templates = saved;
        result.map_err(|failure| (false, failure))
    }
}

static METHOD: &str = "method";

impl<'a> Exec<'a> {
    /// An execution of templates with functions.
    pub fn new(
        origins: &'a mut Origins,
        templates: Templates,
        functions: &'a FuncMap,
        host: Box<dyn Any>,
        limits: Limits,
    ) -> Self {
        Self { origins, templates, host, functions, limits, steps: 0, bytes: 0, depth: 0 }
    }

    /// Executes a template with data.
    ///
    /// # Errors
    ///
    /// If there is no such template, and whatever its execution fails of.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<Text, Failure> {
        self.execute_in(name, data, OriginId::WRITTEN)
    }

    fn execute_in(&mut self, name: &str, data: &Value, frame: OriginId) -> Result<Text, Failure> {
        let Some((tree, source)) = self.templates.get(name) else {
            let quoted = crate::yaml::go_quote(name);
            return Err(Failure::new(format!(
                "template: no template {quoted} associated with template \"gotpl\""
            )));
        };
        let dot = Rv::unwrapped(data.clone());
        let mut out = Text::new();
        self.run(&tree, source.as_ref(), dot, frame, &mut out)?;
        Ok(out)
    }

    fn run(
        &mut self,
        tree: &Arc<Tree>,
        source: Option<&Arc<Text>>,
        dot: Rv,
        frame: OriginId,
        out: &mut Text,
    ) -> Result<(), Failure> {
        if self.depth >= self.limits.depth {
            return Err(Failure::limit(format!("exceeded maximum template depth ({})", self.limits.depth)));
        }
        self.depth += 1;
        let vars = vec![(SmolStr::new_static("$"), dot.clone())];
        let mut state = State { exec: self, tree, source, vars, node: None, frame, action: None };
        // A chart may nest includes a thousand deep, which no fixed stack holds.
        let result = stacker::maybe_grow(256 << 10, 4 << 20, || state.walk_list(&dot, &tree.root, out));
        self.depth -= 1;
        result.map(|_| ())
    }
}

/// What Go knows of a value beside what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Static {
    /// The zero `reflect.Value`: untyped nil.
    Invalid,
    /// Held by an `interface {}`, nil possibly.
    Interface,
    /// Of its own type.
    Concrete,
}

#[derive(Clone)]
struct Rv {
    value: Value,
    known: Static,
}

impl Rv {
    /// What is in an interface; nil becomes the invalid value.
    fn unwrapped(value: Value) -> Self {
        let known = if value.is_nil() { Static::Invalid } else { Static::Concrete };
        Self { value, known }
    }

    fn interface(value: Value) -> Self {
        Self { value, known: Static::Interface }
    }

    fn is_nil_interface(&self) -> bool {
        self.known == Static::Interface && self.value.is_nil()
    }

    fn type_name(&self) -> String {
        if self.known == Static::Interface { "interface {}".into() } else { self.value.type_name() }
    }
}

#[derive(PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

struct State<'e, 'a, 't> {
    exec: &'e mut Exec<'a>,
    tree: &'t Tree,
    /// Where a text that is no file comes from.
    source: Option<&'t Arc<Text>>,
    vars: Vec<(SmolStr, Rv)>,
    node: Option<NodeRef<'t>>,
    frame: OriginId,
    /// The action being executed.
    action: Option<Span>,
}

impl<'t> State<'_, '_, 't> {
    fn at(&mut self, node: NodeRef<'t>) {
        self.node = Some(node);
    }

    fn error<T>(&self, words: impl Into<String>) -> Result<T> {
        Err(self.locate(Failure::new(words)))
    }

    /// Puts the place of the current node in front of an error.
    fn locate(&self, mut failure: Failure) -> Failure {
        let Some(node) = &self.node else {
            failure.message = format!("template: {}: {}", self.tree.name, failure.message);
            failure.located = true;
            return failure;
        };
        let pos = node.pos() as usize;
        let before = self.tree.text.get(..pos).unwrap_or_default();
        let column = before.rfind('\n').map_or(pos, |newline| pos - newline - 1);
        let line = 1 + before.matches('\n').count();
        let context = node_string(self.tree, node);
        let name = crate::yaml::go_quote(&self.tree.name);
        failure.message = format!(
            "template: {}:{line}:{column}: executing {name} at <{context}>: {}",
            self.tree.parse_name, failure.message
        );
        failure.located = true;
        let span = self.span(&node.span()).or(self.action);
        failure.trace.extend(span);
        failure
    }

    /// The place of some bytes of the template.
    fn span(&self, bytes: &Bytes) -> Option<Span> {
        if let Some(file) = self.tree.file {
            return Some(Span::new(file, bytes.start, bytes.end));
        }
        let source = self.source?;
        let origin = source.slice(bytes.start as usize..bytes.end as usize).first_origin();
        let mut origin = self.exec.origins.get(origin)?;
        // Text that was printed into another text leads to what was printed.
        while origin.by == Step::Templated && !origin.from.is_written() {
            origin = self.exec.origins.get(origin.from)?;
        }
        origin.at
    }

    fn step(&mut self) -> Result<()> {
        self.exec.steps += 1;
        if self.exec.steps > self.exec.limits.steps {
            let words = format!("gave up after {} steps of execution", self.exec.limits.steps);
            return Err(self.locate(Failure::limit(words)));
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.exec.bytes += bytes as u64;
        if self.exec.bytes > self.exec.limits.bytes {
            let words = format!("gave up after {} bytes of output", self.exec.limits.bytes);
            return Err(self.locate(Failure::limit(words)));
        }
        Ok(())
    }

    fn walk_list(&mut self, dot: &Rv, list: &'t [Node], out: &mut Text) -> Result<Flow> {
        for node in list {
            let flow = self.walk(dot, node, out)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn walk(&mut self, dot: &Rv, node: &'t Node, out: &mut Text) -> Result<Flow> {
        self.step()?;
        match node {
            Node::Text(range) => self.literal(range, out)?,
            Node::Action { span, pipe } => {
                self.action = self.span(span);
                let value = self.pipeline(dot, pipe)?;
                if pipe.decl.is_empty() {
                    self.print(&value.value, out)?;
                }
            }
            Node::If(branch) => return self.branch(dot, branch, false, out),
            Node::With(branch) => return self.branch(dot, branch, true, out),
            Node::Range(branch) => self.range(dot, branch, out)?,
            Node::Template { span, name, pipe, .. } => {
                self.at(NodeRef::Template(node));
                self.action = self.span(span);
                self.template(dot, name, pipe.as_ref(), out)?;
            }
            Node::Break { .. } => return Ok(Flow::Break),
            Node::Continue { .. } => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn literal(&mut self, range: &Bytes, out: &mut Text) -> Result<()> {
        let text = self.tree.slice(range);
        self.count(text.len())?;
        if let Some(file) = self.tree.file {
            let at = Span::new(file, range.start, range.end);
            let origin = self.exec.origins.add(Origin::new(at, Step::TemplateText).under(self.frame));
            out.push_str(text, origin);
        } else if let Some(source) = self.source {
            out.push_range(source, range.start as usize..range.end as usize);
        } else {
            out.push_str(text, OriginId::WRITTEN);
        }
        Ok(())
    }

    /// Prints a value. Pieces that other templates printed are passed on; values get this action as their step.
    fn print(&mut self, value: &Value, out: &mut Text) -> Result<()> {
        value.touch_all();
        let text = super::fmt::printed(value);
        self.count(text.len())?;
        let mut last: Option<(OriginId, OriginId)> = None;
        for (range, run) in text.pieces() {
            let piece = text.as_str().get(range).unwrap_or_default();
            let is_printed = self
                .exec
                .origins
                .get(run.origin)
                .is_some_and(|origin| matches!(origin.by, Step::Templated | Step::TemplateText));
            let origin = match last {
                _ if is_printed => run.origin,
                Some((from, wrapped)) if from == run.origin => wrapped,
                _ => {
                    let step = Origin { at: self.action, ..Origin::nowhere(Step::Templated) };
                    let wrapped = self.exec.origins.add(step.from(run.origin).under(self.frame));
                    last = Some((run.origin, wrapped));
                    wrapped
                }
            };
            out.push_part(piece, origin, run.skip);
        }
        Ok(())
    }

    fn branch(&mut self, dot: &Rv, branch: &'t Branch, is_with: bool, out: &mut Text) -> Result<Flow> {
        let mark = self.vars.len();
        self.action = self.span(&NodeRef::Pipe(&branch.pipe).span());
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = if value.value.truth() {
            let dot = if is_with { &value } else { dot };
            self.walk_list(dot, &branch.list, out)
        } else if let Some(list) = &branch.or_else {
            self.walk_list(dot, list, out)
        } else {
            Ok(Flow::Next)
        };
        self.vars.truncate(mark);
        flow
    }

    fn range(&mut self, dot: &Rv, branch: &'t Branch, out: &mut Text) -> Result<()> {
        let mark = self.vars.len();
        self.action = self.span(&NodeRef::Pipe(&branch.pipe).span());
        let value = self.pipeline(dot, &branch.pipe)?.value;
        let pipe = &branch.pipe;
        let body = self.vars.len();
        let items: Vec<(Value, Rv)> = match &value.data {
            Data::Nil => Vec::new(),
            Data::Int(count, kind) => {
                if pipe.decl.len() > 1 {
                    return self.error(format!("can't use {value} to iterate over more than one variable"));
                }
                return self.range_int(dot, branch, *count, *kind, mark, out);
            }
            Data::List(list) => {
                let is_any = list.elem == super::value::Elem::Any;
                let item = |item: &Value| match is_any {
                    true => Rv::interface(item.clone()),
                    false => Rv::unwrapped(item.clone()),
                };
                list.items
                    .iter()
                    .enumerate()
                    .map(|(index, value)| (Value::int(index as i64), item(value)))
                    .collect()
            }
            Data::Map(map) => {
                let entries = map.entries().into_iter();
                entries.map(|(key, slot)| (Value::str(key).at(slot.key), Rv::interface(slot.value))).collect()
            }
            Data::Object(object) => match object.items() {
                Some(items) => items.into_iter().map(|(key, value)| (key, Rv::unwrapped(value))).collect(),
                None => return self.error(format!("range can't iterate over {value}")),
            },
            _ => return self.error(format!("range can't iterate over {value}")),
        };
        let is_empty = items.is_empty();
        for (index, element) in items {
            if self.iteration(branch, body, index, element, out)? == Flow::Break {
                break;
            }
        }
        if is_empty {
            if let Some(list) = &branch.or_else {
                self.vars.truncate(body);
                self.walk_list(dot, list, out)?;
            }
        }
        self.vars.truncate(mark);
        Ok(())
    }

    fn range_int(
        &mut self,
        dot: &Rv,
        branch: &'t Branch,
        count: i64,
        kind: IntKind,
        mark: usize,
        out: &mut Text,
    ) -> Result<()> {
        let body = self.vars.len();
        for index in 0..count {
            let element = Rv::unwrapped(Value::of(Data::Int(index, kind)));
            if self.iteration(branch, body, Value::NIL, element, out)? == Flow::Break {
                break;
            }
        }
        if count <= 0 {
            if let Some(list) = &branch.or_else {
                self.walk_list(dot, list, out)?;
            }
        }
        self.vars.truncate(mark);
        Ok(())
    }

    fn iteration(
        &mut self,
        branch: &'t Branch,
        body: usize,
        index: Value,
        element: Rv,
        out: &mut Text,
    ) -> Result<Flow> {
        self.step()?;
        let pipe = &branch.pipe;
        let both = pipe.decl.len() > 1;
        let index = Rv::unwrapped(index);
        let first = if both { index.clone() } else { element.clone() };
        if pipe.assign {
            if let Some(name) = pipe.decl.first() {
                self.set_var(name, first)?;
            }
            if let (true, Some(name)) = (both, pipe.decl.get(1)) {
                self.set_var(name, element.clone())?;
            }
        } else {
            let top = self.vars.len();
            if let Some((_, slot)) =
                (!pipe.decl.is_empty()).then(|| self.vars.get_mut(top.wrapping_sub(1))).flatten()
            {
                *slot = element.clone();
            }
            if let Some((_, slot)) = both.then(|| self.vars.get_mut(top.wrapping_sub(2))).flatten() {
                *slot = index;
            }
        }
        let flow = self.walk_list(&element, &branch.list, out);
        self.vars.truncate(body);
        flow
    }

    fn template(&mut self, dot: &Rv, name: &str, pipe: Option<&'t Pipe>, out: &mut Text) -> Result<()> {
        let Some((tree, source)) = self.exec.templates.get(name) else {
            return self.error(format!("template {} not defined", crate::yaml::go_quote(name)));
        };
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Rv { value: Value::NIL, known: Static::Invalid },
        };
        let frame = Origin { at: self.action, ..Origin::nowhere(Step::Included) }.under(self.frame);
        let frame = self.exec.origins.add(frame);
        let result = self.exec.run(&tree, source.as_ref(), dot, frame, out);
        result.map_err(|mut failure| {
            failure.trace.extend(self.action);
            failure
        })
    }

    fn set_var(&mut self, name: &str, value: Rv) -> Result<()> {
        match self.vars.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => self.error(format!("undefined variable: {name}")),
        }
    }

    fn pipeline(&mut self, dot: &Rv, pipe: &'t Pipe) -> Result<Rv> {
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
            ExprKind::Field(names) => {
                self.at(NodeRef::Expr(first));
                self.fields(dot, dot.clone(), names, NodeRef::Expr(first), rest, last)
            }
            ExprKind::Chain(inner, names) => self.chain(dot, first, inner, names, rest, last),
            ExprKind::Identifier(name) => {
                self.at(NodeRef::Expr(first));
                self.function(dot, name, NodeRef::Command(command), rest, last)
            }
            ExprKind::Pipe(pipe) => {
                self.not_a_function(&command.args, last.as_ref())?;
                self.nested(dot, pipe)
            }
            ExprKind::Variable(names) => self.variable(dot, first, names, &command.args, last),
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
        stacker::maybe_grow(128 << 10, 2 << 20, || self.pipeline(dot, pipe))
    }

    /// A literal where no type is asked for.
    fn constant(&mut self, expr: &'t Expr) -> Result<Rv> {
        self.at(NodeRef::Expr(expr));
        let origin = match self.tree.file {
            Some(file) => {
                let at = Span::new(file, expr.span.start, expr.span.end);
                self.exec.origins.add(Origin::new(at, Step::TemplateText).under(self.frame))
            }
            None => self.source.map_or(OriginId::WRITTEN, |source| {
                source.slice(expr.span.start as usize..expr.span.end as usize).first_origin()
            }),
        };
        let value = match &expr.kind {
            ExprKind::Bool(value) => Value::of(*value),
            ExprKind::String(text) => Value::str(text.clone()),
            ExprKind::Number(number) => self.ideal(number)?,
            _ => Value::NIL,
        };
        Ok(Rv::unwrapped(value.at(origin)))
    }

    fn ideal(&self, number: &Number) -> Result<Value> {
        let text = number.text.as_str();
        let is_hex = text.starts_with("0x") || text.starts_with("0X");
        let looks_float = !is_hex && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']);
        match (number.float, number.int) {
            (Some(float), _) if looks_float => Ok(Value::of(float)),
            (_, Some(int)) => Ok(Value::int(int)),
            _ => self.error(format!("{text} overflows int")),
        }
    }

    fn chain(
        &mut self,
        dot: &Rv,
        expr: &'t Expr,
        inner: &'t Expr,
        names: &'t [SmolStr],
        rest: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Rv> {
        self.at(NodeRef::Expr(expr));
        let receiver = self.argument(dot, None, inner)?;
        self.fields(dot, receiver, names, NodeRef::Expr(expr), rest, last)
    }

    fn variable(
        &mut self,
        dot: &Rv,
        expr: &'t Expr,
        names: &'t [SmolStr],
        args: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Rv> {
        self.at(NodeRef::Expr(expr));
        let Some((name, fields)) = names.split_first() else { return Ok(Rv::unwrapped(Value::NIL)) };
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

    fn fields(
        &mut self,
        dot: &Rv,
        mut receiver: Rv,
        names: &'t [SmolStr],
        node: NodeRef<'t>,
        rest: &'t [Expr],
        last: Option<Rv>,
    ) -> Result<Rv> {
        let Some((name, before)) = names.split_last() else { return Ok(receiver) };
        for name in before {
            receiver = self.field(dot, name, node, &[], None, receiver)?;
        }
        self.field(dot, name, node, rest, last, receiver)
    }

    fn field(
        &mut self,
        dot: &Rv,
        name: &'t SmolStr,
        node: NodeRef<'t>,
        rest: &'t [Expr],
        last: Option<Rv>,
        receiver: Rv,
    ) -> Result<Rv> {
        if receiver.known == Static::Invalid {
            return Ok(receiver);
        }
        if receiver.is_nil_interface() {
            return self.error(format!("nil pointer evaluating interface {{}}.{name}"));
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
                    // The zero value of the element type.
                    (None, super::value::MapKind::String) => Ok(Rv::unwrapped(Value::str(""))),
                    (None, _) => Ok(Rv::interface(Value::NIL)),
                }
            }
            Data::Object(object) => {
                let object = std::rc::Rc::clone(object);
                if !has_args {
                    if let Some(value) = object.field(name) {
                        return Ok(Rv::interface(value));
                    }
                }
                let mut args = Vec::new();
                for arg in rest {
                    args.push(self.argument(dot, Some(Param::Any), arg)?.value);
                }
                args.extend(last.map(|last| last.value));
                let (at, frame) = (self.action, self.frame);
                let mut call = Call { exec: self.exec, name: Name::new(&METHOD), at, frame };
                match object.method(name, &args, &mut call) {
                    Some(Ok(value)) => Ok(Rv::unwrapped(value)),
                    Some(Err(failure)) => {
                        self.at(node);
                        Err(self.locate(failure.wrap(&format!("error calling {name}: "))))
                    }
                    None => {
                        self.error(format!("can't evaluate field {name} in type {}", receiver.type_name()))
                    }
                }
            }
            Data::Int(value, kind @ (IntKind::Duration | IntKind::Month)) => {
                match super::builtins::duration_method(*value, *kind, name) {
                    Some(result) => Ok(Rv::unwrapped(result)),
                    None => {
                        self.error(format!("can't evaluate field {name} in type {}", receiver.type_name()))
                    }
                }
            }
            _ => self.error(format!("can't evaluate field {name} in type {}", receiver.type_name())),
        }
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
        let mut args = Vec::with_capacity(count);
        for (index, arg) in rest.iter().enumerate() {
            let param = function.params.get(index).copied().or(function.variadic);
            args.push(self.argument(dot, param, arg)?.value);
        }
        if let Some(last) = last {
            let param = match function.variadic {
                Some(variadic) => function.params.get(count - 1).copied().unwrap_or(variadic),
                None => function.params.last().copied().unwrap_or(Param::Any),
            };
            args.push(self.validate(last, Some(param))?.value);
        }
        let (at, frame) = (self.action, self.frame);
        let mut call = Call { exec: self.exec, name: Name::new(&function.name), at, frame };
        match (function.run)(&mut call, &args) {
            Ok(value) => Ok(Rv::unwrapped(traced(&mut call, value, &args))),
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
        for arg in rest {
            value = self.argument(dot, Some(Param::Any), arg)?;
            if value.value.truth() == stops_at {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn validate(&mut self, value: Rv, param: Option<Param>) -> Result<Rv> {
        let Some(param) = param else { return Ok(value) };
        match value.known {
            Static::Invalid if param.can_be_nil() => Ok(value),
            Static::Invalid => self.error(format!("invalid value; expected {}", param.name())),
            _ if value.value.is_nil() && param == Param::Any => Ok(value),
            _ if !value.value.is_nil() && param.accepts(&value.value) => Ok(value),
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
            ExprKind::Field(names) => self.fields(dot, dot.clone(), names, NodeRef::Expr(expr), &[], None)?,
            ExprKind::Variable(names) => self.variable(dot, expr, names, &[], None)?,
            ExprKind::Pipe(pipe) => self.nested(dot, pipe)?,
            ExprKind::Identifier(name) => self.function(dot, name, NodeRef::Expr(expr), &[], None)?,
            ExprKind::Chain(inner, names) => self.chain(dot, expr, inner, names, &[], None)?,
            ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {
                return self.literal_for(expr, param);
            }
        };
        self.validate(value, param)
    }

    /// A literal where a type is asked for.
    fn literal_for(&mut self, expr: &'t Expr, param: Option<Param>) -> Result<Rv> {
        let value = self.constant_or_typed(expr, param)?;
        match value {
            Some(value) => Ok(value),
            None => {
                let shown = node_string(self.tree, &NodeRef::Expr(expr));
                let want = match param {
                    Some(Param::Bool) => "bool",
                    Some(Param::String) => "string",
                    Some(Param::Int | Param::Int64) => "integer",
                    Some(Param::Float64) => "float",
                    other => {
                        let name = other.map_or("", Param::name);
                        return self.error(format!("can't handle {shown} for arg of type {name}"));
                    }
                };
                self.error(format!("expected {want}; found {shown}"))
            }
        }
    }

    fn constant_or_typed(&mut self, expr: &'t Expr, param: Option<Param>) -> Result<Option<Rv>> {
        let typed = match (param, &expr.kind) {
            (None | Some(Param::Any), _)
            | (Some(Param::Bool), ExprKind::Bool(_))
            | (Some(Param::String), ExprKind::String(_)) => return self.constant(expr).map(Some),
            (Some(Param::Int), ExprKind::Number(Number { int: Some(int), .. })) => Value::int(*int),
            (Some(Param::Int64), ExprKind::Number(Number { int: Some(int), .. })) => Value::int64(*int),
            (Some(Param::Float64), ExprKind::Number(Number { float: Some(float), .. })) => Value::of(*float),
            _ => return Ok(None),
        };
        Ok(Some(Rv::unwrapped(typed)))
    }
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
        inputs.extend(arg.origins().into_iter().take(8));
    }
    let origin = call.computed(&inputs);
    match &value.data {
        Data::Text(text) => Value::text(text.with_origin(origin)),
        _ => value.at(origin),
    }
}
