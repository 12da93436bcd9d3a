//! One expression, compiled twice: for texts in ASCII, and for all others when the first of them comes.
//!
//! What a class like `[^a-z]` matches beyond ASCII takes many times longer to compile than all the rest of an expression,
//! and hardly any text of a chart needs it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder, bytes};

/// How large a compiled expression may be, in bytes.
const SIZE_LIMIT: usize = 10 << 20;

/// Groups inside of each other.
const NEST_LIMIT: u32 = 1000;

/// An expression this long may be too large.
const LONG: usize = 1000;

/// An expression in the syntax of the `regex` crate.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    pattern: Arc<str>,
    /// For texts in ASCII; `None` if the expression itself speaks of more.
    ascii: Option<bytes::Regex>,
    /// For all texts; `None` inside if it is too large.
    unicode: Arc<OnceLock<Option<Regex>>>,
}

/// Where the groups of a match are; the first is the match.
pub(super) type Groups = Vec<Option<Range<usize>>>;

impl Engine {
    /// Compiles an expression whose syntax has been checked. `None` if it is too large.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut ascii = bytes::RegexBuilder::new(pattern);
        ascii.unicode(false).size_limit(SIZE_LIMIT).nest_limit(NEST_LIMIT);
        let ascii = ascii.build().ok().filter(|_| pattern.is_ascii());
        let engine = Self { pattern: pattern.into(), ascii, unicode: Arc::default() };
        // Who repeats a thing so many times may only be too large with all of Unicode in it, and has to hear of it now.
        let repeats = pattern.as_bytes().windows(2).any(|two| matches!(two, [b'{', b'0'..=b'9']));
        let is_small = engine.ascii.is_some() && !repeats && pattern.len() < LONG;
        (is_small || engine.unicode().is_some()).then_some(engine)
    }

    fn unicode(&self) -> Option<&Regex> {
        let build = || {
            let mut builder = RegexBuilder::new(&self.pattern);
            builder.size_limit(SIZE_LIMIT).nest_limit(NEST_LIMIT).build().ok()
        };
        self.unicode.get_or_init(build).as_ref()
    }

    fn ascii(&self, text: &str) -> Option<&bytes::Regex> {
        self.ascii.as_ref().filter(|_| text.is_ascii())
    }

    /// Whether there is a match anywhere.
    pub(super) fn is_match(&self, text: &str) -> bool {
        match self.ascii(text) {
            Some(ascii) => ascii.is_match(text.as_bytes()),
            None => self.unicode().is_some_and(|regex| regex.is_match(text)),
        }
    }

    /// Where the matches are.
    pub(super) fn spans<'a>(&'a self, text: &'a str) -> Box<dyn Iterator<Item = Range<usize>> + 'a> {
        match self.ascii(text) {
            Some(ascii) => Box::new(ascii.find_iter(text.as_bytes()).map(|found| found.range())),
            None => {
                let regex = self.unicode().into_iter();
                Box::new(regex.flat_map(|regex| regex.find_iter(text)).map(|found| found.range()))
            }
        }
    }

    /// Where the matches and their groups are; a group that took no part is `None`.
    pub(super) fn groups<'a>(&'a self, text: &'a str) -> Box<dyn Iterator<Item = Groups> + 'a> {
        match self.ascii(text) {
            Some(ascii) => Box::new(
                ascii
                    .captures_iter(text.as_bytes())
                    .map(|captures| captures.iter().map(|group| group.map(|found| found.range())).collect()),
            ),
            None => {
                let all = self.unicode().into_iter().flat_map(|regex| regex.captures_iter(text));
                Box::new(
                    all.map(|captures| {
                        captures.iter().map(|group| group.map(|found| found.range())).collect()
                    }),
                )
            }
        }
    }
}
