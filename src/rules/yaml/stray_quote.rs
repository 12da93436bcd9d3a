//! `stray-quote`: see the page.

use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Data, Node, Stream, Style};

meta!(
    "stray-quote",
    "yaml",
    Warning,
    Recommended,
    "0.3.0",
    "A text ends in a quotation mark that nothing opens."
);

pub(crate) struct StrayQuote;

/// Deeper trees than this are not manifests.
const MAX_DEPTH: u32 = 64;

impl Rule for StrayQuote {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_file(&self, file: &Stream, cx: &mut Context<'_>) {
        for root in cx.manifests(file) {
            walk(root, cx, 0);
        }
    }
}

fn walk(node: &Node, cx: &mut Context<'_>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    match &node.data {
        Data::Scalar(text) if node.style == Style::Plain && is_stray(text) => {
            let mark = text.chars().next_back().unwrap_or('"');
            cx.report(
                node.place(),
                format!("the text ends in `{mark}`, which nothing opens: it is part of the value"),
            )
            .help("remove the mark, or put one before the text as well")
            .likely();
        }
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter().for_each(|item| walk(item, cx, depth + 1)),
        Data::Map(map) => map.iter().for_each(|entry| walk(&entry.value, cx, depth + 1)),
    }
}

/// Whether a word ends in the only quotation mark that it has. Behind a number it stands for inches or minutes.
fn is_stray(text: &str) -> bool {
    let Some(mark) = text.chars().next_back().filter(|c| matches!(c, '"' | '\'')) else { return false };
    let word = text.trim_end_matches(mark);
    let ends = |c: char| c.is_ascii_digit() && mark == '"' || c == 's' && mark == '\'';
    text.len() - word.len() == 1
        && word.len() > 1
        && !word.contains(['"', '\'', '=', '(', '{', '$', '\\', '`', ','])
        && !word.contains(char::is_whitespace)
        && !word.ends_with(ends)
}

#[cfg(test)]
mod tests {
    use super::is_stray;

    #[test]
    fn tells_marks_that_close_nothing() {
        for (text, want) in [
            ("nfs.example.com\"", true),
            ("hosts\"", true),
            ("shop'", true),
            ("27\"", false),
            ("hosts'", false),
            ("say \"shop\"", false),
            ("echo shop\"", false),
            ("a=\"shop\"", false),
            ("shop", false),
            ("\"", false),
        ] {
            assert_eq!(is_stray(text), want, "{text}");
        }
    }
}
