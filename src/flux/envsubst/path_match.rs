//! The patterns of `${name#pattern}` and its relatives: an old `path.Match` that lets `*` and `?` cross slashes.
//!
//! Mirrors `envsubst/path/match.go`. Works on bytes, since the text is cut at every byte.

/// `path.ErrBadPattern`. Found only when matching comes across it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether the pattern matches all of `name`.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> Result<bool, BadPattern> {
    let (mut pattern, mut name) = (pattern, name);
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = scan_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(true);
        }
        if let Some(left) = match_chunk(chunk, name)?
            && (left.is_empty() || !pattern.is_empty())
        {
            name = left;
            continue;
        }
        if star {
            for skipped in 1..=name.len() {
                let from = name.get(skipped..).unwrap_or_default();
                if let Some(left) = match_chunk(chunk, from)? {
                    // The last chunk must use up the name.
                    if pattern.is_empty() && !left.is_empty() {
                        continue;
                    }
                    name = left;
                    continue 'pattern;
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// The next piece without stars, whether stars stand before it, and the rest.
fn scan_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let pattern = pattern.get(stars..).unwrap_or_default();
    let mut in_class = false;
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'\\' if at + 1 < pattern.len() => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    let (chunk, rest) = pattern.split_at(at.min(pattern.len()));
    (stars > 0, chunk, rest)
}

/// What is left of `text` behind the chunk, if it begins with it.
fn match_chunk<'t>(chunk: &[u8], text: &'t [u8]) -> Result<Option<&'t [u8]>, BadPattern> {
    let (mut chunk, mut text) = (chunk, text);
    while let Some(first) = chunk.first() {
        let Some(byte) = text.first() else { return Ok(None) };
        let tail = chunk.get(1..).unwrap_or_default();
        match first {
            b'[' => {
                let (char, width) = decode(text);
                text = text.get(width..).unwrap_or_default();
                let (matched, rest) = class(tail, char)?;
                chunk = rest;
                if !matched {
                    return Ok(None);
                }
            }
            b'?' => {
                text = text.get(decode(text).1..).unwrap_or_default();
                chunk = tail;
            }
            b'\\' => {
                let escaped = tail.first().ok_or(BadPattern)?;
                if escaped != byte {
                    return Ok(None);
                }
                text = text.get(1..).unwrap_or_default();
                chunk = tail.get(1..).unwrap_or_default();
            }
            literal => {
                if literal != byte {
                    return Ok(None);
                }
                text = text.get(1..).unwrap_or_default();
                chunk = tail;
            }
        }
    }
    Ok(Some(text))
}

/// Whether the class that begins `chunk`, behind its bracket, has the character; and what follows the class.
fn class(chunk: &[u8], char: char) -> Result<(bool, &[u8]), BadPattern> {
    let mut chunk = chunk;
    let negated = chunk.first() == Some(&b'^');
    if negated {
        chunk = chunk.get(1..).unwrap_or_default();
    }
    let mut matched = false;
    let mut ranges = 0;
    loop {
        if ranges > 0
            && let Some((b']', rest)) = chunk.split_first()
        {
            return Ok((matched != negated, rest));
        }
        let (low, rest) = escaped(chunk)?;
        let (high, rest) = match rest.split_first() {
            Some((b'-', rest)) => escaped(rest)?,
            _ => (low, rest),
        };
        chunk = rest;
        matched |= low <= char && char <= high;
        ranges += 1;
    }
}

/// A character of a class (`getEsc`).
fn escaped(chunk: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let mut chunk = chunk;
    match chunk.first() {
        None | Some(b'-' | b']') => return Err(BadPattern),
        Some(b'\\') => chunk = chunk.get(1..).unwrap_or_default(),
        Some(_) => {}
    }
    if chunk.is_empty() {
        return Err(BadPattern);
    }
    let (char, width) = decode(chunk);
    let rest = chunk.get(width..).unwrap_or_default();
    if rest.is_empty() || (char == char::REPLACEMENT_CHARACTER && width == 1) {
        return Err(BadPattern);
    }
    Ok((char, rest))
}

/// The first character and its width; of a cut one the replacement character, one byte wide.
fn decode(text: &[u8]) -> (char, usize) {
    let head = text.get(..4.min(text.len())).unwrap_or_default();
    let valid = match std::str::from_utf8(head) {
        Ok(valid) => valid,
        Err(error) => {
            std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
    };
    valid.chars().next().map_or((char::REPLACEMENT_CHARACTER, 1), |char| (char, char.len_utf8()))
}
