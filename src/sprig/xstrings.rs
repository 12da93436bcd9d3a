//! snake, kebab and Pascal case as `huandu/xstrings` 1.5 has them.

use crate::golang::unicode::{to_lower, to_upper};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

/// `ToSnakeCase` and `ToKebabCase`.
pub(super) fn lower_case_words(text: &str, connector: char) -> String {
    let words = words(text);
    let kind = |index: usize| words.get(index).map(|(kind, _)| *kind);
    let mut out = String::with_capacity(text.len() + 8);
    let emit = |index: usize, out: &mut String| match words.get(index) {
        Some((Kind::Connector, word)) => out.extend(word.chars().map(|_| connector)),
        Some((Kind::Upper, word)) => out.extend(word.chars().map(to_lower)),
        Some((_, word)) => out.push_str(word),
        None => {}
    };
    // Whether a word stands by itself, so that a connector goes in front of it.
    let separate = |index: usize| !matches!(kind(index), None | Some(Kind::Connector | Kind::Punct));
    let is_tail = |index: usize| matches!(kind(index), Some(Kind::Alphabet | Kind::Number));
    let mut at = 0;
    while at + 1 < words.len() {
        let before = kind(at);
        if before != Some(Kind::Connector) {
            emit(at, &mut out);
        }
        at += 1;
        match before {
            Some(Kind::Number) => {
                while is_tail(at) {
                    emit(at, &mut out);
                    at += 1;
                }
                if separate(at) {
                    out.push(connector);
                }
            }
            Some(Kind::Connector) => emit(at - 1, &mut out),
            Some(Kind::Punct) => {}
            _ if kind(at) != Some(Kind::Number) => {
                if separate(at) {
                    out.push(connector);
                }
            }
            _ if at + 1 >= words.len() => {}
            _ => {
                // A number belongs to the word before it, unless lower case letters follow.
                let number = at;
                at += 1;
                if kind(at) == Some(Kind::Alphabet) {
                    out.push(connector);
                    emit(number, &mut out);
                    while is_tail(at) {
                        emit(at, &mut out);
                        at += 1;
                    }
                } else {
                    emit(number, &mut out);
                }
                if separate(at) {
                    out.push(connector);
                }
            }
        }
    }
    emit(at, &mut out);
    out
}

fn words(text: &str) -> Vec<(Kind, &str)> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |matches: &dyn Fn(char) -> bool| rest.find(|c| !matches(c)).unwrap_or(rest.len());
        let (kind, len) = if is_connector(first) {
            (Kind::Connector, run(&is_connector))
        } else if is_punct(first) {
            (Kind::Punct, run(&is_punct))
        } else if first.is_uppercase() {
            let capitals = run(&char::is_uppercase);
            let after = rest.get(capitals..).unwrap_or_default();
            let last = rest.get(..capitals).and_then(|run| run.chars().next_back()).map_or(0, char::len_utf8);
            let small = after.find(|c| !is_alphabet(c) || c.is_uppercase()).unwrap_or(after.len());
            match (capitals == first.len_utf8(), small) {
                // One capital begins a word.
                (true, small) => (Kind::Upper, capitals + small),
                (false, 0) => (Kind::Upper, capitals),
                // The last of several capitals begins the next word.
                (false, _) => (Kind::Upper, capitals - last),
            }
        } else if is_alphabet(first) {
            (Kind::Alphabet, run(&|c| is_alphabet(c) && !c.is_uppercase()))
        } else if first.is_numeric() {
            (Kind::Number, run(&char::is_numeric))
        } else {
            let is_other = |c: char| !is_connector(c) && !is_alphabet(c) && !c.is_numeric() && !is_punct(c);
            (Kind::Other, run(&is_other).max(first.len_utf8()))
        };
        let (word, after) = rest.split_at_checked(len).unwrap_or((rest, ""));
        words.push((kind, word));
        rest = after;
    }
    words
}

/// `ToPascalCase`.
pub(super) fn pascal_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut current = None;
    for c in chars.by_ref() {
        if !is_connector(c) {
            current = Some(c);
            break;
        }
        out.push(c);
    }
    let Some(first) = current else {
        // Text of connectors alone gets its last one twice.
        out.extend(text.chars().next_back());
        return out;
    };
    // Further capitals of a word become small.
    let mut in_capitals = first.is_uppercase();
    let mut pending = to_upper(first);
    for c in chars {
        let before = std::mem::replace(&mut pending, c);
        if is_connector(c) && is_connector(before) {
            out.push(before);
        } else if is_connector(before) {
            in_capitals = c.is_uppercase();
            pending = to_upper(c);
        } else {
            if in_capitals {
                if c.is_uppercase() {
                    pending = to_lower(c);
                } else {
                    in_capitals = false;
                }
            }
            out.push(before);
        }
    }
    out.push(pending);
    out
}

fn is_connector(c: char) -> bool {
    matches!(c, '-' | '_') || c.is_whitespace()
}

/// Unicode's punctuation, as far as it appears in names.
fn is_punct(c: char) -> bool {
    match c {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        _ if c.is_ascii() => c.is_ascii_punctuation(),
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' => true,
        '\u{2044}' | '\u{2052}' => false,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' => true,
        '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' => true,
        '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1f}' | '\u{ff20}' => {
            !matches!(c, '\u{ff04}' | '\u{ff0b}')
        }
        _ => false,
    }
}

/// A letter of an alphabet, which Chinese characters are not.
fn is_alphabet(c: char) -> bool {
    c.is_alphabetic()
        && !matches!(c, '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fcc}' | '\u{20000}'..='\u{2b81d}' | '\u{2f800}'..='\u{2fa1d}')
}

/// `unicode.ToTitle`: a character for a character. It differs from upper case for digraphs and Georgian.
pub(super) fn title(c: char) -> char {
    match c {
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        '\u{10d0}'..='\u{10ff}' => c,
        _ => to_upper(c),
    }
}
