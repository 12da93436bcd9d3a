//! The escapers of `text/template`: what the functions `html` and `js` of a template do to a character. `urlquery` is
//! [`url::query_escape`](super::url::query_escape).

use super::unicode::is_print;

/// `template.HTMLEscapeString`: what a character is replaced by, if it is.
pub fn html_escape(char: char) -> Option<&'static str> {
    Some(match char {
        '\0' => "\u{fffd}",
        '"' => "&#34;",
        '\'' => "&#39;",
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        _ => return None,
    })
}

/// `template.JSEscapeString`: what a character is replaced by, if it is.
pub fn js_escape(char: char) -> Option<String> {
    match char {
        '\\' | '\'' | '"' => Some(format!("\\{char}")),
        '\0'..' ' | '<' | '>' | '&' | '=' => Some(format!("\\u{:04X}", u32::from(char))),
        // Go leaves the last control character of ASCII as it is.
        char if char.is_ascii() || is_print(char) => None,
        char => Some(format!("\\u{:04X}", u32::from(char))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golang::golden;
    use crate::golang::url::query_escape;

    /// What Go says: `fixtures/golang/escape.jsonl`.
    #[test]
    fn agrees_with_go() {
        golden::check(include_str!("../../fixtures/golang/escape.jsonl"), |case| {
            let text = case.text(0);
            let html = |char: char| html_escape(char).map_or_else(|| char.to_string(), str::to_owned);
            let js = |char: char| js_escape(char).unwrap_or_else(|| char.to_string());
            vec![text.chars().map(html).collect(), text.chars().map(js).collect(), query_escape(text)].into()
        });
    }
}
