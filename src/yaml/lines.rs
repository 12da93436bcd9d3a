//! Counting lines as libyaml does.

use super::scanner::break_len;

/// Counts line breaks from the front, going forward only: every byte is looked at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineCounter<'t> {
    bytes: &'t [u8],
    pos: usize,
    line: u32,
}

impl<'t> LineCounter<'t> {
    /// A counter at the beginning of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), pos: 0, line: 0 }
    }

    /// The line of an offset, from zero. An offset before the last one asked for is said to be on its line.
    pub(super) fn line(&mut self, at: u32) -> u32 {
        let end = (at as usize).min(self.bytes.len());
        while self.pos < end {
            let len = break_len(self.bytes, self.pos);
            self.line += u32::from(len > 0);
            self.pos += len.max(1);
        }
        // One behind the end stands for the line that libyaml adds to a text without a final line break.
        self.line + u32::from(at as usize > self.bytes.len())
    }
}
