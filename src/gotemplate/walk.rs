//! Statements: text, actions, branches, loops, calls of templates.
//!
//! Mirrors the `walk` functions of `text/template/exec.go`.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::Cause;
use crate::origin::{Origin, OriginId, Step, Text};
use crate::source::Span;

use super::ast::{Branch, Bytes, Node, NodeRef, Pipe, Tree, node_string};
use super::bounds::max_text;
use super::eval::{Rv, Static};
use super::exec::{Exec, Result};
use super::failure::Failure;
use super::stack::deeper;
use super::value::{Data, IntKind, Value};

#[derive(PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

pub(super) struct State<'e, 'a, 't> {
    pub(super) exec: &'e mut Exec<'a>,
    pub(super) tree: &'t Tree,
    /// Where a text that is no file comes from.
    pub(super) source: Option<&'t Arc<Text>>,
    pub(super) vars: Vec<(SmolStr, Rv)>,
    pub(super) node: Option<NodeRef<'t>>,
    pub(super) frame: OriginId,
    /// The action being executed.
    pub(super) action: Option<Span>,
}
impl<'t> State<'_, '_, 't> {
    pub(super) fn at(&mut self, node: NodeRef<'t>) {
        self.node = Some(node);
    }

    pub(super) fn error<T>(&self, words: impl Into<String>) -> Result<T> {
        Err(self.locate(Failure::new(words)))
    }

    /// An error that somebody may want to know the cause of.
    pub(super) fn error_because<T>(&self, because: Cause, words: impl Into<String>) -> Result<T> {
        Err(self.locate(Failure::new(words).because(because)))
    }

    /// An error about a field that a value of that type cannot have.
    pub(super) fn no_such_field<T>(&self, name: &str, receiver: &Rv) -> Result<T> {
        let words = format!("can't evaluate field {name} in type {}", receiver.type_name());
        self.error_because(Cause::NoSuchField, words)
    }

