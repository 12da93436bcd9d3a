//! Go's strings are bytes, ours are characters: how bytes that are no UTF-8 get in and out.
//!
//! A byte that is part of no character stands as one of the private use characters U+10ED80 to U+10EDFF until something
//! that works on bytes (`b64enc`, `sha256sum`, `len`) asks for it back. Nobody writes those characters; a
//! text that has them anyway is taken for the bytes that they stand for.

use std::borrow::Cow;

/// What a byte is added to.
const BASE: u32 = 0x0010_ed00;

/// The first byte of the UTF-8 of every character that stands for a byte.
const LEAD: u8 = 0xf4;

/// Bytes as a string.
pub fn to_text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(BASE + u32::from(*byte))));
    }
    out
}

/// The byte that a character stands for.
pub fn byte_of(char: char) -> Option<u8> {
    let byte = u32::from(char).checked_sub(BASE).and_then(|byte| u8::try_from(byte).ok())?;
    (byte >= 0x80).then_some(byte)
}

/// Whether some character stands for a byte.
pub fn has_bytes(text: &str) -> bool {
    text.as_bytes().contains(&LEAD) && text.chars().any(|char| byte_of(char).is_some())
}

/// The bytes of a string.
pub fn of_text(text: &str) -> Cow<'_, [u8]> {
    if !has_bytes(text) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for char in text.chars() {
        match byte_of(char) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(out)
}

/// How many bytes Go's string has.
pub fn len(text: &str) -> usize {
    if has_bytes(text) { of_text(text).len() } else { text.len() }
}

/// The text with U+FFFD for every byte that is no character, as Go's JSON has it.
pub fn replaced(text: &str) -> Cow<'_, str> {
    if !has_bytes(text) {
        return Cow::Borrowed(text);
    }
    let shown = |char| if byte_of(char).is_some() { char::REPLACEMENT_CHARACTER } else { char };
    // Bytes that were cut apart may be characters again.
    Cow::Owned(to_text(&of_text(text)).chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for bytes in
            [&b""[..], b"abc", "\u{e4}\u{1f600}".as_bytes(), b"\xff\xfe\x80a\xc3", b"BZh9\x18\xf4\x8f\xbe"]
        {
            let text = to_text(bytes);
            assert_eq!(&*of_text(&text), bytes);
            assert_eq!(len(&text), bytes.len());
            assert_eq!(has_bytes(&text), std::str::from_utf8(bytes).is_err());
        }
        let halves = to_text(b"\xc3") + &to_text(b"\xa4");
        assert_eq!(replaced(&halves), "\u{e4}");
        assert_eq!(replaced(&to_text(b"a\xff")), "a\u{fffd}");
    }
}
