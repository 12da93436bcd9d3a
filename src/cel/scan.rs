//! Tokens.

use smol_str::SmolStr;

use super::fault::SyntaxError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(SmolStr),
    /// A field in backquotes.
    Quoted(SmolStr),
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "!", "-", "+", "*",
    "/", "%", "<", ">", "=",
];

/// The tokens of an expression with the byte that each begins at; the last one is [`Token::End`].
pub(super) fn scan(text: &str) -> Result<Vec<(Token, usize)>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        let at = text.len() - rest.len();
        let wrong = |words: &str| SyntaxError { at, words: words.to_owned() };
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').and_then(|end| comment.get(end..)).unwrap_or_default();
            continue;
        }
        let Some(first) = rest.chars().next() else {
            tokens.push((Token::End, at));
            return Ok(tokens);
        };
        let second_is_digit =
            rest.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if first.is_ascii_digit() || first == '.' && second_is_digit {
            let (token, behind) = number(rest).ok_or_else(|| wrong("this is no number"))?;
            tokens.push((token, at));
            rest = behind;
        } else if let Some((token, behind)) = quoted(rest).map_err(wrong)? {
            tokens.push((token, at));
            rest = behind;
        } else if first == '`' {
            let (name, behind) = rest
                .get(1..)
                .and_then(|rest| rest.split_once('`'))
                .ok_or_else(|| wrong("a backquote is missing"))?;
            tokens.push((Token::Quoted(name.into()), at));
            rest = behind;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end);
            tokens.push((Token::Name(name.into()), at));
            rest = behind;
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| wrong(&format!("`{first}` has no meaning here")))?;
            tokens.push((Token::Sign(sign), at));
            rest = rest.get(sign.len()..).unwrap_or_default();
        }
    }
}

fn number(text: &str) -> Option<(Token, &str)> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        let (digits, behind) = digits.split_at(end);
        let value = u64::from_str_radix(digits, 16).ok()?;
        return Some(match behind.strip_prefix(['u', 'U']) {
            Some(behind) => (Token::Uint(value), behind),
            None => (Token::Int(value), behind),
        });
    }
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(text);
    let mut is_float = false;
    if let Some(fraction) = text.get(end..)?.strip_prefix('.')
        && fraction.starts_with(|c: char| c.is_ascii_digit())
    {
        is_float = true;
        end += 1 + digits(fraction);
    }
    if let Some(exponent) = text.get(end..)?.strip_prefix(['e', 'E']) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if unsigned.starts_with(|c: char| c.is_ascii_digit()) {
            is_float = true;
            end += 1 + exponent.len() - unsigned.len() + digits(unsigned);
        }
    }
    let (written, behind) = text.split_at_checked(end)?;
    if is_float {
        return Some((Token::Double(written.parse().ok()?), behind));
    }
    let value = written.parse().ok()?;
    Some(match behind.strip_prefix(['u', 'U']) {
        Some(behind) => (Token::Uint(value), behind),
        None => (Token::Int(value), behind),
    })
}

/// A string or bytes; `None` where neither begins.
fn quoted(text: &str) -> Result<Option<(Token, &str)>, &'static str> {
    let mut rest = text;
    let (mut raw, mut bytes) = (false, false);
    while let Some(letter) = rest.chars().next().filter(|c| matches!(c, 'r' | 'R' | 'b' | 'B')) {
        let flag = if matches!(letter, 'r' | 'R') { &mut raw } else { &mut bytes };
        if std::mem::replace(flag, true) {
            return Ok(None);
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    let Some(quote) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote)) else {
        return Ok(None);
    };
    rest = rest.get(quote.len()..).unwrap_or_default();
    let mut out: Vec<u8> = Vec::new();
    loop {
        if let Some(behind) = rest.strip_prefix(quote) {
            let token = if bytes {
                Token::Bytes(out)
            } else {
                Token::Text(String::from_utf8(out).map_err(|_| "the string is no UTF-8")?)
            };
            return Ok(Some((token, behind)));
        }
        let mut letters = rest.chars();
        let Some(letter) = letters.next() else { return Err("a string does not end") };
        rest = letters.as_str();
        if letter == '\\' && !raw {
            rest = escape(rest, bytes, &mut out).ok_or("this escape has no meaning")?;
        } else if matches!(letter, '\n' | '\r') && quote.len() == 1 {
            return Err("a string does not end on its line");
        } else {
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

fn escape<'t>(text: &'t str, bytes: bool, out: &mut Vec<u8>) -> Option<&'t str> {
    let letter = text.chars().next()?;
    let behind = text.get(letter.len_utf8()..)?;
    let simple = match letter {
        'a' => Some(7),
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(11),
        '\\' | '\'' | '"' | '`' | '?' => Some(letter as u8),
        _ => None,
    };
    if let Some(byte) = simple {
        out.push(byte);
        return Some(behind);
    }
    let (digits, radix) = match letter {
        'x' | 'X' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        '0'..='3' => (3, 8),
        _ => return None,
    };
    let from = if radix == 8 { text } else { behind };
    let value = u32::from_str_radix(from.get(..digits)?, radix).ok()?;
    if bytes && matches!(letter, 'x' | 'X' | '0'..='3') {
        out.push(u8::try_from(value).ok()?);
    } else {
        out.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    from.get(digits..)
}
