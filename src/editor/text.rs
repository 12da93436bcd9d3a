//! Positions as editors count them, and documents that change piece by piece.

use serde_json::{Value, json};

use crate::source::{SourceFile, Span};

/// What the character of a position counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Units of UTF-16: what every editor can do.
    #[default]
    Utf16,
    /// Bytes.
    Utf8,
}

impl Encoding {
    fn width(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::Utf8 => text.len(),
        }
    }

    /// The byte of a line at which a character begins; the end of the line where it has fewer.
    fn byte(self, line: &str, character: usize) -> usize {
        let mut seen = 0;
        for (at, c) in line.char_indices() {
            if seen >= character {
                return at;
            }
            seen += match self {
                Self::Utf16 => c.len_utf16(),
                Self::Utf8 => c.len_utf8(),
            };
        }
        line.len()
    }

    /// The offset in a text of a line and a character; the end of the text where there is no such line.
    pub(super) fn offset(self, text: &str, line: usize, character: usize) -> usize {
        let mut start = 0;
        for (number, content) in text.split_inclusive('\n').enumerate() {
            if number == line {
                return start + self.byte(content.trim_end_matches(['\n', '\r']), character);
            }
            start += content.len();
        }
        text.len()
    }

    /// A byte of a file, as the protocol says it.
    pub(super) fn position(self, file: &SourceFile, offset: u32) -> Value {
        let line = file.line_index(offset);
        let start = file.line_starts().get(line).copied().unwrap_or(0);
        let before = file.text_or_empty().get(start as usize..offset as usize).unwrap_or("");
        json!({ "line": line, "character": self.width(before) })
    }

    /// A span of a file. A span that covers nothing is drawn over the rest of its line.
    pub(super) fn range(self, file: &SourceFile, at: Span) -> Value {
        let end = if at.is_empty() {
            file.line_span(file.line_index(at.start)).map_or(at.end, |line| line.end.max(at.end))
        } else {
            at.end
        };
        json!({ "start": self.position(file, at.start), "end": self.position(file, end) })
    }

    /// Applies `contentChanges` in order; what makes no sense is left out.
    pub(super) fn apply(self, text: &mut String, changes: &[Value]) {
        for change in changes {
            let Some(new) = change.get("text").and_then(Value::as_str) else { continue };
            let Some(range) = change.get("range").filter(|range| range.is_object()) else {
                new.clone_into(text);
                continue;
            };
            let at = |end: &str| {
                let number = |key: &str| Some(range.get(end)?.get(key)?.as_u64()? as usize);
                Some(self.offset(text, number("line")?, number("character")?))
            };
            let (Some(start), Some(end)) = (at("start"), at("end")) else { continue };
            if start <= end && text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_editors_do() {
        let text = "a: é😀b\r\nc: d\n";
        assert_eq!(Encoding::Utf16.offset(text, 0, 6), text.find('b').unwrap());
        assert_eq!(Encoding::Utf8.offset(text, 0, 9), text.find('b').unwrap());
        assert_eq!(Encoding::Utf16.offset(text, 0, 99), text.find('\r').unwrap());
        assert_eq!(Encoding::Utf16.offset(text, 9, 0), text.len());
        let file = crate::source::Sources::new().add("a.yaml", text.into());
        let position = Encoding::Utf16.position(&file, text.find('b').unwrap() as u32);
        assert_eq!(position, json!({ "line": 0, "character": 6 }));
    }

    #[test]
    fn changes_apply_in_order() {
        let mut text = "a: 1\nb: 2\n".to_owned();
        let range = |line: u32, from: u32, to: u32| json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
        Encoding::Utf16.apply(
            &mut text,
            &[
                json!({ "range": range(1, 3, 4), "text": "😀" }),
                json!({ "range": range(1, 5, 5), "text": "!" }),
                json!({ "range": "nonsense", "text": 4 }),
                json!({ "range": { "start": {} }, "text": "x" }),
            ],
        );
        assert_eq!(text, "a: 1\nb: 😀!\n");
        Encoding::Utf16.apply(&mut text, &[json!({ "text": "new" })]);
        assert_eq!(text, "new");
    }
}
