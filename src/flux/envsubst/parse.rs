//! Text to pieces. Mirrors `envsubst/parse/{scan,parse}.go`, states that one rule leaves to the next included.

use smol_str::SmolStr;

use crate::golang::unicode::{is_digit, is_letter};

use super::{BadTemplate, Piece, Reference};

/// References within references.
const MAX_DEPTH: usize = 100;

/// What the end of the text reads as.
const END: char = '\0';

/// Which tokens are looked for.
#[derive(Debug, Clone, Copy, Default)]
struct Mode {
    word: bool,
    open: bool,
    close: bool,
    escape: bool,
}

const WORD: Mode = Mode { word: true, open: false, close: false, escape: false };
const CLOSE: Mode = Mode { word: false, open: false, close: true, escape: false };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Illegal,
    End,
    Word,
    Open,
    Close,
}

/// Whether a word goes on with this character, which is its n-th, counted from one.
type Accept = fn(char, usize) -> bool;

struct Scanner {
    /// The text, with its byte offsets.
    chars: Vec<(usize, char)>,
    len: usize,
    at: usize,
    /// The word read last.
    word: String,
    mode: Mode,
    accept: Accept,
    /// Whether a backslash escapes too.
    backslash: bool,
}

impl Scanner {
    fn peek(&self) -> char {
        self.chars.get(self.at).map_or(END, |(_, char)| *char)
    }

    fn second(&self) -> char {
        self.chars.get(self.at + 1).map_or(END, |(_, char)| *char)
    }

    fn offset(&self) -> usize {
        self.chars.get(self.at).map_or(self.len, |(offset, _)| *offset)
    }

    fn scan(&mut self) -> Token {
        self.word.clear();
        let char = self.peek();
        if char == END {
            return Token::End;
        }
        if self.opens() {
            self.at += 2;
            return Token::Open;
        }
        if self.mode.close && char == '}' {
            self.at += 1;
            self.word.push(char);
            return Token::Close;
        }
        if self.mode.word && self.word() { Token::Word } else { Token::Illegal }
    }

    fn opens(&self) -> bool {
        self.mode.open && self.peek() == '$' && self.second() == '{'
    }

    /// Whether the character here makes the next one literal.
    fn escapes(&self) -> bool {
        let next = self.second();
        self.mode.escape
            && match self.peek() {
                '$' => next == '$',
                '\\' => self.backslash && matches!(next, '/' | '\\'),
                _ => false,
            }
    }

    fn word(&mut self) -> bool {
        let mut count = 1;
        loop {
            if self.peek() == END || (count > 1 && self.opens()) {
                break;
            }
            if self.escapes() {
                self.at += 1;
            } else if !(self.accept)(self.peek(), count) {
                if count == 1 {
                    // What is not accepted is read all the same.
                    self.at += 1;
                    return false;
                }
                break;
            }
            self.word.push(self.peek());
            self.at += 1;
            count += 1;
        }
        true
    }

    fn take_word(&mut self) -> String {
        std::mem::take(&mut self.word)
    }
}

fn anything(_: char, _: usize) -> bool {
    true
}

fn identifier(char: char, _: usize) -> bool {
    is_letter(char) || is_digit(char) || char == '_'
}

fn not_closing(char: char, _: usize) -> bool {
    char != '}'
}

/// The pieces of a text.
pub(super) fn parse(text: &str) -> Result<Vec<Piece>, BadTemplate> {
    let mut scanner = Scanner {
        chars: text.char_indices().collect(),
        len: text.len(),
        at: 0,
        word: String::new(),
        mode: Mode::default(),
        accept: anything,
        backslash: false,
    };
    let mut pieces = Vec::new();
    loop {
        scanner.accept = anything;
        scanner.mode = Mode { word: true, open: true, close: false, escape: true };
        scanner.backslash = false;
        match scanner.scan() {
            Token::Word => pieces.push(Piece::Text(scanner.take_word())),
            Token::End => return Ok(pieces),
            Token::Open => pieces.push(Piece::Reference(scanner.reference(0)?)),
            Token::Illegal | Token::Close => return Err(BadTemplate::Substitution),
        }
    }
}

