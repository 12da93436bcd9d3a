//! The one door through which text of a repository enters a format. Names, messages and paths come from strangers; each
//! format has words that mean something to who reads it, and here they lose that meaning. JSON escapes by itself.

use std::fmt::Write as _;

/// For a terminal or a log: line ends become spaces, other control characters are spelled.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// For XML elements and attributes. Characters that XML 1.0 cannot hold become `?`.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// For HTML between tags and in attributes between double quotes.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// For the text of a GitHub workflow command, after `::`, as the runner's toolkit does.
pub(super) fn github(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// For a property of a GitHub workflow command, which must not hold `:` or `,` either.
pub(super) fn github_property(text: &str) -> String {
    github(text).replace(':', "%3A").replace(',', "%2C")
}

/// For the text of an Azure Pipelines logging command.
pub(super) fn azure(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// For a property of an Azure Pipelines logging command.
pub(super) fn azure_property(text: &str) -> String {
    azure(text).replace(';', "%3B").replace(']', "%5D")
}

/// For a value of a TeamCity service message.
pub(super) fn teamcity(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\'' | '[' | ']' => {
                out.push('|');
                out.push(c);
            }
            '\n' => out.push_str("|n"),
            '\r' => out.push_str("|r"),
            c if c.is_ascii() && !c.is_control() => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "|0x{unit:04x}");
                }
            }
        }
    }
    out
}

/// For a list item of Markdown: on one line, without meaning except for code between backticks.
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut code = false;
    let even = text.matches('`').count().is_multiple_of(2);
    for c in text.chars() {
        match c {
            '`' if even => {
                code = !code;
                out.push(c);
            }
            '`' => out.push('\''),
            '\n' | '\r' => out.push(' '),
            '<' if !code => out.push_str("&lt;"),
            '*' | '_' | '[' | ']' | '#' | '|' | '~' | '@' if !code => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// For a string of a script that stands in an HTML page: JSON in which nothing ends the script or begins a comment.
pub(super) fn script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_meaning() {
        for (format, text, want) in [
            (plain as fn(&str) -> String, "a\nb\u{1b}[31m\u{9b}", "a b\\x1b[31m\\x9b"),
            (xml, "a<b>&\"\n\u{1b}é", "a&lt;b&gt;&amp;&quot;&#10;?é"),
            (html, "<a href=\"&\">", "&lt;a href=&quot;&amp;&quot;&gt;"),
            (github, "100%\n::error::", "100%25%0A::error::"),
            (github_property, "a:b,c", "a%3Ab%2Cc"),
            (azure, "100%\n##vso[", "100%AZP25%0A##vso["),
            (azure_property, "a;b]c", "a%3Bb%5Dc"),
            (teamcity, "it's [a] é|\n😀", "it|'s |[a|] |0x00e9|||n|0xd83d|0xde00"),
            (markdown, "a `b_c*` d_e", "a `b_c*` d\\_e"),
            (markdown, "an odd ` one", "an odd ' one"),
            (markdown, "two\nlines <b>", "two lines &lt;b>"),
            (script, "\"</script><!--\"", "\"\\u003c/script\\u003e\\u003c!--\""),
        ] {
            assert_eq!(format(text), want);
        }
    }
}
