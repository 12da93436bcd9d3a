//! The one door through which text of a repository enters a format. Names, messages and paths come from strangers; each
//! format has words that mean something to who reads it, and here they lose that meaning. JSON escapes by itself.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters that change how others look, or look like nothing: text that reads another way than it is.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// How a log knows that a line is a command: GitHub's old ones and Azure's stand anywhere in it.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// A control character or one that nobody sees, spelled.
fn spell(out: &mut String, c: char) {
    let _ = match c as u32 {
        code @ 0..=0xff => write!(out, "\\x{code:02x}"),
        code => write!(out, "\\u{{{code:x}}}"),
    };
}

/// Whether `#` with what stands behind it is a command of a runner, wherever in a line it is.
fn begins_command(behind: &str) -> bool {
    COMMANDS.iter().any(|command| command.strip_prefix('#').is_some_and(|it| behind.starts_with(it)))
}

/// For a terminal or a log: line ends become spaces, other control characters and those that nobody sees are spelled,
/// and what a runner would take for a command is parted.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => spell(&mut out, c),
            '#' if begins_command(rest.as_str()) => out.push_str("# "),
            // A command of GitHub begins a line; lines may wrap at any blank.
            ':' if (out.is_empty() || out.ends_with(' '))
                && rest.as_str().strip_prefix(':').is_some_and(|it| it.starts_with(char::is_alphabetic)) =>
            {
                out.push_str(": ");
            }
            c => out.push(c),
        }
    }
    out
}

/// Source lines for a terminal or a log, every byte at its place: labels point at them. Characters that act, or that
/// nobody sees, become others of the same length.
pub(super) fn source(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || is_invisible(c);
    if !text.chars().any(acts) && !COMMANDS.iter().any(|command| text.contains(command)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            // A line end of Windows is the drawing's to cut.
            '\r' if rest.as_str().starts_with('\n') => out.push(c),
            c if acts(c) => out.push(match c.len_utf8() {
                1 => '?',
                2 => '\u{b7}',
                3 => '\u{fffd}',
                _ => '\u{1f6ab}',
            }),
            c => out.push(c),
        }
    }
    for command in COMMANDS {
        out = out.replace(command, &command.replacen("##", "#?", 1));
    }
    out.into()
}

/// JSON whose lines no log takes for a command, and no terminal for its own. Both stand in strings only, where this is another way
/// to write them: serde_json escapes what JSON must, which is not the second half of the control characters.
pub(super) fn json(text: String) -> String {
    let is_raw = |c: char| matches!(c, '\u{7f}'..='\u{9f}');
    let text = if text.contains(is_raw) {
        let mut out = String::with_capacity(text.len() + 64);
        for c in text.chars() {
            if is_raw(c) {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            } else {
                out.push(c);
            }
        }
        out
    } else {
        text
    };
    let part = |text: String, command: &str| {
        if text.contains(command) {
            text.replace(command, &command.replacen("##", "#\\u0023", 1))
        } else {
            text
        }
    };
    COMMANDS.into_iter().fold(text, part)
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
            // As in `##[error]`, which a log would take for a command.
            '#' if out.ends_with('#') => out.push_str("&#35;"),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// For HTML between tags and in attributes between double quotes.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// For the text of a GitHub workflow command, after `::`, as the runner's toolkit does. Other control characters are
/// spelled: logs show them.
pub(super) fn github(text: &str) -> String {
    escaped(text, "%25")
}

/// With `percent` for `%`, line ends in the runners' way, other control characters spelled, and commands within parted: an agent
/// of Azure looks for its own anywhere in a line.
fn escaped(text: &str, percent: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '#' if begins_command(rest.as_str()) => out.push_str("# "),
            '%' => out.push_str(percent),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => spell(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

/// For a property of a GitHub workflow command, which must not hold `:` or `,` either.
pub(super) fn github_property(text: &str) -> String {
    github(text).replace(':', "%3A").replace(',', "%2C")
}

/// For the text of an Azure Pipelines logging command.
pub(super) fn azure(text: &str) -> String {
    escaped(text, "%AZP25")
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

/// For a list item of Markdown: on one line, without meaning except for code between single backticks. Nothing is a
/// tag, a link, an image, a mention of somebody or a reference to an issue.
pub(super) fn markdown(text: &str) -> String {
    // Longer runs of backticks pair in ways of their own.
    let mut text = plain(text);
    while text.contains("``") {
        text = text.replace("``", "''");
    }
    if !text.matches('`').count().is_multiple_of(2) {
        text = text.replace('`', "'");
    }
    let mut out = String::with_capacity(text.len());
    for (number, part) in text.split('`').enumerate() {
        if number > 0 {
            out.push('`');
        }
        if number % 2 == 1 {
            out.push_str(part);
        } else {
            prose(&mut out, part);
        }
    }
    out
}

/// Text of Markdown outside of code.
fn prose(out: &mut String, text: &str) {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // Names and numbers are looked for behind these after Markdown was read: no backslash helps.
            '@' | '#' => {
                out.push(c);
                out.push('\u{200b}');
            }
            ':' if rest.as_str().starts_with("//") => out.push_str(":\u{200b}"),
            '.' if out
                .get(out.len().saturating_sub(3)..)
                .is_some_and(|end| end.eq_ignore_ascii_case("www")) =>
            {
                out.push_str("\u{200b}.");
            }
            '-' | '+' | '=' if out.is_empty() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
}

/// For a code span of Markdown between single backticks.
pub(super) fn code(text: &str) -> String {
    plain(text).replace('`', "'")
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
            (azure, "100%\n##vso[", "100%AZP25%0A# #vso["),
            (azure_property, "a;b]c", "a%3Bb%5Dc"),
            (teamcity, "it's [a] é|\n😀", "it|'s |[a|] |0x00e9|||n|0xd83d|0xde00"),
            (plain, "::error::x ::warning y a::b ::1", ": :error::x : :warning y a::b ::1"),
            (plain, "##[group] a ##vso[x ##teamcity[", "# #[group] a # #vso[x # #teamcity["),
            (plain, "a\u{202e}b", "a\\u{202e}b"),
            (
                |text| source(text).into_owned(),
                "a\u{1b}\u{9b}\u{202e}\u{e0041}\r\n##[b",
                "a?\u{b7}\u{fffd}\u{1f6ab}\r\n#?[b",
            ),
            (|text| json(text.to_owned()), "{\"a\": \"##[x\"}", "{\"a\": \"#\\u0023[x\"}"),
            (|text| json(text.to_owned()), "\"\u{7f}\u{9b}1m\"", "\"\\u007f\\u009b1m\""),
            (code, "a`\n# b", "a' # b"),
            (xml, "##[error]", "#&#35;[error]"),
            (markdown, "```<img>`", "''`<img>`"),
            (markdown, "\\`<img>`", "\\\\`<img>`"),
            (markdown, "@you #1 ![x](http://a)", "@\u{200b}you #\u{200b}1 \\!\\[x\\](http:\u{200b}//a)"),
            (markdown, "www.b", "www\u{200b}.b"),
            (markdown, "&lt;b", "&amp;lt;b"),
            (markdown, "a `b_c*` d_e", "a `b_c*` d\\_e"),
            (markdown, "an odd ` one", "an odd ' one"),
            (markdown, "two\nlines <b>", "two lines &lt;b&gt;"),
            (script, "\"</script><!--\"", "\"\\u003c/script\\u003e\\u003c!--\""),
        ] {
            assert_eq!(format(text), want);
        }
    }
}
