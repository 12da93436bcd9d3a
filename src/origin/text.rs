//! Text whose ranges carry origins.

use std::fmt;
use std::ops::Range;

use super::OriginId;

/// A piece of a [`Text`]: the bytes from the end of the piece before up to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Offset after the last byte.
    pub end: u32,
    /// Where the bytes come from; [`OriginId::WRITTEN`] for nowhere.
    pub origin: OriginId,
    /// How far into the place of that origin the piece begins: a piece that was cut at the front still points at
    /// the right bytes. Only meaningful while the text is a verbatim copy; readers compare before they trust it.
    pub skip: u32,
}

/// A string made of pieces that each know their origin. Operations that only move text keep the origins.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text {
    buf: String,
    runs: Vec<Run>,
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.buf, f)
    }
}

impl Text {
    /// Empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Text that comes from one place.
    pub fn of(text: impl Into<String>, origin: OriginId) -> Self {
        let buf = text.into();
        let run = Run { end: buf.len() as u32, origin, skip: 0 };
        Self { runs: if buf.is_empty() { Vec::new() } else { vec![run] }, buf }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.buf
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.buf.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.buf.is_empty()
    }

    /// The characters alone.
    pub fn into_string(self) -> String {
        self.buf
    }

    /// The pieces, in order; they cover the text without gaps.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The pieces with their ranges.
    pub fn pieces(&self) -> impl Iterator<Item = (Range<usize>, Run)> + '_ {
        let mut start = 0;
        self.runs.iter().map(move |run| {
            let range = start..run.end as usize;
            start = range.end;
            (range, *run)
        })
    }

    /// The origins of all pieces, each once, in order of appearance.
    pub fn origins(&self) -> Vec<OriginId> {
        let mut list = Vec::new();
        for run in &self.runs {
            if !run.origin.is_written() && !list.contains(&run.origin) {
                list.push(run.origin);
            }
        }
        list
    }

    /// The origin of the first piece that has one.
    pub fn first_origin(&self) -> OriginId {
        self.runs.iter().map(|run| run.origin).find(|origin| !origin.is_written()).unwrap_or_default()
    }

    /// Appends characters from one place.
    pub fn push_str(&mut self, text: &str, origin: OriginId) {
        self.push_part(text, origin, 0);
    }

    /// Appends characters that begin `skip` bytes into the place of `origin`.
    pub fn push_part(&mut self, text: &str, origin: OriginId, skip: u32) {
        if text.is_empty() {
            return;
        }
        let start = self.buf.len() as u32;
        self.buf.push_str(text);
        self.push_run(start, Run { end: self.buf.len() as u32, origin, skip });
    }

    fn push_run(&mut self, start: u32, run: Run) {
        let before = self.runs.iter().rev().nth(1).map_or(0, |run| run.end);
        match self.runs.last_mut() {
            // Two neighbouring cuts of the same place are one piece.
            Some(last)
                if last.origin == run.origin
                    && (run.origin.is_written() || last.skip + (last.end - before) == run.skip) =>
            {
                last.end = run.end;
            }
            _ => {
                debug_assert_eq!(self.runs.last().map_or(0, |run| run.end), start, "pieces leave no gap");
                self.runs.push(run);
            }
        }
    }

    /// Appends other text with its origins.
    pub fn push_text(&mut self, text: &Text) {
        self.push_range(text, 0..text.len());
    }

    /// Appends a part of other text with its origins. A range that is out of bounds or cuts a character is cut to
    /// what fits.
    pub fn push_range(&mut self, text: &Text, range: Range<usize>) {
        let Some(part) = text.buf.get(range.clone()) else { return };
        if part.is_empty() {
            return;
        }
        let base = self.buf.len();
        self.buf.push_str(part);
        let first = text.runs.partition_point(|run| run.end as usize <= range.start);
        let mut start =
            first.checked_sub(1).and_then(|index| text.runs.get(index)).map_or(0, |run| run.end as usize);
        for run in text.runs.iter().skip(first) {
            if start >= range.end {
                break;
            }
            let cut_front = range.start.saturating_sub(start);
            let from = start.max(range.start) - range.start + base;
            let end = (run.end as usize).min(range.end) - range.start + base;
            self.push_run(
                from as u32,
                Run { end: end as u32, origin: run.origin, skip: run.skip + cut_front as u32 },
            );
            start = run.end as usize;
        }
    }

    /// The part `range`, with its origins.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut text = Self::new();
        text.push_range(self, range);
        text
    }

    /// Without leading and trailing characters that match.
    #[must_use]
    pub fn trim_matches(&self, matches: impl Fn(char) -> bool + Copy) -> Self {
        self.trim_start_matches(matches).trim_end_matches(matches)
    }

    /// Without leading characters that match.
    #[must_use]
    pub fn trim_start_matches(&self, matches: impl Fn(char) -> bool) -> Self {
        let rest = self.buf.trim_start_matches(matches).len();
        self.slice(self.len() - rest..self.len())
    }

    /// Without trailing characters that match.
    #[must_use]
    pub fn trim_end_matches(&self, matches: impl Fn(char) -> bool) -> Self {
        self.slice(0..self.buf.trim_end_matches(matches).len())
    }

    /// Cuts trailing characters in place.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() || !self.buf.is_char_boundary(len) {
            return;
        }
        self.buf.truncate(len);
        let keep = self.runs.partition_point(|run| (run.end as usize) < len);
        self.runs.truncate(keep + 1);
        if let Some(last) = self.runs.last_mut() {
            last.end = len as u32;
        }
        if len == 0 {
            self.runs.clear();
        }
    }

    /// Every occurrence of `old` replaced; the parts around them keep their origins, the new parts take
    /// `origin`. An empty `old` matches before every character and at the end, as Go's `strings.ReplaceAll`.
    #[must_use]
    pub fn replace(&self, old: &str, new: &str, origin: OriginId) -> Self {
        let mut text = Self::new();
        let mut last = 0;
        for (at, matched) in self.buf.match_indices(old) {
            text.push_range(self, last..at);
            text.push_str(new, origin);
            last = at + matched.len();
        }
        text.push_range(self, last..self.len());
        text
    }

    /// `prefix` put before every line, the empty line after a final newline included (sprig's `indent`).
    #[must_use]
    pub fn indent(&self, prefix: &str, origin: OriginId) -> Self {
        let mut text = Self::new();
        text.buf.reserve(self.len() + 16 * prefix.len());
        text.push_str(prefix, origin);
        let mut last = 0;
        for (at, _) in self.buf.match_indices('\n') {
            text.push_range(self, last..at + 1);
            text.push_str(prefix, origin);
            last = at + 1;
        }
        text.push_range(self, last..self.len());
        text
    }

    /// The same characters, all from `origin`: for functions whose result is a new thing.
    #[must_use]
    pub fn with_origin(&self, origin: OriginId) -> Self {
        Self::of(self.buf.clone(), origin)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.buf
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::{Origin, Origins, Step};

    fn two() -> (OriginId, OriginId) {
        let mut origins = Origins::new();
        (origins.add(Origin::nowhere(Step::Written)), origins.add(Origin::nowhere(Step::Written)))
    }

    fn shown(text: &Text) -> Vec<(&str, OriginId, u32)> {
        text.pieces().map(|(range, run)| (&text.as_str()[range], run.origin, run.skip)).collect()
    }

    #[test]
    fn moves_keep_origins() {
        let (a, b) = two();
        let none = OriginId::WRITTEN;
        let mut text = Text::of("one\n", a);
        text.push_str("two", b);
        assert_eq!(shown(&text.slice(2..6)), [("e\n", a, 2), ("tw", b, 0)]);
        assert_eq!(
            shown(&text.indent("  ", none)),
            [("  ", none, 0), ("one\n", a, 0), ("  ", none, 0), ("two", b, 0)]
        );
        assert_eq!(shown(&text.replace("o", "0", none))[..3], [("0", none, 0), ("ne\n", a, 1), ("tw", b, 0)]);
        assert_eq!(shown(&text.trim_matches(|c| c == 'o')), [("ne\n", a, 1), ("tw", b, 0)]);
        let mut cut = text.clone();
        cut.truncate(4);
        assert_eq!(shown(&cut), [("one\n", a, 0)]);
        cut.truncate(0);
        assert_eq!(cut, Text::new());
        let mut merged = text.slice(0..2);
        merged.push_text(&text.slice(2..4));
        assert_eq!(shown(&merged), [("one\n", a, 0)]);
        assert_eq!(text.slice(5..99), Text::new());
        assert_eq!(text.origins(), [a, b]);
    }
}
