//! Label selectors in their text form: `app=web,tier in (a, b),!legacy`.
//!
//! Mirrors `k8s.io/apimachinery/pkg/labels` (`Parse`), error messages included: kustomize copies them.

use std::collections::BTreeSet;

/// A parsed selector: all requirements must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

impl Selector {
    /// Parses a selector. The empty text selects everything.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut lexer = Lexer { text: text.as_bytes(), at: 0 };
        loop {
            let token = lexer.next();
            let last = token == Token::End;
            tokens.push(token);
            if last {
                break;
            }
        }
        Parser { tokens, at: 0 }.selector()
    }

    /// Whether labels match; `get` answers the value of a label.
    pub fn matches<'a>(&self, get: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(get(&requirement.key)))
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl Requirement {
    fn matches(&self, value: Option<&str>) -> bool {
        let compare = |holds: fn(&i64, &i64) -> bool| {
            let wanted = self.values.first().and_then(|text| text.parse::<i64>().ok());
            match (value.and_then(|text| text.parse::<i64>().ok()), wanted) {
                (Some(value), Some(wanted)) => holds(&value, &wanted),
                _ => false,
            }
        };
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => compare(i64::gt),
            Operator::LessThan => compare(i64::lt),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    End,
    /// `!`, `=`, `in`, `(`, ...
    Symbol(&'static str),
    Identifier(String),
    Error(String),
}

const SYMBOLS: [&str; 9] = [")", ",", "!", "==", "=", ">", "<", "!=", "("];

fn is_special(byte: u8) -> bool {
    matches!(byte, b'=' | b'!' | b'(' | b')' | b',' | b'>' | b'<')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        // A zero byte ends the text, as it does upstream.
        self.text.get(self.at).copied().filter(|byte| *byte != 0)
    }

    fn next(&mut self) -> Token {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        let start = self.at;
        match self.peek() {
            None => Token::End,
            Some(byte) if is_special(byte) => {
                let run = self.text.get(start..).unwrap_or_default();
                let len = run.iter().take_while(|byte| is_special(**byte)).count();
                // The longest symbol that the run begins with.
                let found = SYMBOLS
                    .into_iter()
                    .filter(|symbol| run.get(..len).is_some_and(|run| run.starts_with(symbol.as_bytes())))
                    .max_by_key(|symbol| symbol.len());
                match found {
                    Some(symbol) => {
                        self.at += symbol.len();
                        Token::Symbol(symbol)
                    }
                    None => {
                        self.at += len.max(1);
                        Token::Error("error expected: keyword found ''".to_owned())
                    }
                }
            }
            Some(_) => {
                while self.peek().is_some_and(|byte| !is_special(byte) && !is_space(byte)) {
                    self.at += 1;
                }
                let word = self.text.get(start..self.at).unwrap_or_default();
                match String::from_utf8_lossy(word).as_ref() {
                    "in" => Token::Symbol("in"),
                    "notin" => Token::Symbol("notin"),
                    word => Token::Identifier(word.to_owned()),
                }
            }
        }
    }
}

impl Token {
    /// `in` and `notin` are ordinary words where a key or value stands.
    fn as_value(&self) -> Self {
        match self {
            Self::Symbol(word @ ("in" | "notin")) => Self::Identifier((*word).to_owned()),
            other => other.clone(),
        }
    }

    fn literal(&self) -> &str {
        match self {
            Self::End => "",
            Self::Symbol(symbol) => symbol,
            Self::Identifier(text) | Self::Error(text) => text,
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn raw(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn peek(&self) -> Token {
        self.raw().as_value()
    }

    fn take(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn selector(mut self) -> Result<Selector, String> {
        let mut selector = Selector::default();
        loop {
            match self.peek() {
                Token::End => return Ok(selector),
                Token::Identifier(_) | Token::Symbol("!") => {
                    let requirement = self
                        .requirement()
                        .map_err(|error| format!("unable to parse requirement: {error}"))?;
                    selector.requirements.push(requirement);
                    match self.take() {
                        Token::End => return Ok(selector),
                        Token::Symbol(",") => {
                            let next = self.peek();
                            if !matches!(next, Token::Identifier(_) | Token::Symbol("!")) {
                                let found = next.literal();
                                return Err(format!("found '{found}', expected: identifier after ','"));
                            }
                        }
                        other => {
                            let found = other.literal();
                            return Err(format!("found '{found}', expected: ',' or 'end of string'"));
                        }
                    }
                }
                other => {
                    let found = other.literal();
                    return Err(format!("found '{found}', expected: !, identifier, or 'end of string'"));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.take();
        let negated = token == Token::Symbol("!");
        if negated {
            token = self.take();
        }
        let Token::Identifier(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.literal()));
        };
        validate_key(&key)?;
        let bare = matches!(self.peek(), Token::End | Token::Symbol(","));
        if negated || bare {
            let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
            return Ok(Requirement { key, operator, values: BTreeSet::new() });
        }
        let word = self.raw();
        self.at += 1;
        let (operator, values) = match word {
            Token::Symbol("in") => (Operator::In, self.values()?),
            Token::Symbol("notin") => (Operator::NotIn, self.values()?),
            Token::Symbol("=" | "==") => (Operator::In, self.exact_value()?),
            Token::Symbol("!=") => (Operator::NotIn, self.exact_value()?),
            Token::Symbol(symbol @ (">" | "<")) => {
                let values = self.exact_value()?;
                if values.iter().any(|value| value.parse::<i64>().is_err()) {
                    return Err("for 'Gt', 'Lt' operators, the value must be an integer".to_owned());
                }
                (if symbol == ">" { Operator::GreaterThan } else { Operator::LessThan }, values)
            }
            other => {
                let found = other.literal();
                return Err(format!("found '{found}', expected: '=', '!=', '==', 'in', notin'"));
            }
        };
        values.iter().try_for_each(|value| validate_value(&key, value))?;
        Ok(Requirement { key, operator, values })
    }

    fn exact_value(&mut self) -> Result<BTreeSet<String>, String> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(BTreeSet::from([String::new()]));
        }
        match self.take() {
            Token::Identifier(value) => Ok(BTreeSet::from([value])),
            other => Err(format!("found '{}', expected: identifier", other.literal())),
        }
    }

    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        let open = self.take();
        if open != Token::Symbol("(") {
            return Err(format!("found '{}' expected: '('", open.literal()));
        }
        match self.peek() {
            Token::Symbol(")") => {
                self.at += 1;
                Ok(BTreeSet::from([String::new()]))
            }
            Token::Identifier(_) | Token::Symbol(",") => {
                let values = self.identifiers()?;
                self.at += 1;
                Ok(values)
            }
            other => Err(format!("found '{}', expected: ',', ')' or identifier", other.literal())),
        }
    }

    /// The list up to its closing parenthesis, which is left to the caller. Empty elements are empty values.
    fn identifiers(&mut self) -> Result<BTreeSet<String>, String> {
        let mut values = BTreeSet::new();
        loop {
            match self.take() {
                Token::Identifier(value) => {
                    values.insert(value);
                    match self.peek() {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => return Ok(values),
                        other => return Err(format!("found '{}', expected: ',' or ')'", other.literal())),
                    }
                }
                Token::Symbol(",") => {
                    if values.is_empty() {
                        values.insert(String::new());
                    }
                    match self.peek() {
                        Token::Symbol(")") => {
                            values.insert(String::new());
                            return Ok(values);
                        }
                        Token::Symbol(",") => {
                            self.at += 1;
                            values.insert(String::new());
                        }
                        _ => {}
                    }
                }
                other => return Err(format!("found '{}', expected: ',', or identifier", other.literal())),
            }
        }
    }
}

const NAME_ADVICE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                           alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
                           validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|part| {
            is_name(part)
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

fn validate_key(key: &str) -> Result<(), String> {
    let mut errors = Vec::new();
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) if !name.contains('/') => (Some(prefix), name),
        Some(_) => {
            errors.push(format!(
                "a qualified name {NAME_ADVICE} with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')"
            ));
            (None, "x")
        }
        None => (None, key),
    };
    match prefix {
        Some("") => errors.push("prefix part must be non-empty".to_owned()),
        Some(prefix) if !is_subdomain(prefix) => errors.push(
            "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
             '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
             validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                .to_owned(),
        ),
        _ => {}
    }
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        errors.push("name part must be no more than 63 characters".to_owned());
    }
    if !is_name(name) {
        errors.push(format!("name part {NAME_ADVICE}"));
    }
    if errors.is_empty() { Ok(()) } else { Err(format!("invalid label key {key:?}: {}", errors.join("; "))) }
}

fn validate_value(key: &str, value: &str) -> Result<(), String> {
    let mut errors = Vec::new();
    if value.len() > 63 {
        errors.push("must be no more than 63 characters".to_owned());
    }
    if !value.is_empty() && !is_name(value) {
        errors.push(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
             start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
             for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
                .to_owned(),
        );
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(format!("invalid label value: {value:?}: at key: {key:?}: {}", errors.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects() {
        let labels = |key: &str| match key {
            "app" => Some("web"),
            "example.com/tier" => Some("2"),
            "empty" => Some(""),
            _ => None,
        };
        for (text, want) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("nope", false),
            ("!nope", true),
            ("app=web", true),
            ("app == web , !nope", true),
            ("app!=web", false),
            ("nope!=x", true),
            ("app in (web, db)", true),
            ("app notin (web)", false),
            ("nope notin (a)", true),
            ("in in (in)", false),
            ("empty=", true),
            ("empty in (,a)", true),
            ("example.com/tier>1", true),
            ("example.com/tier<1", false),
            ("app>1", false),
        ] {
            assert_eq!(Selector::parse(text).unwrap().matches(labels), want, "{text}");
        }
    }

    #[test]
    fn refuses_in_upstreams_words() {
        for (text, want) in [
            ("a,", "found '', expected: identifier after ','"),
            ("=a", "found '=', expected: !, identifier, or 'end of string'"),
            ("a b", "unable to parse requirement: found 'b', expected: '=', '!=', '==', 'in', notin'"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a>b", "unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer"),
        ] {
            assert_eq!(Selector::parse(text).unwrap_err(), want, "{text}");
        }
        assert!(
            Selector::parse("a=b/c").unwrap_err().contains("invalid label value: \"b/c\": at key: \"a\"")
        );
        assert!(
            Selector::parse("-a=b").unwrap_err().contains("invalid label key \"-a\": name part must consist")
        );
    }
}
