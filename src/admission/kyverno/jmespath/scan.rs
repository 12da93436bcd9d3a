//! The tokens of an expression. Mirrors `lexer.go`.

use smol_str::SmolStr;

use super::value::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Star,
    Dot,
    Filter,
    Flatten,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Or,
    Pipe,
    Number(i64),
    Name(SmolStr),
    QuotedName(SmolStr),
    Comma,
    Colon,
    Compare(Comparison),
    Literal(Value),
    Current,
    Reference,
    And,
    Not,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessEqual,
    More,
    MoreEqual,
    Equal,
    NotEqual,
}

/// The tokens of a text, with an end at the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (token, length) = match c {
            ' ' | '\t' | '\n' | '\r' => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Token::Name(rest.get(..end).unwrap_or_default().into()), end)
            }
            '-' | '0'..='9' => {
                let digits = rest.get(1..).unwrap_or_default();
                let end = 1 + digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                let number = rest.get(..end).and_then(|digits| digits.parse().ok());
                (Token::Number(number.ok_or("a number is none")?), end)
            }
            '"' => {
                let end = closing(rest, '"')?;
                let name = serde_json::from_str::<String>(rest.get(..end).unwrap_or_default());
                (Token::QuotedName(name.map_err(|error| error.to_string())?.into()), end)
            }
            '\'' => {
                let end = closing(rest, '\'')?;
                let inner = rest.get(1..end - 1).unwrap_or_default().replace("\\'", "'");
                (Token::Literal(Value::text(inner)), end)
            }
            '`' => {
                let end = closing(rest, '`')?;
                let inner = rest.get(1..end - 1).unwrap_or_default().replace("\\`", "`");
                let json: serde_json::Value =
                    serde_json::from_str(&inner).map_err(|_| format!("`{inner}` is no JSON"))?;
                (Token::Literal(Value::of_json(&json)), end)
            }
            _ => simple(rest).ok_or_else(|| format!("unknown character `{c}`"))?,
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens.push(Token::End);
    Ok(tokens)
}

/// The length of a text up to and with its closing delimiter.
fn closing(text: &str, delimiter: char) -> Result<usize, String> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == delimiter {
            return Ok(at + 1);
        }
    }
    Err(format!("a {delimiter} is not closed"))
}

fn simple(text: &str) -> Option<(Token, usize)> {
    let two = [
        ("[?", Token::Filter),
        ("[]", Token::Flatten),
        ("||", Token::Or),
        ("&&", Token::And),
        ("<=", Token::Compare(Comparison::LessEqual)),
        (">=", Token::Compare(Comparison::MoreEqual)),
        ("==", Token::Compare(Comparison::Equal)),
        ("!=", Token::Compare(Comparison::NotEqual)),
    ];
    if let Some((_, token)) = two.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Some((token, 2));
    }
    let token = match text.chars().next()? {
        '*' => Token::Star,
        '.' => Token::Dot,
        '(' => Token::LeftParen,
        ')' => Token::RightParen,
        '[' => Token::LeftBracket,
        ']' => Token::RightBracket,
        '{' => Token::LeftBrace,
        '}' => Token::RightBrace,
        '|' => Token::Pipe,
        ',' => Token::Comma,
        ':' => Token::Colon,
        '<' => Token::Compare(Comparison::Less),
        '>' => Token::Compare(Comparison::More),
        '@' => Token::Current,
        '&' => Token::Reference,
        '!' => Token::Not,
        _ => return None,
    };
    Some((token, 1))
}
