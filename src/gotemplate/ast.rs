//! The parsed template. Trees are shared between renders and threads: nothing in them is computed.

use std::fmt;
use std::ops::Range;

use smol_str::SmolStr;

use crate::source::FileId;

/// Byte range in the template's text. Names are ranges, too: a tree of texts takes several times the memory, and charts have
/// more of them than they execute.
pub(super) type Bytes = Range<u32>;

/// One named template.
#[derive(Debug)]
pub struct Tree {
    /// Its name: of the file, or what `define` says.
    pub name: SmolStr,
    /// Name of the text that it was parsed from, for messages.
    pub parse_name: SmolStr,
    /// The text that all positions are in.
    pub(super) text: std::sync::Arc<str>,
    /// The file that the text is, byte for byte, when it is one.
    pub(super) file: Option<FileId>,
    pub(super) root: Box<[Node]>,
}

impl Tree {
    /// Whether there is nothing but space and comments. Mirrors `parse.IsEmptyTree`.
    pub(super) fn is_empty(&self) -> bool {
        self.root.iter().all(|node| match node {
            Node::Text(range) => self.slice(range).trim_ascii().is_empty(),
            _ => false,
        })
    }

    pub(super) fn slice(&self, range: &Bytes) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

#[derive(Debug)]
pub(super) enum Node {
    Text(Bytes),
    Action { span: Bytes, pipe: Pipe },
    If(Box<Branch>),
    Range(Box<Branch>),
    With(Box<Branch>),
    Template { pos: u32, span: Bytes, name: SmolStr, pipe: Option<Box<Pipe>> },
    Break { pos: u32 },
    Continue { pos: u32 },
}

#[derive(Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) list: Box<[Node]>,
    pub(super) or_else: Option<Box<[Node]>>,
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) pos: u32,
    pub(super) decl: Box<[SmolStr]>,
    pub(super) assign: bool,
    pub(super) commands: Box<[Command]>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) pos: u32,
    /// Never empty.
    pub(super) args: Box<[Expr]>,
}

#[derive(Debug)]
pub(super) struct Expr {
    /// What Go calls the position: of a field chain, its second part.
    pub(super) pos: u32,
    pub(super) span: Bytes,
    pub(super) kind: ExprKind,
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Box<Number>),
    /// A string; what is between its quotes, unless the text has just that there.
    String(Option<Box<SmolStr>>),
    /// `.a.b`
    Field,
    /// `$a.b`
    Variable,
    Identifier,
    /// What begins with another expression, and the bytes of `.a.b` behind it.
    Chain(Box<(Expr, Bytes)>),
    Pipe(Box<Pipe>),
}

/// A number literal and what it can be.
#[derive(Debug, Clone, Default)]
pub(super) struct Number {
    pub(super) text: SmolStr,
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
}

/// What an error message shows of a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum NodeRef<'t> {
    Pipe(&'t Pipe),
    Command(&'t Command),
    Expr(&'t Expr),
    Template(&'t Node),
}

impl NodeRef<'_> {
    pub(super) fn pos(&self) -> u32 {
        match self {
            Self::Pipe(pipe) => pipe.pos,
            Self::Command(command) => command.pos,
            Self::Expr(expr) => expr.pos,
            Self::Template(Node::Template { pos, .. } | Node::Break { pos } | Node::Continue { pos }) => *pos,
            Self::Template(_) => 0,
        }
    }

    /// The bytes to show.
    pub(super) fn span(&self) -> Bytes {
        match self {
            Self::Pipe(pipe) => {
                let first = pipe.commands.first().map_or(pipe.pos..pipe.pos, command_span);
                let last = pipe.commands.last().map_or(first.end, |command| command_span(command).end);
                first.start.min(pipe.pos)..last
            }
            Self::Command(command) => command_span(command),
            Self::Expr(expr) => expr.span.clone(),
            Self::Template(Node::Template { span, .. }) => span.clone(),
            Self::Template(_) => self.pos()..self.pos(),
        }
    }
}

fn command_span(command: &Command) -> Bytes {
    let start = command.args.first().map_or(command.pos, |arg| arg.span.start);
    let end = command.args.last().map_or(start, |arg| arg.span.end);
    start..end
}

/// `NodeRef` as Go's `Node.String`; the text is needed for what was quoted.
pub(super) fn node_string(tree: &Tree, node: &NodeRef<'_>) -> String {
    let mut out = String::new();
    match node {
        NodeRef::Pipe(pipe) => pipe_string(tree, pipe, &mut out),
        NodeRef::Command(command) => command_string(tree, command, &mut out),
        NodeRef::Expr(expr) => expr_string(tree, expr, &mut out),
        NodeRef::Template(Node::Template { name, pipe, .. }) => {
            out.push_str("{{template ");
            out.push_str(&crate::yaml::go_quote(name));
            if let Some(pipe) = pipe {
                out.push(' ');
                pipe_string(tree, pipe, &mut out);
            }
            out.push_str("}}");
        }
        NodeRef::Template(_) => {}
    }
    out
}

fn pipe_string(tree: &Tree, pipe: &Pipe, out: &mut String) {
    if !pipe.decl.is_empty() {
        out.push_str(&pipe.decl.join(", "));
        out.push_str(if pipe.assign { " = " } else { " := " });
    }
    for (index, command) in pipe.commands.iter().enumerate() {
        if index > 0 {
            out.push_str(" | ");
        }
        command_string(tree, command, out);
    }
}

fn command_string(tree: &Tree, command: &Command, out: &mut String) {
    for (index, arg) in command.args.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if let ExprKind::Pipe(pipe) = &arg.kind {
            out.push('(');
            pipe_string(tree, pipe, out);
            out.push(')');
        } else {
            expr_string(tree, arg, out);
        }
    }
}

pub(super) fn expr_string(tree: &Tree, expr: &Expr, out: &mut String) {
    match &expr.kind {
        ExprKind::Dot => out.push('.'),
        ExprKind::Nil => out.push_str("nil"),
        ExprKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        ExprKind::Number(number) => out.push_str(&number.text),
        ExprKind::String(_) | ExprKind::Field | ExprKind::Variable | ExprKind::Identifier => {
            out.push_str(tree.slice(&expr.span));
        }
        ExprKind::Chain(chain) => {
            let (inner, names) = &**chain;
            if let ExprKind::Pipe(pipe) = &inner.kind {
                out.push('(');
                pipe_string(tree, pipe, out);
                out.push(')');
            } else {
                expr_string(tree, inner, out);
            }
            out.push_str(tree.slice(names));
        }
        ExprKind::Pipe(pipe) => pipe_string(tree, pipe, out),
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
