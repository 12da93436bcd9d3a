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

/// A token: bytes of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
}

impl Token {
    /// Its bytes.
    pub(super) fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// As Go prints a token in `unexpected ... in ...`, unless it is an error.
    pub(super) fn shown(self, text: &str) -> String {
        let value = self.text(text);
        match self.kind {
            Kind::Eof => "EOF".into(),
            kind if kind.is_keyword() => format!("<{value}>"),
            _ if value.len() > 10 => {
                let cut: String = value.chars().take(10).collect();
                format!("{}...", crate::yaml::go_quote(&cut))
            }
            _ => crate::yaml::go_quote(value),
        }
    }
}

/// What a text consists of.
pub(super) struct Lexed {
    /// The last is [`Kind::Eof`] or [`Kind::Error`].
    pub(super) tokens: Vec<Token>,
    /// The words of the error.
    pub(super) error: Option<String>,
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const TRIM_MARKER: usize = 2;

/// All tokens of a text.
pub(super) fn lex(text: &str) -> Lexed {
    // Templates that are mostly actions have a token for every five bytes or so.
    let tokens = Vec::with_capacity(text.len() / 5 + 8);
    let lexer = Lexer { text, bytes: text.as_bytes(), pos: 0, start: 0, parens: 0, tokens };
    lexer.run()
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    start: usize,
    parens: i32,
    tokens: Vec<Token>,
}

/// Stops the lexer, with the words of the error.
type Step = Result<(), String>;

impl<'a> Lexer<'a> {
    fn run(mut self) -> Lexed {
        let finder = memchr::memmem::Finder::new(LEFT);
        while let Some(offset) = finder.find(self.rest().as_bytes()) {
            let delim = self.pos + offset;
            let mut end = delim;
            if left_trims(self.after(delim + LEFT.len())) {
                end = self.start + self.slice(self.start, delim).trim_end_matches(is_space).len();
            }
            self.pos = end;
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            self.pos = delim;
            self.ignore();
            if let Err(words) = self.action() {
                self.pos = self.pos.max(self.start);
                self.emit(Kind::Error);
                return Lexed { tokens: self.tokens, error: Some(words) };
            }
        }
        self.pos = self.text.len();
        if self.pos > self.start {
            self.emit(Kind::Text);
        }
        self.emit(Kind::Eof);
        Lexed { tokens: self.tokens, error: None }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    /// The bytes from `pos` on.
    fn after(&self, pos: usize) -> &'a [u8] {
        self.bytes.get(pos..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn peek(&self) -> Option<char> {
        match self.byte()? {
            ascii @ ..0x80 => Some(char::from(ascii)),
            _ => self.rest().chars().next(),
        }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        Some(next)
    }

    fn emit(&mut self, kind: Kind) {
        self.tokens.push(Token { kind, start: self.start as u32, end: self.pos as u32 });
        self.start = self.pos;
    }

    /// Drops what was scanned.
    fn ignore(&mut self) {
        self.start = self.pos;
    }

    fn skip_spaces(&mut self) {
        while self.byte().is_some_and(is_space_byte) {
            self.pos += 1;
        }
    }

    /// Whether the right delimiter is here, and whether it trims.
    fn right_delim(&self) -> Option<bool> {
        match self.after(self.pos) {
            [b'}', b'}', ..] => Some(false),
            rest => right_trims(rest).then_some(true),
        }
    }

    /// From the left delimiter to after the right one, or a comment.
    fn action(&mut self) -> Step {
        self.pos += LEFT.len();
        let marker = if left_trims(self.after(self.pos)) { TRIM_MARKER } else { 0 };
        if self.after(self.pos + marker).starts_with(b"/*") {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.pos += marker;
        self.ignore();
        self.parens = 0;
        loop {
            if let Some(trims) = self.right_delim() {
                if self.parens > 0 {
                    return Err("unclosed left paren".into());
                }
                self.close(trims);
                return Ok(());
            }
            self.inside()?;
        }
    }

    fn close(&mut self, trims: bool) {
        if trims {
            self.pos += TRIM_MARKER;
            self.ignore();
        }
        self.pos += RIGHT.len();
        self.emit(Kind::RightDelim);
        if trims {
            self.skip_spaces();
            self.ignore();
        }
    }

    fn comment(&mut self) -> Step {
        self.pos += 2;
        let Some(offset) = self.rest().find("*/") else { return Err("unclosed comment".into()) };
        self.pos += offset + 2;
        let Some(trims) = self.right_delim() else {
            return Err("comment ends before closing delimiter".into());
        };
        self.pos += if trims { TRIM_MARKER } else { 0 } + RIGHT.len();
        if trims {
            self.skip_spaces();
        }
        self.ignore();
        Ok(())
    }

    fn inside(&mut self) -> Step {
        let Some(next) = self.next() else { return Err("unclosed action".into()) };
        match next {
            c if is_space(c) => {
                self.pos -= 1;
                // A trim-marked right delimiter begins with a space.
                while self.byte().is_some_and(is_space_byte) && !right_trims(self.after(self.pos)) {
                    self.pos += 1;
                }
                if self.pos > self.start {
                    self.emit(Kind::Space);
                }
            }
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return Err("expected :=".into());
                }
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => return self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => return self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => {
                let Some(offset) = self.rest().find('`') else {
                    self.pos = self.text.len();
                    return Err("unterminated raw quoted string".into());
                };
                self.pos += offset + 1;
                self.emit(Kind::RawString);
            }
            '$' => return self.field_or_variable(Kind::Variable),
            '.' if self.byte().is_some_and(|byte| !byte.is_ascii_digit()) => {
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
                    return Err("unexpected right paren".into());
                }
                self.emit(Kind::RightParen);
            }
            c if c.is_ascii_graphic() => self.emit(Kind::Char),
            c => return Err(format!("unrecognized character in action: {}", unicode(Some(c)))),
        }
        Ok(())
    }

    fn skip_word(&mut self) {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
    }

    fn identifier(&mut self) -> Step {
        self.skip_word();
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
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind);
        Ok(())
    }

    fn bad_character(&mut self) -> Step {
        Err(format!("bad character {}", unicode(self.peek())))
    }

    fn at_terminator(&self) -> bool {
        match self.after(self.pos) {
            [] | [b'.' | b',' | b'|' | b':' | b')' | b'(', ..] | [b'}', b'}', ..] => true,
            [byte, ..] => is_space_byte(*byte),
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, words: &str) -> Step {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return Err(words.into());
                    }
                }
                None | Some('\n') => return Err(words.into()),
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        self.emit(kind);
        Ok(())
    }

    fn number(&mut self) -> Step {
        let bad = |this: &Self| {
            Err(format!("bad number syntax: {}", crate::yaml::go_quote(this.slice(this.start, this.pos))))
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

fn left_trims(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space_byte(*space))
}

/// Whether a right delimiter with a trim marker is here.
fn right_trims(text: &[u8]) -> bool {
    matches!(text, [space, b'-', b'}', b'}', ..] if is_space_byte(*space))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_space_byte(byte: u8) -> bool {
    is_space(char::from(byte))
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}
