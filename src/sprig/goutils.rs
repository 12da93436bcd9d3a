//! Word functions as `Masterminds/goutils` 1.1 has them: it counts bytes, and takes bytes for characters in places.

use std::ops::Range;

use crate::golang::unicode::{to_lower, to_upper};

use super::xstrings::title;

/// The lines of `WrapCustom`, without what separates them.
pub(super) fn wrap(text: &str, width: i64, breaks_words: bool) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut lines = Vec::new();
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes.get(at) == Some(&b' ') {
            at += 1;
            continue;
        }
        let is_space = |byte: &u8| *byte == b' ';
        let window = bytes.get(at..=at + width).unwrap_or_default();
        if let Some(space) = window.iter().rposition(is_space) {
            lines.push(at..at + space);
            at += space + 1;
        } else if breaks_words {
            lines.push(at..at + width);
            at += width;
        } else {
            let after = bytes.get(at + width..).unwrap_or_default();
            let Some(space) = after.iter().position(is_space) else { break };
            lines.push(at..at + width + space);
            at += width + space + 1;
        }
    }
    lines.push(at..bytes.len());
    lines
}

/// What `AbbreviateFull` keeps of a text, and whether dots go before and behind it.
pub(super) fn abbreviate(len: usize, offset: i64, width: usize) -> Option<(Range<usize>, bool, bool)> {
    if width < 4 {
        return None;
    }
    if len <= width {
        return Some((0..len, false, false));
    }
    let keep = width - 3;
    let offset = usize::try_from(offset).unwrap_or(0).min(len);
    let offset = if len - offset < keep { len - keep } else { offset };
    if offset <= 4 {
        return Some((0..keep, false, true));
    }
    if width < 7 {
        return None;
    }
    if offset + keep < len {
        let (inner, _, dots) = abbreviate(len - offset, 0, keep)?;
        return Some((inner.start + offset..inner.end + offset, true, dots));
    }
    Some((len - keep..len, true, false))
}

/// `Initials`.
pub(super) fn initials(text: &str) -> String {
    let mut out = String::new();
    let mut after_gap = true;
    for byte in text.bytes() {
        if is_space(byte) {
            after_gap = true;
        } else if after_gap {
            out.push(char::from(byte));
            after_gap = false;
        }
    }
    out
}

/// `DeleteWhiteSpace`, for text with characters beyond ASCII.
pub(super) fn delete_white_space(text: &str) -> String {
    if text.bytes().any(is_space) {
        return text.bytes().filter(|byte| !is_space(*byte)).map(char::from).collect();
    }
    text.to_owned()
}

fn is_space(byte: u8) -> bool {
    char::from(byte).is_whitespace()
}

/// `Uncapitalize`.
pub(super) fn uncapitalize(text: &str) -> String {
    let mut begins = true;
    let map = |c: char| {
        let changed = if begins && !c.is_whitespace() { to_lower(c) } else { c };
        begins = c.is_whitespace();
        changed
    };
    text.chars().map(map).collect()
}

/// `SwapCase`.
pub(super) fn swap_case(text: &str) -> String {
    let mut after_space = true;
    let map = |c: char| {
        if c.is_uppercase() {
            after_space = false;
            to_lower(c)
        } else if c.is_lowercase() {
            if std::mem::take(&mut after_space) { title(c) } else { to_upper(c) }
        } else {
            after_space = c.is_whitespace();
            c
        }
    };
    text.chars().map(map).collect()
}
