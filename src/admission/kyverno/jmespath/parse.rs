//! From tokens to a tree. Mirrors `parser.go`, its binding powers included.

use smol_str::SmolStr;

use super::scan::{Comparison, Token, tokens};
use super::value::Value;

/// Expressions nest no deeper than that.
const MAX_DEPTH: usize = 100;

/// Expressions have no more tokens than that: a chain of names is as deep as it is long.
const MAX_TOKENS: usize = 600;

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    /// What the expression is asked about.
    Current,
    Field(SmolStr),
    Literal(Value),
    Index(i64),
    Slice([Option<i64>; 3]),
    /// `a.b`, `a[0]`
    Sub(Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Pipe(Box<Expr>, Box<Expr>),
    /// `&name`, for functions.
    Reference(Box<Expr>),
    Call(SmolStr, Vec<Expr>),
    Flatten(Box<Expr>),
    /// `list[*].rest`
    Projection(Box<Expr>, Box<Expr>),
    /// `map.*.rest`
    Values(Box<Expr>, Box<Expr>),
    /// `list[?condition].rest`: list, rest, condition.
    Filter(Box<Expr>, Box<Expr>, Box<Expr>),
    List(Vec<Expr>),
    Map(Vec<(SmolStr, Expr)>),
}

impl Expr {
    /// The expressions in it.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Current | Self::Field(_) | Self::Literal(_) | Self::Index(_) | Self::Slice(_) => Vec::new(),
            Self::Not(of) | Self::Reference(of) | Self::Flatten(of) => vec![of],
            Self::Sub(a, b) | Self::Compare(_, a, b) | Self::Or(a, b) | Self::And(a, b) => vec![a, b],
            Self::Pipe(a, b) | Self::Projection(a, b) | Self::Values(a, b) => vec![a, b],
            Self::Filter(a, b, c) => vec![a, b, c],
            Self::Call(_, all) | Self::List(all) => all.iter().collect(),
            Self::Map(all) => all.iter().map(|(_, value)| value).collect(),
        }
    }
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let tokens = tokens(text)?;
    if tokens.len() > MAX_TOKENS {
        return Err("the expression is too long".to_owned());
    }
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err("something stands behind the expression".to_owned()),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

fn power(token: &Token) -> u8 {
    match token {
        Token::Pipe => 1,
        Token::Or => 2,
        Token::And => 3,
        Token::Compare(_) => 5,
        Token::Flatten => 9,
        Token::Star => 20,
        Token::Filter => 21,
        Token::Dot => 40,
        Token::Not => 45,
        Token::LeftBrace => 50,
        Token::LeftBracket => 55,
        Token::LeftParen => 60,
        _ => 0,
    }
}

