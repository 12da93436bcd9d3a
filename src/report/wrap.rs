//! Lines that fit the terminal: words wrap, and no word is ever broken, so that names and paths can still be copied.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Narrower columns are not worth wrapping for.
const NARROWEST: usize = 24;

/// Wraps `text`, which begins at column `first` of a line of `width` columns; later lines are indented by `indent`. A
/// width of 0 wraps nothing. No line end at the end.
pub(super) fn hanging(text: &str, width: usize, first: usize, indent: usize) -> String {
    if width == 0 || width < indent + NARROWEST {
        return text.to_owned();
    }
    // What stands before the text takes room in the first line, as a word that is taken off again.
    let room = "x".repeat(first);
    let blank = " ".repeat(indent);
    let options = Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .initial_indent(&room)
        .subsequent_indent(&blank);
    let lines = textwrap::wrap(text, options);
    let text = lines.join("\n");
    text.get(first..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::hanging;

    #[test]
    fn words_wrap_and_never_break() {
        let long = "values/a-very-long-path/that/nobody/should/break/globals.yaml";
        assert_eq!(hanging("a b c", 0, 0, 2), "a b c");
        let text = format!("removes what {long} provides to all of them");
        let wrapped = hanging(&text, 40, 10, 4);
        assert_eq!(wrapped, format!("removes what\n    {long}\n    provides to all of them"));
        assert_eq!(
            wrapped.split_whitespace().collect::<Vec<_>>(),
            text.split_whitespace().collect::<Vec<_>>()
        );
    }
}