impl Scanner {
    /// One `${...}`, behind its bracket.
    fn reference(&mut self, depth: usize) -> Result<Reference, BadTemplate> {
        if depth > MAX_DEPTH {
            return Err(BadTemplate::Depth);
        }
        let mut reference = Reference {
            name: SmolStr::default(),
            operator: SmolStr::default(),
            arguments: Vec::new(),
            start: self.offset() - 2,
            end: 0,
        };
        self.backslash = true;
        if self.peek() == '#' {
            reference.operator = self.expect(|char, n| char == '#' && n == 1, BadTemplate::Substitution)?;
            reference.name = self.expect(identifier, BadTemplate::Substitution)?;
            self.close()?;
        } else {
            reference.name = self.expect(identifier, BadTemplate::VariableName)?;
            match self.peek() {
                ':' if matches!(self.second(), '=' | '-' | '?' | '+') => {
                    self.default(&mut reference, depth)?;
                }
                '=' => self.default(&mut reference, depth)?,
                // Flux loses its place when it looks at what is there, and then misses the colon.
                ':' if self.second() == END || !self.second().is_ascii() => {
                    return Err(BadTemplate::Substitution);
                }
                ':' => self.substring(&mut reference, depth)?,
                ',' | '^' => {
                    let casing: Accept = |char, n| matches!(char, ',' | '^') && n < 3;
                    reference.operator = self.expect(casing, BadTemplate::Substitution)?;
                    self.close()?;
                }
                '/' => self.replacement(&mut reference, depth)?,
                '#' => self.removal(&mut reference, |char, n| char == '#' && n < 3, depth)?,
                '%' => self.removal(&mut reference, |char, n| char == '%' && n < 3, depth)?,
                _ => {
                    (self.accept, self.mode) = (identifier, CLOSE);
                    if self.scan() != Token::Close {
                        return Err(BadTemplate::ClosingBrace);
                    }
                }
            }
        }
        reference.end = self.offset();
        Ok(reference)
    }

    fn expect(&mut self, accept: Accept, otherwise: BadTemplate) -> Result<SmolStr, BadTemplate> {
        (self.accept, self.mode) = (accept, WORD);
        if self.scan() == Token::Word { Ok(self.take_word().into()) } else { Err(otherwise) }
    }

    fn close(&mut self) -> Result<(), BadTemplate> {
        self.mode = CLOSE;
        if self.scan() == Token::Close { Ok(()) } else { Err(BadTemplate::Substitution) }
    }

    /// A piece of an argument.
    fn argument(&mut self, accept: Accept, escape: bool, depth: usize) -> Result<Piece, BadTemplate> {
        self.accept = accept;
        self.mode = Mode { word: true, open: true, close: false, escape };
        match self.scan() {
            Token::Open => Ok(Piece::Reference(self.reference(depth + 1)?)),
            Token::Word | Token::Close => Ok(Piece::Text(self.take_word())),
            Token::Illegal | Token::End => Err(BadTemplate::Function),
        }
    }

    fn default(&mut self, reference: &mut Reference, depth: usize) -> Result<(), BadTemplate> {
        let with_colon: Accept =
            |char, n| (n == 1 && char == ':') || (n == 2 && matches!(char, '=' | '-' | '?' | '+'));
        let bare: Accept = |char, n| n == 1 && char == '=';
        let accept = if self.peek() == '=' { bare } else { with_colon };
        reference.operator = self.expect(accept, BadTemplate::Default)?;
        while self.peek() != '}' {
            reference.arguments.push(self.argument(not_closing, false, depth)?);
        }
        self.close()
    }

    fn substring(&mut self, reference: &mut Reference, depth: usize) -> Result<(), BadTemplate> {
        reference.operator = self.expect(|char, n| n == 1 && char == ':', BadTemplate::Substitution)?;
        let position: Accept = |char, _| char != ':' && char != '}';
        reference.arguments.push(self.argument(position, false, depth)?);
        self.accept = |char, _| char == ':';
        self.mode = Mode { word: true, open: false, close: true, escape: false };
        match self.scan() {
            Token::Close => return Ok(()),
            Token::Word => {}
            _ => return Err(BadTemplate::Substitution),
        }
        reference.arguments.push(self.argument(not_closing, false, depth)?);
        self.close()
    }

    fn removal(
        &mut self,
        reference: &mut Reference,
        accept: Accept,
        depth: usize,
    ) -> Result<(), BadTemplate> {
        reference.operator = self.expect(accept, BadTemplate::Substitution)?;
        reference.arguments.push(self.argument(not_closing, false, depth)?);
        self.close()
    }

    fn replacement(&mut self, reference: &mut Reference, depth: usize) -> Result<(), BadTemplate> {
        let operator: Accept =
            |char, n| (n == 1 && char == '/') || (n == 2 && matches!(char, '/' | '#' | '%'));
        reference.operator = self.expect(operator, BadTemplate::Substitution)?;
        reference.arguments.push(self.argument(|char, _| char != '/', true, depth)?);
        self.expect(|char, _| char == '/', BadTemplate::Substitution)?;
        if self.peek() != '}' {
            reference.arguments.push(self.argument(not_closing, true, depth)?);
        }
        self.close()
    }
}
