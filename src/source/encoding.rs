//! Bytes to text: UTF-8 with or without a byte order mark, UTF-16, or not text at all.

use std::sync::Arc;

/// What a file holds after decoding. Clean UTF-8 is kept once, not twice.
pub(super) enum Content {
    /// UTF-8 without a byte order mark: text and bytes are the same.
    Text(Arc<str>),
    /// UTF-16, or UTF-8 with a byte order mark.
    Decoded { bytes: Box<[u8]>, text: Arc<str> },
    /// Anything else. Config files in Latin-1 land here too: YAML readers refuse them as well.
    Binary(Box<[u8]>),
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Decoded { bytes, .. } | Self::Binary(bytes) => bytes,
        }
    }

    pub(super) fn text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Text(text) | Self::Decoded { text, .. } => Some(text),
            Self::Binary(_) => None,
        }
    }
}

pub(super) fn decode(bytes: Vec<u8>) -> Content {
    let text = match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(Arc::from),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            return match String::from_utf8(bytes) {
                // A NUL byte never occurs in YAML, JSON or templates: this is a binary file.
                Ok(text) if !text.as_bytes().contains(&0) => Content::Text(text.into()),
                Ok(text) => Content::Binary(text.into_bytes().into()),
                Err(error) => Content::Binary(error.into_bytes().into()),
            };
        }
    };
    match text {
        Some(text) => Content::Decoded { bytes: bytes.into(), text },
        None => Content::Binary(bytes.into()),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Arc<str>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    text.ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let utf16le =
            [&[0xff, 0xfe][..], &"a: é".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()]
                .concat();
        let utf16be =
            [&[0xfe, 0xff][..], &"a: é".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()]
                .concat();
        for (bytes, want) in [
            (b"a: 1".to_vec(), Some("a: 1")),
            (b"\xef\xbb\xbfa: 1".to_vec(), Some("a: 1")),
            (utf16le, Some("a: é")),
            (utf16be, Some("a: é")),
            (b"a: \xe9".to_vec(), None),
            (b"a\0b".to_vec(), None),
            (b"\xff\xfea".to_vec(), None),
        ] {
            let content = decode(bytes.clone());
            assert_eq!(content.text().map(AsRef::as_ref), want);
            assert_eq!(content.bytes(), bytes);
        }
    }
}
