//! Lines that fit the terminal: words wrap, and no word is ever broken, so that names and paths can still be copied.

use std::borrow::Cow;

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

/// The text, or its beginning and its end where it is longer than so many characters; cut between words where there are any.
pub(super) fn ends(text: &str, longest: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= longest {
        return text.into();
    }
    let at = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
    let (head, tail) = (text.get(..at(longest / 3)), text.get(at(length - longest * 2 / 3)..));
    let (head, tail) = (head.unwrap_or_default(), tail.unwrap_or_default());
    let head = head.rsplit_once(' ').map_or(head, |(words, _)| words);
    let tail = tail.split_once(' ').map_or(tail, |(_, words)| words);
    format!("{head} ... {tail}").into()
}

#[cfg(test)]
mod tests {
    use super::{ends, hanging};

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

    #[test]
    fn long_reasons_keep_their_ends() {
        assert_eq!(ends("a b c", 5), "a b c");
        assert_eq!(ends("first second third fourth fifth sixth", 24), "first ... fifth sixth");
        assert_eq!(ends(&"é".repeat(30), 9), format!("{} ... {}", "é".repeat(3), "é".repeat(6)));
    }
}
