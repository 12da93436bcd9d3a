//! The escapers of `text/template`: what the functions `html` and `js` of a template do. `urlquery` is
//! [`url::query_escape`](super::url::query_escape).

use std::fmt::Write as _;

use super::unicode::is_print;

/// `template.HTMLEscapeString`.
pub fn html_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            char => out.push(char),
        }
    }
    out
}

/// `template.JSEscapeString`.
pub fn js_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            // Writing to a string cannot fail.
            '\0'..' ' | '<' | '>' | '&' | '=' => {
                let _ = write!(out, "\\u{:04X}", u32::from(char));
            }
            // Go leaves this one of the control characters as it is.
            '\x7f' => out.push(char),
            char if is_print(char) => out.push(char),
            char => {
                let _ = write!(out, "\\u{:04X}", u32::from(char));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golang::golden;

    /// What Go says: `fixtures/golang/escape.jsonl`.
    #[test]
    fn agrees_with_go() {
        golden::check(include_str!("../../fixtures/golang/escape.jsonl"), |case| {
            let text = case.text(0);
            vec![html_escape(text), js_escape(text), super::super::url::query_escape(text)].into()
        });
    }
}
