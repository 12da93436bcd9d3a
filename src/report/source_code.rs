//! A source file as miette wants to read it, over line starts that are computed once.
//!
//! miette's own `NamedSource` scans the file from the start for every label: on a file of two megabytes that
//! costs half a millisecond a finding, this costs microseconds.

use std::borrow::Cow;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::k8s::mark_secret_lines;
use crate::source::SourceFile;

use super::text;

/// A file whose secrets are masked, ready for snippets.
pub(super) struct Shown<'a> {
    file: &'a SourceFile,
    name: String,
    text: Cow<'a, str>,
}

impl<'a> Shown<'a> {
    /// `name` is what the file is called above the snippet.
    pub(super) fn new(file: &'a SourceFile, name: &str) -> Self {
        mark_secret_lines(file);
        let text = match file.shown() {
            Cow::Borrowed(text) => text::source(text),
            Cow::Owned(text) => Cow::Owned(text::source(&text).into_owned()),
        };
        Self { file, name: text::plain(name), text }
    }
}

impl SourceCode for Shown<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let starts = self.file.line_starts();
        let first = self.file.line_index(span.offset() as u32).saturating_sub(before);
        let last = self.file.line_index((span.offset() + span.len()) as u32) + after;
        let start = starts.get(first).copied().unwrap_or(0) as usize;
        let end = starts.get(last + 1).map_or(self.text.len(), |next| *next as usize);
        let data = self.text.as_bytes().get(start..end).ok_or(MietteError::OutOfBounds)?;
        let column = if before == 0 { span.offset().saturating_sub(start) } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data,
            (start, end - start).into(),
            first,
            column,
            last.min(starts.len().saturating_sub(1)) - first + 1,
        )))
    }
}
