//! The lexer: text and the tokens of actions, with trimming already done.
//!
//! Mirrors `text/template/parse/lex.go`.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    fn is_keyword(self) -> bool {
        use Kind::{Block, Break, Continue, Define, Dot, Else, End, If, Nil, Range, Template, With};
        matches!(
            self,
            Block | Break | Continue | Dot | Define | Else | End | If | Nil | Range | Template | With
        )
    }
}

/// A token: bytes of the text, and the line it begins on.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: u32,
    /// The words of an error.
    pub(super) error: Option<Box<str>>,
}

impl Token {
    /// As Go prints a token in `unexpected ... in ...`.
    pub(super) fn shown(&self, text: &str) -> String {
        let value = text.get(self.start..self.end).unwrap_or_default();
        match self.kind {
            Kind::Eof => "EOF".into(),
            Kind::Error => self.error.as_deref().unwrap_or_default().into(),
            kind if kind.is_keyword() => format!("<{value}>"),
            _ if value.len() > 10 => {
                let cut: String = value.chars().take(10).collect();
                format!("{}...", crate::yaml::go_quote(&cut))
            }
            _ => crate::yaml::go_quote(value),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const TRIM_MARKER: usize = 2;

/// All tokens of a text. The last is [`Kind::Eof`] or [`Kind::Error`].
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, pos: 0, start: 0, line: 1, start_line: 1, parens: 0, tokens: Vec::new() };
    lexer.run();
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    start: usize,
    line: u32,
    start_line: u32,
    parens: i32,
    tokens: Vec<Token>,
}

enum Done {
    Error,
}

type Step = Result<(), Done>;

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        while let Some(offset) = self.rest().find(LEFT) {
            let delim = self.pos + offset;
            let after = self.text.get(delim + LEFT.len()..).unwrap_or_default();
            let mut end = delim;
            if left_trims(after) {
                end = self.start + self.slice(self.start, delim).trim_end_matches(is_space).len();
            }
            self.jump(end);
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            self.jump(delim);
            self.ignore();
            if self.action().is_err() {
                return;
            }
        }
        self.jump(self.text.len());
        if self.pos > self.start {
            self.emit(Kind::Text);
        }
        self.emit(Kind::Eof);
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        if next == '\n' {
            self.line += 1;
        }
        Some(next)
    }

    fn emit(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            start: self.start,
            end: self.pos,
            line: self.start_line,
            error: None,
        });
        self.start = self.pos;
        self.start_line = self.line;
    }

    /// Drops what was scanned; lines in it count.
    fn ignore(&mut self) {
        self.start_line = self.line;
        self.start = self.pos;
    }

    fn jump(&mut self, to: usize) {
        self.line += self.slice(self.pos, to).matches('\n').count() as u32;
        self.pos = to;
    }

    fn error(&mut self, words: impl Into<String>) -> Step {
        let words: String = words.into();
        self.tokens.push(Token {
            kind: Kind::Error,
            start: self.start,
            end: self.pos.max(self.start),
            line: self.start_line,
            error: Some(words.into()),
        });
        Err(Done::Error)
    }

    fn right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if right_trims(rest) && rest.get(TRIM_MARKER..).is_some_and(|rest| rest.starts_with(RIGHT)) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    /// From the left delimiter to after the right one, or a comment.
    fn action(&mut self) -> Step {
        self.pos += LEFT.len();
        let marker = if left_trims(self.rest()) { TRIM_MARKER } else { 0 };
        if self.slice(self.pos + marker, self.text.len()).starts_with("/*") {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.jump(self.pos + marker);
        self.ignore();
        self.parens = 0;
        loop {
            if let Some(trims) = self.right_delim() {
                if self.parens > 0 {
                    return self.error("unclosed left paren");
                }
                self.close(trims);
                return Ok(());
            }
            self.inside()?;
        }
    }

    fn close(&mut self, trims: bool) {
        if trims {
            self.jump(self.pos + TRIM_MARKER);
            self.ignore();
        }
        self.pos += RIGHT.len();
        self.emit(Kind::RightDelim);
        if trims {
            let rest = self.rest();
            let spaces = rest.len() - rest.trim_start_matches(is_space).len();
            self.jump(self.pos + spaces);
            self.ignore();
        }
    }

    fn comment(&mut self) -> Step {
        self.pos += 2;
        let Some(offset) = self.rest().find("*/") else { return self.error("unclosed comment") };
        self.jump(self.pos + offset + 2);
        let Some(trims) = self.right_delim() else {
            return self.error("comment ends before closing delimiter");
        };
        self.jump(self.pos + if trims { TRIM_MARKER } else { 0 } + RIGHT.len());
        if trims {
            let rest = self.rest();
            let spaces = rest.len() - rest.trim_start_matches(is_space).len();
            self.jump(self.pos + spaces);
        }
        self.ignore();
        Ok(())
    }

    fn inside(&mut self) -> Step {
        let Some(next) = self.next() else { return self.error("unclosed action") };
        match next {
            c if is_space(c) => {
                // A trim-marked right delimiter begins with a space.
                loop {
                    let here = self.slice(self.pos - 1, self.text.len());
                    if right_trims(here)
                        && here.get(TRIM_MARKER..).is_some_and(|rest| rest.starts_with(RIGHT))
                    {
                        self.pos -= 1;
                        if here.starts_with('\n') {
                            self.line -= 1;
                        }
                        if self.pos > self.start {
                            self.emit(Kind::Space);
                        }
                        return Ok(());
                    }
                    if !self.peek().is_some_and(is_space) {
                        break;
                    }
                    self.next();
                }
                self.emit(Kind::Space);
            }
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return self.error("expected :=");
                }
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => return self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => return self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => {
                loop {
                    match self.next() {
                        None => return self.error("unterminated raw quoted string"),
                        Some('`') => break,
                        Some(_) => {}
                    }
                }
                self.emit(Kind::RawString);
            }
            '$' => return self.field_or_variable(Kind::Variable),
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) && self.peek().is_some() => {
                return self.field_or_variable(Kind::Field);
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos -= 1;
                return self.number();
            }
            c if is_alphanumeric(c) => return self.identifier(),
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen);
            }
            ')' => {
                self.parens -= 1;
                if self.parens < 0 {
                    return self.error("unexpected right paren");
                }
                self.emit(Kind::RightParen);
            }
            c if c.is_ascii_graphic() => self.emit(Kind::Char),
            c => return self.error(format!("unrecognized character in action: {}", unicode(Some(c)))),
        }
        Ok(())
    }

    fn identifier(&mut self) -> Step {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(match self.slice(self.start, self.pos) {
            "true" | "false" => Kind::Bool,
            "block" => Kind::Block,
            "break" => Kind::Break,
            "continue" => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "range" => Kind::Range,
            "nil" => Kind::Nil,
            "template" => Kind::Template,
            "with" => Kind::With,
            _ => Kind::Identifier,
        });
        Ok(())
    }

    fn field_or_variable(&mut self, kind: Kind) -> Step {
        if self.at_terminator() {
            self.emit(if kind == Kind::Variable { kind } else { Kind::Dot });
            return Ok(());
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind);
        Ok(())
    }

    fn bad_character(&mut self) -> Step {
        let shown = unicode(self.peek());
        self.error(format!("bad character {shown}"))
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => is_space(c) || self.rest().starts_with(RIGHT),
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, words: &str) -> Step {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.error(words);
                    }
                }
                None | Some('\n') => return self.error(words),
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        self.emit(kind);
        Ok(())
    }

    fn number(&mut self) -> Step {
        let bad = |this: &mut Self| {
            let shown = crate::yaml::go_quote(this.slice(this.start, this.pos));
            this.error(format!("bad number syntax: {shown}"))
        };
        if !self.scan_number() {
            return bad(self);
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.slice(self.start, self.pos).ends_with('i') {
                return bad(self);
            }
            self.emit(Kind::Complex);
            return Ok(());
        }
        self.emit(Kind::Number);
        Ok(())
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepts = self.peek().is_some_and(|c| valid.contains(c));
        if accepts {
            self.next();
        }
        accepts
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        while self.accept(digits) {}
        if self.accept(".") {
            while self.accept(digits) {}
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            while self.accept("0123456789_") {}
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

/// `%#U`
fn unicode(c: Option<char>) -> String {
    match c {
        None => "U+FFFFFFFFFFFFFFFF".into(),
        Some(c) if c.is_control() => format!("U+{:04X}", c as u32),
        Some(c) => format!("U+{:04X} '{c}'", c as u32),
    }
}

fn left_trims(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn right_trims(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}
