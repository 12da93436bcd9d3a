//! Go's escapers that templates can call: HTML, JavaScript, URL queries.
//!
//! Mirrors `text/template/funcs.go` and `net/url`.

use crate::golang::html_escape as golang;
use crate::golang::url;
use crate::origin::{OriginId, Text};

/// `HTMLEscapeString`
pub(super) fn html_escape(text: &Text) -> Text {
    mapped(text, |c| golang::html_escape(c).map(str::to_owned))
}

/// `JSEscapeString`
pub(super) fn js_escape(text: &Text) -> Text {
    mapped(text, golang::js_escape)
}

/// `url.QueryEscape`
pub(super) fn query_escape(text: &Text) -> Text {
    mapped(text, |c| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '~' => None,
        _ => Some(url::query_escape(c.encode_utf8(&mut [0; 4]))),
    })
}

/// Replaces single characters; what stays keeps its origin, what is replaced gets that of its character.
fn mapped(text: &Text, escape: impl Fn(char) -> Option<String>) -> Text {
    let mut out = Text::new();
    for (range, run) in text.pieces() {
        let piece = text.as_str().get(range).unwrap_or_default();
        let mut kept = 0;
        for (at, c) in piece.char_indices() {
            if let Some(escaped) = escape(c) {
                push(&mut out, piece, kept..at, run.origin, run.skip);
                out.push_str(&escaped, run.origin);
                kept = at + c.len_utf8();
            }
        }
        push(&mut out, piece, kept..piece.len(), run.origin, run.skip);
    }
    out
}

fn push(out: &mut Text, piece: &str, range: std::ops::Range<usize>, origin: OriginId, skip: u32) {
    let skip = skip + range.start as u32;
    out.push_part(piece.get(range).unwrap_or_default(), origin, skip);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let text = |text: &str| Text::of(text, OriginId::WRITTEN);
        assert_eq!(html_escape(&text("<a b=\"c'&\">")).as_str(), "&lt;a b=&#34;c&#39;&amp;&#34;&gt;");
        assert_eq!(js_escape(&text("a='b'\n<é>")).as_str(), "a\\u003D\\'b\\'\\u000A\\u003Cé\\u003E");
        assert_eq!(query_escape(&text("a b&c=é/~")).as_str(), "a+b%26c%3D%C3%A9%2F~");
    }
}
