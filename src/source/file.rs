//! Files, spans into them, and the registry that hands out file ids.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::encoding::{self, Content};
use super::{Facts, Home, TreePath};

/// Names a file in [`Sources`]. Ids are dense and start at one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(NonZeroU32);

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A range of bytes in the decoded text of a file: `start..end`, offsets from zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte; never less than `start`.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`; a reversed range becomes empty.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end: end.max(start) }
    }

    /// The whole line-less beginning of `file`: for findings about a file as such.
    pub fn start_of(file: FileId) -> Self {
        Self::new(file, 0, 0)
    }

    /// The smallest span that covers both; `self` when the files differ.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self::new(self.file, self.start.min(other.start), self.end.max(other.end))
    }

    /// The part of this span that begins `offset` bytes in and is `len` bytes long, cut at this span's end.
    #[must_use]
    pub fn part(self, offset: u32, len: u32) -> Self {
        let start = self.start.saturating_add(offset).min(self.end);
        Self::new(self.file, start, start.saturating_add(len).min(self.end))
    }

    /// Number of bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span covers no bytes: a mere position.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}..{}", self.file, self.start, self.end)
    }
}

/// A line and a column, both from 1. Columns count Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line from 1.
    pub line: u32,
    /// Column from 1.
    pub column: u32,
}

/// A file that has been read: its bytes, its decoded text and its lines.
pub struct SourceFile {
    id: FileId,
    home: Home,
    name: Arc<str>,
    content: Content,
    line_starts: OnceLock<Vec<u32>>,
    secret: Mutex<BTreeSet<Span>>,
    /// Whether somebody has looked for more of them before the file is shown.
    looked: OnceLock<()>,
    facts: Facts,
}

impl SourceFile {
    /// The id under which [`Sources`] knows this file.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// What the file is.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Its path, of a file of the linted tree.
    pub fn path(&self) -> Option<&TreePath> {
        self.home.path()
    }

    /// The name shown to users: the path relative to the linted root, `path@revision` for a file of another
    /// revision, `archive.tgz!/path` for a file of a chart archive.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The bytes as stored.
    pub fn bytes(&self) -> &[u8] {
        self.content.bytes()
    }

    /// The text, decoded from UTF-8 or UTF-16, without a byte order mark; `None` for binary content.
    pub fn text(&self) -> Option<&Arc<str>> {
        self.content.text()
    }

    /// The text or, for binary content, the empty string.
    pub fn text_or_empty(&self) -> &str {
        self.text().map_or("", |text| text)
    }

    /// A span over the whole text.
    pub fn span(&self) -> Span {
        Span::new(self.id, 0, self.text_or_empty().len() as u32)
    }

    /// The text that `span` covers; empty when it lies outside of this file.
    pub fn slice(&self, span: Span) -> &str {
        self.text_or_empty().get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Marks bytes that must never be shown: the value of a Secret.
    pub fn mark_secret(&self, span: Span) {
        self.secret.lock().unwrap_or_else(PoisonError::into_inner).insert(span);
    }

    /// What was made of the text and the name of the file, and of nothing else.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Looks for what else must not be shown, the first time only.
    pub fn before_showing(&self, look: impl FnOnce(&Self)) {
        self.looked.get_or_init(|| look(self));
    }

    /// The text with every marked byte that is not white space replaced by `*`, for showing. Offsets stay; a
    /// masked character of several bytes becomes as many asterisks.
    pub fn shown(&self) -> Cow<'_, str> {
        self.shown_part(0, self.text_or_empty().len() as u32)
    }

    /// A part of [`Self::shown`]; nothing where that is no text of this file.
    pub fn shown_part(&self, start: u32, end: u32) -> Cow<'_, str> {
        let text = self.text_or_empty().get(start as usize..end as usize).unwrap_or_default();
        let secret = self.secret.lock().unwrap_or_else(PoisonError::into_inner);
        let mut within = secret.iter().filter(|span| span.start < end && span.end > start).peekable();
        if within.peek().is_none() {
            return Cow::Borrowed(text);
        }
        let mut bytes = text.as_bytes().to_vec();
        for span in within {
            let (from, to) = (span.start.saturating_sub(start), span.end.saturating_sub(start));
            for byte in bytes.iter_mut().take(to as usize).skip(from as usize) {
                if !byte.is_ascii_whitespace() {
                    *byte = b'*';
                }
            }
        }
        // A mark that cuts a character leaves a broken one at its edge; showing nothing is the safe answer.
        Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
    }

    /// Offsets at which lines start; the first is 0. A line ends after `\n`.
    pub fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let newlines = self.text_or_empty().bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect()
        })
    }

    /// The line (from 0) on which `offset` lies.
    pub fn line_index(&self, offset: u32) -> usize {
        self.line_starts().partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The span of line `index` (from 0) without its line break; `None` after the last line.
    pub fn line_span(&self, index: usize) -> Option<Span> {
        let start = *self.line_starts().get(index)?;
        let end = self.line_starts().get(index + 1).copied().unwrap_or(self.text_or_empty().len() as u32);
        let line = self.text_or_empty().get(start as usize..end as usize).unwrap_or("");
        Some(Span::new(self.id, start, start + line.trim_end_matches(['\n', '\r']).len() as u32))
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_index(offset);
        let start = self.line_starts().get(line).copied().unwrap_or(0);
        let before = self.text_or_empty().get(start as usize..offset as usize).unwrap_or("");
        Position { line: line as u32 + 1, column: before.chars().count() as u32 + 1 }
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({:?} {:?})", self.id, self.name)
    }
}

/// Every file read in this run, by id. Shared by all threads; ids are only ever added.
#[derive(Default)]
pub struct Sources {
    files: RwLock<Vec<Arc<SourceFile>>>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sources({} files)", self.files.read().unwrap_or_else(PoisonError::into_inner).len())
    }
}

impl Sources {
    /// An empty registry.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Registers a file of the linted tree, by its path, or of no tree, by the name users will see.
    pub fn add(&self, name: &str, bytes: Vec<u8>) -> Arc<SourceFile> {
        self.add_as(Home::named(name), bytes)
    }

    /// Registers content as what it is and decodes it.
    pub fn add_as(&self, home: Home, bytes: Vec<u8>) -> Arc<SourceFile> {
        let content = encoding::decode(bytes);
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let id = NonZeroU32::new(files.len() as u32 + 1).unwrap_or(NonZeroU32::MAX);
        let file = SourceFile {
            id: FileId(id),
            name: home.to_string().into(),
            home,
            content,
            line_starts: OnceLock::new(),
            secret: Mutex::default(),
            looked: OnceLock::new(),
            facts: Facts::default(),
        };
        let file = Arc::new(file);
        files.push(Arc::clone(&file));
        file
    }

    /// Number of files.
    pub fn count(&self) -> usize {
        self.files.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The files that were added behind the first `count` ones.
    pub fn since(&self, count: usize) -> Vec<Arc<SourceFile>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(count..).unwrap_or_default().to_vec()
    }

    /// Forgets what a file holds that nothing refers to any more. Its id stays, and names an empty file.
    pub fn forget(&self, file: &SourceFile) {
        let empty = SourceFile {
            id: file.id,
            home: file.home.clone(),
            name: Arc::clone(&file.name),
            content: encoding::decode(Vec::new()),
            line_starts: OnceLock::new(),
            secret: Mutex::default(),
            looked: OnceLock::new(),
            facts: Facts::default(),
        };
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files.get_mut(file.id.0.get() as usize - 1) {
            *known = Arc::new(empty);
        }
    }

    /// The file with this id. Ids come from [`add`](Self::add) of the same registry; an id of another registry
    /// answers some other file or `None`.
    pub fn get(&self, id: FileId) -> Option<Arc<SourceFile>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(id.0.get() as usize - 1).cloned()
    }

    /// Name, first and last position of a span, for reports.
    pub fn locate(&self, span: Span) -> Option<(Arc<str>, Position, Position)> {
        let file = self.get(span.file)?;
        Some((Arc::clone(file.name()), file.position(span.start), file.position(span.end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let sources = Sources::new();
        let file = sources.add("a.yaml", "é: 1\r\nb: 2\n".into());
        assert_eq!(file.position(2), Position { line: 1, column: 2 });
        assert_eq!(file.position(7), Position { line: 2, column: 1 });
        assert_eq!(file.slice(file.line_span(0).unwrap()), "é: 1");
        assert_eq!(file.slice(file.line_span(1).unwrap()), "b: 2");
        assert_eq!(file.line_span(3), None);
        assert_eq!(sources.get(file.id()).unwrap().name().as_ref(), "a.yaml");
    }

    #[test]
    fn secrets_are_masked() {
        let file = Sources::new().add("a.yaml", "k: pässword\nl: x\n".into());
        assert_eq!(file.shown(), file.text_or_empty());
        file.mark_secret(Span::new(file.id(), 3, 12));
        assert_eq!(file.shown(), "k: *********\nl: x\n");
    }
}