    /// Puts the place of the current node in front of an error.
    pub(super) fn locate(&self, mut failure: Failure) -> Failure {
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
    pub(super) fn span(&self, bytes: &Bytes) -> Option<Span> {
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

    pub(super) fn step(&mut self) -> Result<()> {
        self.exec.steps += 1;
        if self.exec.steps > self.exec.limits.steps {
            let words = format!("gave up after {} steps of execution", self.exec.limits.steps);
            return Err(self.locate(Failure::limit(words)));
        }
        Ok(())
    }

    pub(super) fn count(&mut self, bytes: usize) -> Result<()> {
        self.exec.bytes += bytes as u64;
        if self.exec.bytes > self.exec.limits.bytes {
            let words = format!("gave up after {} bytes of output", self.exec.limits.bytes);
            return Err(self.locate(Failure::limit(words)));
        }
        Ok(())
    }

    /// Runs a level of nesting.
    pub(super) fn nest<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.exec.nesting += 1;
        let result = deeper(self.exec.nesting, || run(self));
        self.exec.nesting -= 1;
        result
    }

    pub(super) fn walk_list(&mut self, dot: &Rv, list: &'t [Node], out: &mut Text) -> Result<Flow> {
        for node in list {
            let flow = self.walk(dot, node, out)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn walk(&mut self, dot: &Rv, node: &'t Node, out: &mut Text) -> Result<Flow> {
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
            Node::If(branch) => return self.nest(|state| state.branch(dot, branch, false, out)),
            Node::With(branch) => return self.nest(|state| state.branch(dot, branch, true, out)),
            Node::Range(branch) => self.nest(|state| state.range(dot, branch, out))?,
            Node::Template { span, name, pipe, .. } => {
                self.at(NodeRef::Template(node));
                self.action = self.span(span);
                self.template(dot, name, pipe.as_deref(), out)?;
            }
            Node::Break { .. } => return Ok(Flow::Break),
            Node::Continue { .. } => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    pub(super) fn literal(&mut self, range: &Bytes, out: &mut Text) -> Result<()> {
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
    pub(super) fn print(&mut self, value: &Value, out: &mut Text) -> Result<()> {
        value.touch_all();
        match &value.data {
            Data::Str(text) => {
                self.count_printed(text.len())?;
                self.print_piece(text, value.origin, 0, &mut None, out);
                Ok(())
            }
            Data::Text(text) => self.print_text(text, out),
            _ => self.print_text(&super::fmt::printed(value), out),
        }
    }

    fn print_text(&mut self, text: &Text, out: &mut Text) -> Result<()> {
        self.count_printed(text.len())?;
        let mut last = None;
        for (range, run) in text.pieces() {
            let piece = text.as_str().get(range).unwrap_or_default();
            self.print_piece(piece, run.origin, run.skip, &mut last, out);
        }
        Ok(())
    }

    fn count_printed(&mut self, bytes: usize) -> Result<()> {
        if bytes > max_text() {
            return Err(self.locate(Failure::limit("gave up on a value that prints this much")));
        }
        self.count(bytes)
    }

    /// `last`: the origin of the piece before, and the step that was made of it.
    fn print_piece(
        &mut self,
        piece: &str,
        from: OriginId,
        skip: u32,
        last: &mut Option<(OriginId, OriginId)>,
        out: &mut Text,
    ) {
        // What prints nothing is no step.
        if piece.is_empty() {
            return;
        }
        let is_printed = self.exec.origins.get(from).is_some_and(|origin| origin.by.is_printed());
        let origin = match *last {
            _ if is_printed => from,
            Some((known, wrapped)) if known == from => wrapped,
            _ => {
                let step = Origin { at: self.action, ..Origin::nowhere(Step::Templated) };
                let wrapped = self.exec.origins.add(step.from(from).under(self.frame));
                *last = Some((from, wrapped));
                wrapped
            }
        };
        out.push_part(piece, origin, skip);
    }

    /// Enters a branch that depends on a value. Answers the frame to come back to.
    fn decide(&mut self, value: &Value) -> OriginId {
        let step = Origin { at: self.action, ..Origin::nowhere(Step::Decided) };
        let frame = self.exec.origins.add(step.from(value.origin).under(self.frame));
        std::mem::replace(&mut self.frame, frame)
    }

    pub(super) fn branch(
        &mut self,
        dot: &Rv,
        branch: &'t Branch,
        is_with: bool,
        out: &mut Text,
    ) -> Result<Flow> {
        let mark = self.vars.len();
        self.action = self.span(&NodeRef::Pipe(&branch.pipe).span());
        let value = self.pipeline(dot, &branch.pipe)?;
        let outer = self.decide(&value.value);
        let flow = if value.value.truth() {
            let dot = if is_with { &value } else { dot };
            self.walk_list(dot, &branch.list, out)
        } else if let Some(list) = &branch.or_else {
            self.walk_list(dot, list, out)
        } else {
            Ok(Flow::Next)
        };
        self.frame = outer;
        self.vars.truncate(mark);
        flow
    }

    pub(super) fn range(&mut self, dot: &Rv, branch: &'t Branch, out: &mut Text) -> Result<()> {
        let mark = self.vars.len();
        self.action = self.span(&NodeRef::Pipe(&branch.pipe).span());
        let value = self.pipeline(dot, &branch.pipe)?.value;
        let outer = self.decide(&value);
        let flow = self.range_over(dot, branch, &value, mark, out);
        self.frame = outer;
        flow
    }

    fn range_over(
        &mut self,
        dot: &Rv,
        branch: &'t Branch,
        value: &Value,
        mark: usize,
        out: &mut Text,
    ) -> Result<()> {
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
                let item = |item: &Value| {
                    if is_any { Rv::interface(item.clone()) } else { Rv::unwrapped(item.clone()) }
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
            if self.iteration(branch, body, index, &element, out)? == Flow::Break {
                break;
            }
        }
        if is_empty && let Some(list) = &branch.or_else {
            self.vars.truncate(body);
            self.walk_list(dot, list, out)?;
        }
        self.vars.truncate(mark);
        Ok(())
    }

    pub(super) fn range_int(
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
            if self.iteration(branch, body, Value::NIL, &element, out)? == Flow::Break {
                break;
            }
        }
        if count <= 0
            && let Some(list) = &branch.or_else
        {
            self.walk_list(dot, list, out)?;
        }
        self.vars.truncate(mark);
        Ok(())
    }

    pub(super) fn iteration(
        &mut self,
        branch: &'t Branch,
        body: usize,
        index: Value,
        element: &Rv,
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
        let flow = self.walk_list(element, &branch.list, out);
        self.vars.truncate(body);
        flow
    }

    pub(super) fn template(
        &mut self,
        dot: &Rv,
        name: &str,
        pipe: Option<&'t Pipe>,
        out: &mut Text,
    ) -> Result<()> {
        let Some((tree, source)) = self.exec.templates.get(name) else {
            let words = format!("template {} not defined", crate::yaml::go_quote(name));
            return self.error_because(self.exec.templates.because_missing(name), words);
        };
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Rv { value: Value::NIL, known: Static::Invalid },
        };
        let frame = Origin { at: self.action, ..Origin::nowhere(Step::Included) }.under(self.frame);
        let frame = self.exec.origins.add(frame);
        let result = self.exec.run(&tree, source.as_ref(), &dot, frame, out);
        result.map_err(|mut failure| {
            failure.trace.extend(self.action);
            failure
        })
    }

    pub(super) fn set_var(&mut self, name: &str, value: Rv) -> Result<()> {
        match self.vars.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => self.error(format!("undefined variable: {name}")),
        }
    }
}
