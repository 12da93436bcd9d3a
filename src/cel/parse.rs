//! The reader of expressions.

use std::sync::OnceLock;

use smol_str::SmolStr;

use super::fault::SyntaxError;
use super::scan::{Token, scan};
use super::tree::{Expr, Kind, Literal, Loop, Macro, Op};

/// Expressions nest no deeper than that.
const MAX_DEPTH: u16 = 200;

/// Brackets nest no deeper than that.
const MAX_NESTED: u16 = 80;

/// What cannot name a variable.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "in",
    "true",
    "false",
    "null",
];

pub(super) fn parse(text: &str) -> Result<Expr, SyntaxError> {
    let mut parser = Parser { tokens: scan(text)?, next: 0, nested: 0 };
    let expr = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.wrong("the expression should end here")),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    next: usize,
    nested: u16,
}

type Parsed = Result<Expr, SyntaxError>;

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(token, _)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |(_, at)| *at)
    }

    fn wrong(&self, words: impl Into<String>) -> SyntaxError {
        SyntaxError { at: self.at(), words: words.into() }
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(known) if *known == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.next += usize::from(is);
        is
    }

    fn want(&mut self, sign: &str) -> Result<(), SyntaxError> {
        if self.take(sign) { Ok(()) } else { Err(self.wrong(format!("expected `{sign}`"))) }
    }

    fn make(&self, kind: Kind) -> Parsed {
        let expr = Expr::new(kind);
        if expr.depth > MAX_DEPTH { Err(self.wrong("the expression nests too deep")) } else { Ok(expr) }
    }

    fn expression(&mut self) -> Parsed {
        self.nested += 1;
        if self.nested > MAX_NESTED {
            return Err(self.wrong("the expression nests too deep"));
        }
        let condition = self.any()?;
        let expr = if self.take("?") {
            let yes = self.any()?;
            self.want(":")?;
            let no = self.expression()?;
            self.make(Kind::Choice(Box::new(condition), Box::new(yes), Box::new(no)))?
        } else {
            condition
        };
        self.nested -= 1;
        Ok(expr)
    }

    fn any(&mut self) -> Parsed {
        let first = self.all()?;
        if !self.is("||") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take("||") {
            parts.push(self.all()?);
        }
        self.make(Kind::Any(parts))
    }

    fn all(&mut self) -> Parsed {
        let first = self.relation()?;
        if !self.is("&&") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take("&&") {
            parts.push(self.relation()?);
        }
        self.make(Kind::All(parts))
    }

    fn relation(&mut self) -> Parsed {
        let mut left = self.sum()?;
        loop {
            let op = match self.peek() {
                Token::Sign("==") => Op::Equal,
                Token::Sign("!=") => Op::NotEqual,
                Token::Sign("<") => Op::Less,
                Token::Sign("<=") => Op::LessEqual,
                Token::Sign(">") => Op::Greater,
                Token::Sign(">=") => Op::GreaterEqual,
                Token::Name(name) if name == "in" => Op::In,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.sum()?;
            left = self.make(Kind::Binary(op, Box::new(left), Box::new(right)))?;
        }
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Token::Sign("+") => Op::Add,
                Token::Sign("-") => Op::Subtract,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.product()?;
            left = self.make(Kind::Binary(op, Box::new(left), Box::new(right)))?;
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let op = match self.peek() {
                Token::Sign("*") => Op::Multiply,
                Token::Sign("/") => Op::Divide,
                Token::Sign("%") => Op::Modulo,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.unary()?;
            left = self.make(Kind::Binary(op, Box::new(left), Box::new(right)))?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let (mut nots, mut minuses) = (0_u32, 0_u32);
        while self.take("!") {
            nots += 1;
        }
        if nots == 0 {
            while self.is("-") {
                self.next += 1;
                minuses += 1;
            }
        }
        // A sign belongs to the number behind it, so that the least integer can be written.
        if minuses == 1 {
            let literal = match self.peek() {
                Token::Int(value) => 0_i64.checked_sub_unsigned(*value).map(Literal::Int),
                Token::Double(value) => Some(Literal::Double(-value)),
                _ => None,
            };
            if let Some(literal) = literal {
                self.next += 1;
                let literal = self.make(Kind::Literal(literal))?;
                return self.members(literal);
            }
        }
        let primary = self.primary()?;
        let mut expr = self.members(primary)?;
        if nots % 2 == 1 {
            expr = self.make(Kind::Not(Box::new(expr)))?;
        } else if nots > 0 {
            let inner = self.make(Kind::Not(Box::new(expr)))?;
            expr = self.make(Kind::Not(Box::new(inner)))?;
        }
        if minuses % 2 == 1 {
            expr = self.make(Kind::Negate(Box::new(expr)))?;
        }
        Ok(expr)
    }

    fn members(&mut self, mut expr: Expr) -> Parsed {
        loop {
            if self.take(".") {
                let optional = self.take("?");
                let field = match self.peek() {
                    Token::Name(name) | Token::Quoted(name) => name.clone(),
                    _ => return Err(self.wrong("expected the name of a field")),
                };
                self.next += 1;
                if self.is("(") && !optional {
                    expr = self.method(expr, field)?;
                } else {
                    expr = self.make(Kind::Select(Box::new(expr), field, optional))?;
                }
            } else if self.take("[") {
                let optional = self.take("?");
                let key = self.expression()?;
                self.want("]")?;
                expr = self.make(Kind::Index(Box::new(expr), Box::new(key), optional))?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, SyntaxError> {
        self.want("(")?;
        let mut arguments = Vec::new();
        if !self.is(")") {
            arguments.push(self.expression()?);
            while self.take(",") {
                arguments.push(self.expression()?);
            }
        }
        self.want(")")?;
        Ok(arguments)
    }

    fn variable(&self, expr: Option<Expr>) -> Result<SmolStr, SyntaxError> {
        match expr.map(|expr| expr.kind) {
            Some(Kind::Name(name)) => Ok(name),
            _ => Err(self.wrong("a macro takes the name of a variable")),
        }
    }

    /// A method, or a macro that looks like one.
    fn method(&mut self, target: Expr, name: SmolStr) -> Parsed {
        let arguments = self.arguments()?;
        let count = arguments.len();
        let what = match (name.as_str(), count) {
            ("all", 2 | 3) => Macro::All,
            ("exists", 2 | 3) => Macro::Exists,
            ("exists_one" | "existsOne", 2 | 3) => Macro::ExistsOne,
            ("filter", 2) => Macro::Filter,
            ("map", 2 | 3) => Macro::Map,
            ("sortBy", 2) => Macro::SortBy,
            ("transformList", 3 | 4) => Macro::TransformList,
            ("transformMap", 3 | 4) => Macro::TransformMap,
            ("transformMapEntry", 3 | 4) => Macro::TransformMapEntry,
            ("bind", 3) if matches!(&target.kind, Kind::Name(name) if name == "cel") => {
                let mut arguments = arguments.into_iter();
                let variable = self.variable(arguments.next())?;
                let (Some(value), Some(body)) = (arguments.next(), arguments.next()) else {
                    return Err(self.wrong("`cel.bind` takes three arguments"));
                };
                return self.make(Kind::Bind(variable, Box::new(value), Box::new(body)));
            }
            ("optMap" | "optFlatMap", 2) => {
                let mut arguments = arguments.into_iter();
                let variable = self.variable(arguments.next())?;
                let Some(body) = arguments.next() else {
                    return Err(self.wrong("a macro lacks its expression"));
                };
                let flat = name == "optFlatMap";
                return self.make(Kind::OptMap(Box::new(target), variable, Box::new(body), flat));
            }
            ("matches", 1) => {
                let mut arguments = arguments;
                if let Some(Expr { kind: Kind::Literal(Literal::Text(pattern)), .. }) = arguments.first() {
                    let pattern = pattern.clone();
                    return self.make(Kind::Matches(Box::new(target), pattern, OnceLock::new()));
                }
                let arguments = std::mem::take(&mut arguments);
                return self.make(Kind::Call(Some(Box::new(target)), name, arguments));
            }
            _ => return self.make(Kind::Call(Some(Box::new(target)), name, arguments)),
        };
        let two = match what {
            Macro::All | Macro::Exists | Macro::ExistsOne => count == 3,
            Macro::TransformList | Macro::TransformMap | Macro::TransformMapEntry => true,
            Macro::Filter | Macro::Map | Macro::SortBy => false,
        };
        let mut arguments = arguments.into_iter();
        let first = self.variable(arguments.next())?;
        let second = if two { Some(self.variable(arguments.next())?) } else { None };
        let mut rest: Vec<Expr> = arguments.collect();
        let Some(body) = rest.pop() else { return Err(self.wrong("a macro lacks its expression")) };
        let filter = rest.pop();
        self.make(Kind::Loop(Box::new(Loop { what, target, first, second, filter, body })))
    }

    fn primary(&mut self) -> Parsed {
        let token = self.peek().clone();
        let literal = match token {
            Token::Int(value) => Literal::Int(
                i64::try_from(value).map_err(|_| self.wrong("the number does not fit into 64 bits"))?,
            ),
            Token::Uint(value) => Literal::Uint(value),
            Token::Double(value) => Literal::Double(value),
            Token::Text(text) => Literal::Text(text.into()),
            Token::Bytes(bytes) => Literal::Bytes(bytes),
            Token::Name(name) => return self.name(name),
            Token::Sign(".") => {
                self.next += 1;
                let Token::Name(name) = self.peek().clone() else {
                    return Err(self.wrong("expected a name"));
                };
                return self.name(name);
            }
            Token::Sign("(") => {
                self.next += 1;
                let expr = self.expression()?;
                self.want(")")?;
                return Ok(expr);
            }
            Token::Sign("[") => return self.list(),
            Token::Sign("{") => return self.map(),
            Token::End => return Err(self.wrong("the expression ends too early")),
            Token::Sign(_) | Token::Quoted(_) => return Err(self.wrong("expected an expression")),
        };
        self.next += 1;
        self.make(Kind::Literal(literal))
    }

    fn name(&mut self, name: SmolStr) -> Parsed {
        let literal = match name.as_str() {
            "true" => Some(Literal::Bool(true)),
            "false" => Some(Literal::Bool(false)),
            "null" => Some(Literal::Null),
            _ => None,
        };
        if let Some(literal) = literal {
            self.next += 1;
            return self.make(Kind::Literal(literal));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(self.wrong(format!("`{name}` is reserved")));
        }
        self.next += 1;
        if self.is("{") {
            return Err(self.wrong(format!("`{name}{{...}}` makes an object, which is not known here")));
        }
        if !self.is("(") {
            return self.make(Kind::Name(name));
        }
        let mut arguments = self.arguments()?;
        if name == "has" {
            return match (arguments.pop().map(|it| it.kind), arguments.is_empty()) {
                (Some(Kind::Select(of, field, false)), true) => self.make(Kind::Has(of, field)),
                _ => Err(self.wrong("`has` takes a field, as in `has(self.field)`")),
            };
        }
        self.make(Kind::Call(None, name, arguments))
    }

    fn list(&mut self) -> Parsed {
        self.want("[")?;
        let mut items = Vec::new();
        while !self.is("]") {
            let optional = self.take("?");
            items.push((optional, self.expression()?));
            if !self.take(",") {
                break;
            }
        }
        self.want("]")?;
        self.make(Kind::List(items))
    }

    fn map(&mut self) -> Parsed {
        self.want("{")?;
        let mut entries = Vec::new();
        while !self.is("}") {
            let optional = self.take("?");
            let key = self.expression()?;
            self.want(":")?;
            entries.push((optional, key, self.expression()?));
            if !self.take(",") {
                break;
            }
        }
        self.want("}")?;
        self.make(Kind::Map(entries))
    }
}
