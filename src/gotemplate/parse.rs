//! The parser: tokens to trees. A text holds one template and those that it defines.
//!
//! Mirrors `text/template/parse/parse.go`; errors are Go's words.

use std::ops::Range;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::golang::strconv::unquote;
use crate::source::FileId;

use super::ast::{Branch, Bytes, Command, Expr, ExprKind, Node, Pipe, Tree};
use super::lex::{Kind, Lexed, Token, lex};
use super::literal;
use super::stack::deeper;

/// Nesting of parentheses; Go's `maxStackDepth` is 10,000, which would need a larger stack than is sensible.
const MAX_PARENS: usize = 500;
/// Nesting of blocks. Go has no bound.
const MAX_BLOCKS: usize = 500;

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Go's words, from `template: name:line:` on.
    pub message: String,
    /// The words alone.
    pub words: String,
    /// Where, as Go says it: `name:line`.
    pub location: String,
    /// The bytes that do not fit.
    pub at: Range<u32>,
}

type Result<T> = std::result::Result<T, Box<ParseError>>;

/// Parses a text. The answer has the template `name` itself last, after those that the text defines; which of
/// several with one name counts is for the [set](super::Templates) to decide.
///
/// # Errors
///
/// The first thing that Go's parser would object to.
pub fn parse(
    name: &str,
    text: &Arc<str>,
    file: Option<FileId>,
    is_function: &dyn Fn(&str) -> bool,
) -> Result<Vec<Arc<Tree>>> {
    let Lexed { tokens, error } = lex(text);
    let mut parser = Parser {
        name: SmolStr::new(name),
        text,
        file,
        is_function,
        tokens,
        lex_error: error.unwrap_or_default(),
        next: 0,
        vars: vec![SmolStr::new_static("$")],
        range_depth: 0,
        parens: 0,
        blocks: 0,
        nesting: 0,
        action: None,
        nodes: Vec::new(),
        exprs: Vec::new(),
        commands: Vec::new(),
        defined: Vec::new(),
    };
    let root = parser.top()?;
    parser.add(&SmolStr::new(name), root)?;
    Ok(parser.defined)
}

struct Parser<'a> {
    name: SmolStr,
    text: &'a Arc<str>,
    file: Option<FileId>,
    is_function: &'a dyn Fn(&str) -> bool,
    tokens: Vec<Token>,
    /// The words of a [`Kind::Error`], which can only be the last token.
    lex_error: String,
    next: usize,
    vars: Vec<SmolStr>,
    range_depth: usize,
    parens: usize,
    blocks: usize,
    /// Calls of [`Parser::nest`] that are open.
    nesting: usize,
    /// Where the action that is being read begins.
    action: Option<u32>,
    /// Nodes of the lists that are being read: they are moved to memory of just their size when the list ends.
    nodes: Vec<Node>,
    /// The same for the arguments of commands.
    exprs: Vec<Expr>,
    /// The same for the commands of pipelines.
    commands: Vec<Command>,
    defined: Vec<Arc<Tree>>,
}

/// What ended a list of nodes.
enum Ending {
    End,
    Else { if_follows: bool, with_follows: bool },
}

enum Item {
    Node(Node),
    Ending(Ending, Token),
}

