//! What a text allows: the questions that choosing the style of a scalar asks.

use std::borrow::Cow;

/// What go-yaml's `analyze_scalar` finds out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    pub(super) plain_allowed: bool,
    pub(super) single_quoted_allowed: bool,
    pub(super) block_allowed: bool,
}

/// Whether a character ends a line for libyaml.
pub(super) fn is_break(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a text has more than one line.
pub(super) fn has_break(text: &str) -> bool {
    text.contains(is_break)
}

/// Whether a character may stand in YAML as it is, by libyaml's account.
pub(super) fn is_printable(char: char) -> bool {
    match char {
        '\n' | ' '..='~' => true,
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        // Characters outside of the basic plane count as unprintable.
        _ => ('\u{a0}'..='\u{ffff}').contains(&char),
    }
}

/// How a character is written in double quotes.
pub(super) fn escape(char: char) -> Cow<'static, str> {
    Cow::Borrowed(match char {
        '\0' => "\\0",
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\x0b' => "\\v",
        '\x0c' => "\\f",
        '\r' => "\\r",
        '\x1b' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => {
            return Cow::Owned(match char as u32 {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            });
        }
    })
}

/// Whether a text begins with a letter or slash and has nothing but those, digits, dots, dashes and underscores.
pub(super) fn is_word(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'/'))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_'))
}

/// libyaml's analysis of what styles a text allows in block context.
pub(super) fn analyze(text: &str, v2: bool) -> Analysis {
    let bytes = text.as_bytes();
    let blank_at = |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\t'));
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut line_breaks, mut special, mut tabs) = (false, false, false);
    let (mut leading, mut trailing) = (false, false);
    let (mut trailing_space, mut break_space, mut space_break) = (false, false, false);
    let (mut previous_space, mut previous_break) = (false, false);
    let mut preceded_by_whitespace = true;
    if text.is_empty() {
        return Analysis {
            multiline: false,
            plain_allowed: true,
            single_quoted_allowed: true,
            block_allowed: false,
        };
    }
    for (at, char) in text.char_indices() {
        let next = at + char.len_utf8();
        let followed = blank_at(next);
        let (first, last) = (at == 0, next == bytes.len());
        match char {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`'
                if first =>
            {
                indicators = true;
            }
            '?' | '-' if first => indicators |= followed,
            ':' => indicators |= followed,
            '#' => indicators |= preceded_by_whitespace,
            _ => {}
        }
        if char == '\t' && !v2 {
            tabs = true;
        } else if !is_printable(char) {
            special = true;
        }
        if char == ' ' {
            leading |= first;
            trailing |= last;
            trailing_space |= last;
            break_space |= previous_break;
            previous_space = true;
            previous_break = false;
        } else if is_break(char) {
            line_breaks = true;
            leading |= first;
            trailing |= last;
            space_break |= previous_space;
            previous_space = false;
            previous_break = true;
        } else {
            previous_space = false;
            previous_break = false;
        }
        preceded_by_whitespace = matches!(char, ' ' | '\t' | '\0') || is_break(char);
    }
    let unsafe_in_quotes = space_break || special || tabs || break_space;
    Analysis {
        multiline: line_breaks,
        plain_allowed: !(leading || trailing || unsafe_in_quotes || line_breaks || indicators),
        single_quoted_allowed: !unsafe_in_quotes,
        block_allowed: !(trailing_space || space_break || special),
    }
}

/// Whether YAML 1.1 would read a sexagesimal number: `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`.
pub(super) fn is_base60(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some((first, rest)) = digits.split_once(':') else { return false };
    let whole = first.starts_with(|char: char| char.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !whole {
        return false;
    }
    let (parts, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && parts.split(':').all(|part| match part.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
            _ => false,
        })
}
