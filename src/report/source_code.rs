//! The lines of a file that a snippet shows, as miette wants to read them, over line starts that are computed once.
//!
//! miette's own `NamedSource` scans the file from the start for every label. Here a snippet costs what its own lines do, however long
//! the file is: ten thousand findings in one file would look at all of it ten thousand times.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::k8s::mark_secret_lines;
use crate::source::SourceFile;

use super::text;

/// Lines shown around those that are spoken of.
pub(super) const AROUND: usize = 1;

/// Lines of a file whose secrets are masked, ready for snippets.
pub(super) struct Shown<'a> {
    file: &'a SourceFile,
    name: String,
    /// Where each part begins, and its text; in order, and none touches another.
    parts: Vec<(usize, String)>,
}

impl<'a> Shown<'a> {
    /// `name` is what the file is called above the snippet, `spans` are offsets and lengths of what is spoken of.
    pub(super) fn new(file: &'a SourceFile, name: &str, spans: impl Iterator<Item = (usize, usize)>) -> Self {
        mark_secret_lines(file);
        let mut lines: Vec<(usize, usize)> =
            spans.map(|(offset, len)| lines_around(file, offset, len, AROUND, AROUND)).collect();
        lines.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(lines.len());
        for (first, last) in lines {
            match merged.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        let part = |(first, last)| {
            let (start, end) = bytes_of(file, first, last);
            (start, text::source(&file.shown_part(start as u32, end as u32)).into_owned())
        };
        let parts = merged.into_iter().map(part).collect();
        Self { file, name: text::plain(name), parts }
    }
}

/// The lines of some bytes, and so many before and behind them.
fn lines_around(file: &SourceFile, offset: usize, len: usize, before: usize, after: usize) -> (usize, usize) {
    let line = |offset: usize| file.line_index(u32::try_from(offset).unwrap_or(u32::MAX));
    (line(offset).saturating_sub(before), line(offset + len) + after)
}

/// The bytes of some lines.
fn bytes_of(file: &SourceFile, first: usize, last: usize) -> (usize, usize) {
    let starts = file.line_starts();
    let start = starts.get(first).copied().unwrap_or(0) as usize;
    (start, starts.get(last + 1).map_or(file.text_or_empty().len(), |next| *next as usize))
}

impl SourceCode for Shown<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (first, last) = lines_around(self.file, span.offset(), span.len(), before, after);
        let (start, end) = bytes_of(self.file, first, last);
        let within = self.parts.iter().rev().find(|(at, _)| *at <= start);
        let data = within.and_then(|(at, text)| text.as_bytes().get(start - at..end - at));
        let data = data.ok_or(MietteError::OutOfBounds)?;
        let column = if before == 0 { span.offset().saturating_sub(start) } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data,
            (start, end - start).into(),
            first,
            column,
            last.min(self.file.line_starts().len().saturating_sub(1)) - first + 1,
        )))
    }
}