type Parsed = Result<Expr, String>;

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn expect(&mut self, token: &Token) -> Result<(), String> {
        if self.peek() == token {
            self.at += 1;
            return Ok(());
        }
        Err(format!("expected {token:?}, found {:?}", self.peek()))
    }

    fn expression(&mut self, bound: u8) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the expression nests too deep".to_owned());
        }
        let mut left = self.prefix()?;
        while bound < power(self.peek()) {
            left = self.infix(left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn boxed(&mut self, bound: u8) -> Result<Box<Expr>, String> {
        self.expression(bound).map(Box::new)
    }

    fn prefix(&mut self) -> Parsed {
        let current = || Box::new(Expr::Current);
        Ok(match self.next() {
            Token::Literal(value) => Expr::Literal(value),
            Token::Name(name) => Expr::Field(name),
            Token::QuotedName(_) if *self.peek() == Token::LeftParen => {
                return Err("a quoted name is no function".to_owned());
            }
            Token::QuotedName(name) => Expr::Field(name),
            Token::Star if *self.peek() == Token::RightBracket => Expr::Values(current(), current()),
            Token::Star => Expr::Values(current(), self.rest(20)?),
            Token::Filter => self.filter(Expr::Current)?,
            Token::LeftBrace => self.select_map()?,
            Token::Flatten => Expr::Projection(Box::new(Expr::Flatten(current())), self.rest(9)?),
            Token::LeftBracket => match (self.peek(), self.ahead(1)) {
                (Token::Number(_) | Token::Colon, _) => self.index(Expr::Current)?,
                (Token::Star, Token::RightBracket) => {
                    self.at += 2;
                    Expr::Projection(current(), self.rest(20)?)
                }
                _ => self.select_list()?,
            },
            Token::Current => Expr::Current,
            Token::Reference => Expr::Reference(self.boxed(0)?),
            Token::Not => Expr::Not(self.boxed(45)?),
            Token::LeftParen => {
                let inner = self.expression(0)?;
                self.expect(&Token::RightParen)?;
                inner
            }
            Token::End => return Err("the expression ends too early".to_owned()),
            other => return Err(format!("unexpected {other:?}")),
        })
    }

    fn infix(&mut self, left: Expr) -> Parsed {
        let left = Box::new(left);
        Ok(match self.next() {
            Token::Dot if *self.peek() == Token::Star => {
                self.at += 1;
                Expr::Values(left, self.rest(40)?)
            }
            Token::Dot => Expr::Sub(left, Box::new(self.behind_dot(40)?)),
            Token::Pipe => Expr::Pipe(left, self.boxed(1)?),
            Token::Or => Expr::Or(left, self.boxed(2)?),
            Token::And => Expr::And(left, self.boxed(3)?),
            Token::Compare(how) => Expr::Compare(how, left, self.boxed(5)?),
            Token::Filter => self.filter(*left)?,
            Token::Flatten => Expr::Projection(Box::new(Expr::Flatten(left)), self.rest(9)?),
            Token::LeftParen => {
                let Expr::Field(name) = *left else { return Err("this is no function".to_owned()) };
                let mut arguments = Vec::new();
                while *self.peek() != Token::RightParen {
                    arguments.push(self.expression(0)?);
                    if *self.peek() == Token::Comma {
                        self.at += 1;
                    }
                }
                self.at += 1;
                Expr::Call(name, arguments)
            }
            Token::LeftBracket => match self.peek() {
                Token::Number(_) | Token::Colon => self.index(*left)?,
                _ => {
                    self.expect(&Token::Star)?;
                    self.expect(&Token::RightBracket)?;
                    Expr::Projection(left, self.rest(20)?)
                }
            },
            other => return Err(format!("unexpected {other:?}")),
        })
    }

    /// `[0]`, and `[1:2]`, which projects.
    fn index(&mut self, left: Expr) -> Parsed {
        let mut parts = [None; 3];
        let mut part = 0;
        loop {
            match self.next() {
                Token::Number(number) => {
                    *parts.get_mut(part).ok_or("a slice has three parts")? = Some(number);
                }
                Token::Colon => part += 1,
                Token::RightBracket => break,
                other => return Err(format!("unexpected {other:?} in an index")),
            }
        }
        let left = Box::new(left);
        match (part, parts) {
            (0, [Some(index), ..]) => Ok(Expr::Sub(left, Box::new(Expr::Index(index)))),
            (1 | 2, parts) => {
                let slice = Expr::Sub(left, Box::new(Expr::Slice(parts)));
                Ok(Expr::Projection(Box::new(slice), self.rest(20)?))
            }
            _ => Err("a slice has three parts".to_owned()),
        }
    }

    fn filter(&mut self, left: Expr) -> Parsed {
        let condition = self.boxed(0)?;
        self.expect(&Token::RightBracket)?;
        let right = if *self.peek() == Token::Flatten { Box::new(Expr::Current) } else { self.rest(21)? };
        Ok(Expr::Filter(Box::new(left), right, condition))
    }

    /// What every element of a projection goes through.
    fn rest(&mut self, bound: u8) -> Result<Box<Expr>, String> {
        match self.peek() {
            token if power(token) < 10 => Ok(Box::new(Expr::Current)),
            Token::LeftBracket | Token::Filter => self.boxed(bound),
            Token::Dot => {
                self.at += 1;
                self.behind_dot(bound).map(Box::new)
            }
            other => Err(format!("unexpected {other:?} behind a projection")),
        }
    }

    fn behind_dot(&mut self, bound: u8) -> Parsed {
        match self.peek() {
            Token::Name(_) | Token::QuotedName(_) | Token::Star => self.expression(bound),
            Token::LeftBracket => {
                self.at += 1;
                self.select_list()
            }
            Token::LeftBrace => {
                self.at += 1;
                self.select_map()
            }
            other => Err(format!("unexpected {other:?} behind a dot")),
        }
    }

    fn select_list(&mut self) -> Parsed {
        let mut items = vec![self.expression(0)?];
        while *self.peek() == Token::Comma {
            self.at += 1;
            items.push(self.expression(0)?);
        }
        self.expect(&Token::RightBracket)?;
        Ok(Expr::List(items))
    }

    fn select_map(&mut self) -> Parsed {
        let mut entries = Vec::new();
        loop {
            let (Token::Name(name) | Token::QuotedName(name)) = self.next() else {
                return Err("a key is a name".to_owned());
            };
            self.expect(&Token::Colon)?;
            entries.push((name, self.expression(0)?));
            match self.next() {
                Token::Comma => {}
                Token::RightBrace => return Ok(Expr::Map(entries)),
                other => return Err(format!("unexpected {other:?} in a map")),
            }
        }
    }
}