impl Parser<'_> {
    fn peek(&self) -> Token {
        let end = self.text.len() as u32;
        let eof = Token { kind: Kind::Eof, start: end, end };
        self.tokens.get(self.next).or(self.tokens.last()).copied().unwrap_or(eof)
    }

    fn peek_kind(&self) -> Kind {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(Kind::Eof, |token| token.kind)
    }

    fn advance(&mut self) -> Token {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len());
        token
    }

    fn skip_space(&mut self) {
        while self.peek_kind() == Kind::Space {
            self.next += 1;
        }
    }

    fn next_non_space(&mut self) -> Token {
        self.skip_space();
        self.advance()
    }

    fn peek_non_space(&mut self) -> Token {
        self.skip_space();
        self.peek()
    }

    fn value(&self, token: Token) -> &str {
        token.text(self.text)
    }

    /// The line of a position, from 1.
    fn line(&self, pos: u32) -> usize {
        let before = self.text.as_bytes().get(..pos as usize).unwrap_or_default();
        1 + memchr::memchr_iter(b'\n', before).count()
    }

    #[cold]
    fn error<T>(&self, token: Token, words: impl Into<String>) -> Result<T> {
        let words = words.into();
        let location = format!("{}:{}", self.name, self.line(token.start));
        Err(Box::new(ParseError {
            message: format!("template: {location}: {words}"),
            words,
            location,
            at: token.start..token.end,
        }))
    }

    #[cold]
    fn unexpected<T>(&self, token: Token, context: &str) -> Result<T> {
        if token.kind == Kind::Error {
            let words = &self.lex_error;
            let mut extra = String::new();
            if let Some(line) =
                self.action.map(|pos| self.line(pos)).filter(|line| *line != self.line(token.start))
            {
                extra = format!(" in action started at {}:{line}", self.name);
                if words.ends_with(" action") {
                    extra = extra.trim_start_matches(" in action").to_owned();
                }
            }
            return self.error(token, format!("{words}{extra}"));
        }
        self.error(token, format!("unexpected {} in {context}", token.shown(self.text)))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    /// Adds a template; an earlier one of the same text that is not empty may not be defined again.
    fn add(&mut self, name: &SmolStr, root: Box<[Node]>) -> Result<()> {
        let tree = Tree {
            name: name.clone(),
            parse_name: self.name.clone(),
            text: Arc::clone(self.text),
            file: self.file,
            root,
        };
        match self.defined.iter().position(|known| known.name == *name) {
            None => self.defined.push(Arc::new(tree)),
            Some(at) => {
                let known_is_empty = self.defined.get(at).is_none_or(|known| known.is_empty());
                if known_is_empty {
                    self.defined.remove(at);
                    self.defined.push(Arc::new(tree));
                } else if !tree.is_empty() {
                    let quoted = crate::yaml::go_quote(name);
                    let token = self.peek();
                    return self.error(token, format!("template: multiple definition of template {quoted}"));
                }
            }
        }
        Ok(())
    }

    fn top(&mut self) -> Result<Box<[Node]>> {
        loop {
            match self.peek_kind() {
                Kind::Eof => return Ok(self.nodes.drain(..).collect()),
                Kind::LeftDelim => {
                    let before = self.next;
                    self.next += 1;
                    if self.next_non_space().kind == Kind::Define {
                        self.definition()?;
                        continue;
                    }
                    self.next = before;
                }
                _ => {}
            }
            match self.text_or_action()? {
                Item::Node(node) => self.nodes.push(node),
                Item::Ending(ending, token) => {
                    let shown = ending_string(&ending);
                    return self.error(token, format!("unexpected {shown}"));
                }
            }
        }
    }

    fn definition(&mut self) -> Result<()> {
        let context = "define clause";
        let token = self.next_non_space();
        let name = match token.kind {
            Kind::String | Kind::RawString => self.unquote(token)?,
            _ => return self.unexpected(token, context),
        };
        self.expect(Kind::RightDelim, context)?;
        // Variables and loops outside of the definition are not seen inside.
        let vars = std::mem::replace(&mut self.vars, vec![SmolStr::new_static("$")]);
        let depth = std::mem::take(&mut self.range_depth);
        let root = self.definition_body(context)?;
        self.vars = vars;
        self.range_depth = depth;
        self.add(&name, root)
    }

    fn definition_body(&mut self, context: &str) -> Result<Box<[Node]>> {
        let (root, ending, token) = self.item_list()?;
        match ending {
            Ending::End => Ok(root),
            other @ Ending::Else { .. } => {
                let shown = ending_string(&other);
                self.error(token, format!("unexpected {shown} in {context}"))
            }
        }
    }

    /// Runs a level of nesting.
    fn nest<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.nesting += 1;
        let result = deeper(self.nesting, || run(self));
        self.nesting -= 1;
        result
    }

    fn item_list(&mut self) -> Result<(Box<[Node]>, Ending, Token)> {
        self.nest(Self::items)
    }

    fn items(&mut self) -> Result<(Box<[Node]>, Ending, Token)> {
        let base = self.nodes.len();
        self.blocks += 1;
        if self.blocks > MAX_BLOCKS {
            let token = self.peek();
            return self.error(token, format!("blocks are nested more than {MAX_BLOCKS} deep"));
        }
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => self.nodes.push(node),
                Item::Ending(ending, token) => {
                    self.blocks -= 1;
                    return Ok((self.nodes.drain(base..).collect(), ending, token));
                }
            }
        }
        let token = self.peek();
        self.error(token, "unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.start..token.end))),
            Kind::LeftDelim => {
                self.action = Some(token.start);
                let item = self.action(token);
                self.action = None;
                item
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self, delim: Token) -> Result<Item> {
        let before = self.next;
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Block => self.block(delim)?,
            Kind::Break | Kind::Continue => self.jump(token)?,
            Kind::Else => {
                let next = self.peek_non_space();
                let (if_follows, with_follows) = (next.kind == Kind::If, next.kind == Kind::With);
                if !if_follows && !with_follows {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Item::Ending(Ending::Else { if_follows, with_follows }, token));
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::Ending(Ending::End, token));
            }
            Kind::If => Node::If(self.control("if")?),
            Kind::Range => Node::Range(self.control("range")?),
            Kind::With => Node::With(self.control("with")?),
            Kind::Template => self.template(delim)?,
            _ => {
                self.next = before;
                let pipe = self.pipeline("command", Kind::RightDelim)?;
                Node::Action { span: self.since(delim), pipe }
            }
        };
        Ok(Item::Node(node))
    }

    /// From a left delimiter to the right one that was read last.
    fn since(&self, delim: Token) -> Bytes {
        let end = self
            .next
            .checked_sub(1)
            .and_then(|index| self.tokens.get(index))
            .map_or(delim.end, |last| last.end);
        delim.start..end
    }

    fn jump(&mut self, token: Token) -> Result<Node> {
        let is_break = token.kind == Kind::Break;
        let name = if is_break { "{{break}}" } else { "{{continue}}" };
        let next = self.next_non_space();
        if next.kind != Kind::RightDelim {
            return self.unexpected(next, name);
        }
        if self.range_depth == 0 {
            return self.error(token, format!("{name} outside {{{{range}}}}"));
        }
        let pos = token.start;
        Ok(if is_break { Node::Break { pos } } else { Node::Continue { pos } })
    }

    fn control(&mut self, context: &'static str) -> Result<Box<Branch>> {
        let vars = self.vars.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let is_range = context == "range";
        self.range_depth += usize::from(is_range);
        let (list, ending, _) = self.item_list()?;
        self.range_depth -= usize::from(is_range);
        let or_else = match ending {
            Ending::End => None,
            Ending::Else { if_follows: true, .. } if context == "if" => {
                self.next_non_space();
                Some([Node::If(self.nested_control("if")?)].into())
            }
            Ending::Else { with_follows: true, .. } if context == "with" => {
                self.next_non_space();
                Some([Node::With(self.nested_control("with")?)].into())
            }
            Ending::Else { .. } => {
                let (list, ending, token) = self.item_list()?;
                if !matches!(ending, Ending::End) {
                    let shown = ending_string(&ending);
                    return self.error(token, format!("expected end; found {shown}"));
                }
                Some(list)
            }
        };
        self.vars.truncate(vars);
        Ok(Box::new(Branch { pipe, list, or_else }))
    }

    /// An `else if` recurses, so long chains count as nesting.
    fn nested_control(&mut self, context: &'static str) -> Result<Box<Branch>> {
        self.blocks += 1;
        if self.blocks > MAX_BLOCKS {
            let token = self.peek();
            return self.error(token, format!("blocks are nested more than {MAX_BLOCKS} deep"));
        }
        let branch = self.nest(|parser| parser.control(context))?;
        self.blocks -= 1;
        Ok(branch)
    }

    fn template_name(&mut self, context: &str) -> Result<(Token, SmolStr)> {
        let token = self.next_non_space();
        match token.kind {
            Kind::String | Kind::RawString => {
                let name = self.unquote(token)?;
                Ok((token, name))
            }
            _ => self.unexpected(token, context),
        }
    }

    fn block(&mut self, delim: Token) -> Result<Node> {
        let context = "block clause";
        let (token, name) = self.template_name(context)?;
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let span = self.since(delim);
        let vars = std::mem::replace(&mut self.vars, vec![SmolStr::new_static("$")]);
        let depth = std::mem::take(&mut self.range_depth);
        let root = self.definition_body(context)?;
        self.vars = vars;
        self.range_depth = depth;
        self.add(&name, root)?;
        Ok(Node::Template { pos: token.start, span, name, pipe: Some(Box::new(pipe)) })
    }

    fn template(&mut self, delim: Token) -> Result<Node> {
        let context = "template clause";
        let (token, name) = self.template_name(context)?;
        let mut pipe = None;
        if self.peek_non_space().kind == Kind::RightDelim {
            self.next += 1;
        } else {
            pipe = Some(Box::new(self.pipeline(context, Kind::RightDelim)?));
        }
        Ok(Node::Template { pos: token.start, span: self.since(delim), name, pipe })
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe> {
        let first = self.peek_non_space();
        let mut decl = Vec::new();
        let mut assign = false;
        let base = self.commands.len();
        while self.peek_non_space().kind == Kind::Variable {
            let before = self.next;
            let variable = self.advance();
            let next = self.peek_non_space();
            let name = SmolStr::new(self.value(variable));
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    assign = next.kind == Kind::Assign;
                    self.next += 1;
                    decl.push(name.clone());
                    self.vars.push(name);
                }
                Kind::Char if self.value(next) == "," => {
                    self.next += 1;
                    decl.push(name.clone());
                    self.vars.push(name);
                    if context == "range" && decl.len() < 2 {
                        let after = self.peek_non_space();
                        if matches!(after.kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                            continue;
                        }
                        return self.error(after, "range can only initialize variables");
                    }
                    return self.error(next, format!("too many declarations in {context}"));
                }
                _ => self.next = before,
            }
            break;
        }
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    let commands: Box<[Command]> = self.commands.drain(base..).collect();
                    self.check_pipeline(&commands, context, token)?;
                    return Ok(Pipe { pos: first.start, decl: decl.into(), assign, commands });
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.next -= 1;
                    let command = self.command()?;
                    self.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
    }

    fn check_pipeline(&self, commands: &[Command], context: &str, token: Token) -> Result<()> {
        if commands.is_empty() {
            return self.error(token, format!("missing value for {context}"));
        }
        for (index, command) in commands.iter().enumerate().skip(1) {
            let first = command.args.first().map(|arg| &arg.kind);
            if let Some(
                ExprKind::Bool(_) | ExprKind::Dot | ExprKind::Nil | ExprKind::Number(_) | ExprKind::String(_),
            ) = first
            {
                return self.error(token, format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let pos = self.peek_non_space().start;
        let base = self.exprs.len();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                self.exprs.push(operand);
            }
            let token = self.advance();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.next -= 1;
                    break;
                }
                Kind::Pipe => break,
                _ => return self.unexpected(token, "operand"),
            }
        }
        if self.exprs.len() == base {
            let token = self.peek();
            return self.error(token, "empty command");
        }
        Ok(Command { pos, args: self.exprs.drain(base..).collect() })
    }

    fn operand(&mut self) -> Result<Option<Expr>> {
        let Some(mut expr) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(expr));
        }
        let mut names = first.start..first.end;
        while self.peek_kind() == Kind::Field {
            names.end = self.advance().end;
        }
        let pos = first.start;
        let span = expr.span.start..names.end;
        match expr.kind {
            // Their names are what they span.
            ExprKind::Field | ExprKind::Variable => {
                expr.pos = pos;
                expr.span = span;
            }
            ExprKind::Bool(_) | ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Nil | ExprKind::Dot => {
                let term =
                    self.text.get(expr.span.start as usize..expr.span.end as usize).unwrap_or_default();
                let quoted = crate::yaml::go_quote(term);
                return self.error(first, format!("unexpected . after term {quoted}"));
            }
            _ => expr = Expr { pos, span, kind: ExprKind::Chain(Box::new((expr, names))) },
        }
        Ok(Some(expr))
    }

    fn term(&mut self) -> Result<Option<Expr>> {
        let token = self.next_non_space();
        let text = self.value(token);
        let kind = match token.kind {
            Kind::Identifier => {
                if !(self.is_function)(text) {
                    let quoted = crate::yaml::go_quote(text);
                    return self.error(token, format!("function {quoted} not defined"));
                }
                ExprKind::Identifier
            }
            Kind::Dot => ExprKind::Dot,
            Kind::Nil => ExprKind::Nil,
            Kind::Variable => {
                if !self.vars.iter().any(|known| known == text) {
                    let quoted = crate::yaml::go_quote(text);
                    return self.error(token, format!("undefined variable {quoted}"));
                }
                ExprKind::Variable
            }
            Kind::Field => ExprKind::Field,
            Kind::Bool => ExprKind::Bool(text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match literal::number(text, token.kind) {
                Ok(number) => ExprKind::Number(Box::new(number)),
                Err(words) => return self.error(token, words),
            },
            Kind::LeftParen => {
                self.parens += 1;
                if self.parens > MAX_PARENS {
                    return self.error(token, "max expression depth exceeded");
                }
                let pipe = self.nest(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                self.parens -= 1;
                let span = self.since(token);
                return Ok(Some(Expr { pos: pipe.pos, span, kind: ExprKind::Pipe(Box::new(pipe)) }));
            }
            Kind::String | Kind::RawString => {
                let inside = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
                // Raw strings lose their carriage returns.
                let is_plain = !inside.contains(['\\', '\r']);
                ExprKind::String(if is_plain { None } else { Some(Box::new(self.unquote(token)?)) })
            }
            _ => {
                self.next = self.next.saturating_sub(1);
                return Ok(None);
            }
        };
        let span = token.start..token.end;
        Ok(Some(Expr { pos: span.start, span, kind }))
    }

    fn unquote(&self, token: Token) -> Result<SmolStr> {
        match unquote(self.value(token)) {
            Some(text) => Ok(text.into()),
            None => self.error(token, "invalid syntax"),
        }
    }
}

fn ending_string(ending: &Ending) -> &'static str {
    match ending {
        Ending::End => "{{end}}",
        Ending::Else { .. } => "{{else}}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nests by turns in blocks and branches asks for more stack in time, whatever the turns are and wherever they begin.
    #[test]
    fn deep_templates_fit_any_stack() {
        for (before, after) in [("", ""), ("{{if 0}}", "{{end}}")] {
            let (open, close) = ("{{if 1}}{{else if 2}}".repeat(240), "{{end}}".repeat(240));
            let text: Arc<str> = format!("{before}{open}{close}{after}").into();
            let small = std::thread::Builder::new().stack_size(768 << 10);
            let parsed = small.spawn(move || parse("t", &text, None, &|_| true).is_ok()).unwrap().join();
            assert!(parsed.unwrap(), "{before}");
        }
    }
}
