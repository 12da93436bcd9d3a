//! Fixes, made of bytes that somebody wrote: rules say what becomes of a line, this finds the edit that does no more.
//!
//! Files that read as YAML are edited as trees, so that an edit is handed out only if the file then reads as it should. Templates,
//! and YAML inside of text, are edited by line, where the line says what it seems to say; whether that does what it should is
//! proved by rendering, as with every fix.

use std::sync::Arc;

use crate::finding::Fix;
use crate::near::did_you_mean;
use crate::repo::Workspace;
use crate::source::{SourceFile, Span};
use crate::yaml::edit::{self, Edit, Location, Segment};
use crate::yaml::{Node, Stream, Style};

/// Makes fixes for lines of one repository.
#[derive(Clone, Copy)]
pub struct Mender<'a> {
    workspace: &'a Workspace,
}

/// A line of a file that is no YAML by itself: `  key: value # why`.
struct Line {
    file: Arc<SourceFile>,
    /// The bytes, with the line break.
    whole: Span,
}

impl Line {
    fn text(&self) -> &str {
        self.file.slice(self.whole)
    }

    /// The indent, and the key that stands there. A dash in front of it counts as a part of the indent.
    fn key(&self) -> Option<(usize, &str)> {
        let text = self.text();
        let bare = text.trim_start_matches([' ', '-']);
        let (key, _) = bare.split_once(':')?;
        let is_key = !key.is_empty() && !key.contains([' ', '{', '"', '\'', '#']);
        is_key.then_some((text.len() - bare.len(), key))
    }

    /// Whether the entry is the first of an item.
    fn has_dash(&self) -> bool {
        self.text().trim_start().starts_with('-')
    }
}

impl<'a> Mender<'a> {
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        Self { workspace }
    }

    /// The file, if its owner edits it.
    fn file(self, at: Span) -> Option<Arc<SourceFile>> {
        let file = self.workspace.sources.get(at.file)?;
        let path = file.path()?.clone();
        let own = self.workspace.tree.read(&path).ok()?.id() == file.id();
        (own && self.workspace.is_editable(file.id())).then_some(file)
    }

    /// The file as YAML, and which entry or item of it the bytes are.
    fn locate(self, at: Span) -> Option<(Arc<Stream>, Location)> {
        let stream = self.workspace.cache.stream(&self.file(at)?);
        let location = edit::locate_exact(&stream, at)?;
        Some((stream, location))
    }

    /// The same for a mapping: the only item of a list has the bytes of the list.
    fn locate_map(self, at: Span) -> Option<(Arc<Stream>, Location)> {
        let (stream, mut location) = self.locate(at)?;
        while let Some([only]) = edit::value_at(&stream, &location)?.as_seq() {
            if only.at != at {
                break;
            }
            location.1.push(Segment::Index(0));
        }
        Some((stream, location))
    }

    fn made(title: impl Into<String>, at: Span, edit: Edit) -> Fix {
        Fix::new(title, Span::new(at.file, edit.range.start, edit.range.end), edit.text)
    }

    /// Writes the scalar `to` where the scalar `from` is written, in its quotes.
    pub fn set(self, at: Span, from: &str, to: &str) -> Option<Fix> {
        let title = format!("write `{to}`");
        if let Some((stream, location)) = self.locate(at) {
            let node = edit::value_at(&stream, &location)?;
            if node.scalar().is_none_or(|text| text != from) {
                return None;
            }
            let edit = edit::replace(&stream, location.0, &location.1, &spelled(node.style, to)?)?;
            return Some(Self::made(title, at, edit));
        }
        // Somewhere in a text that says just that.
        let file = self.file(at)?;
        let written = file.slice(at);
        let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
        let bare = written.trim_matches(|it| Some(it) == quote);
        if bare != from || to.contains(['"', '\'', '\\', '\n', '#', '{', '}']) || to.contains(": ") {
            return None;
        }
        let quote = quote.map_or(String::new(), String::from);
        Some(Fix::new(title, at, format!("{quote}{to}{quote}")))
    }

    /// Writes `to` for a scalar that is nearly that.
    pub fn respell(self, at: Span, to: &str) -> Option<Fix> {
        let written = self.written(at, |node| node.scalar().cloned())?;
        did_you_mean(&written, [to])?;
        self.set(at, &written, to)
    }

    /// Writes `to` for `from`: as the key that the bytes are, as their value, or as the one word among them that is `from`.
    pub fn spell(self, at: Span, from: &str, to: &str) -> Option<Fix> {
        let key = self.locate(at).and_then(|(stream, location)| edit::key_span(&stream, &location));
        if key == Some(at) {
            return self.rename(at, from, to);
        }
        self.set(at, from, to).or_else(|| self.replace_part(at, from, to))
    }

    /// Writes `to` for `from`, which occurs once among the bytes, as a word.
    pub fn replace_part(self, at: Span, from: &str, to: &str) -> Option<Fix> {
        let file = self.file(at)?;
        let text = file.slice(at);
        if from.is_empty() || text.contains("{{") {
            return None;
        }
        let is_word =
            |byte: Option<&u8>| byte.is_some_and(|it| it.is_ascii_alphanumeric() || b"-_.".contains(it));
        let alone = |offset: &usize| {
            let before = offset.checked_sub(1).and_then(|before| text.as_bytes().get(before));
            !is_word(before) && !is_word(text.as_bytes().get(offset + from.len()))
        };
        let mut found = text.match_indices(from).map(|(offset, _)| offset).filter(alone);
        let (Some(offset), None) = (found.next(), found.next()) else { return None };
        let offset = offset as u32;
        let part = at.part(offset, from.len() as u32);
        Some(Fix::new(format!("write `{to}`"), part, to))
    }

    /// Puts the scalar into quotes, as it is written.
    pub fn quote(self, at: Span) -> Option<Fix> {
        let file = self.file(at)?;
        let text = file.slice(at);
        if text.is_empty() || text.contains(['"', '\'', '\\', '\n', '{', '}', '*', '&', '!']) {
            return None;
        }
        let quoted = format!("\"{text}\"");
        if let Some((stream, location)) = self.locate(at) {
            edit::value_at(&stream, &location)?.scalar()?;
            let edit = edit::replace(&stream, location.0, &location.1, &quoted)?;
            return Some(Self::made("put it in quotes", at, edit));
        }
        Some(Fix::new("put it in quotes", at, quoted))
    }

    /// Puts a piece of YAML, on one line, in the place of a value.
    pub fn write(self, at: Span, source: &str) -> Option<Fix> {
        let (stream, location) = self.locate(at)?;
        let edit = edit::replace(&stream, location.0, &location.1, source)?;
        Some(Self::made(format!("write `{source}`"), at, edit))
    }

    /// Calls a key otherwise.
    pub fn rename(self, at: Span, from: &str, to: &str) -> Option<Fix> {
        let title = format!("write `{to}`");
        if let Some((stream, location)) = self.locate(at) {
            let edit = edit::rename(&stream, location.0, &location.1, to)?;
            let is_key = stream.file.slice(edit_span(at, &edit)).trim_matches(['"', '\'']) == from;
            return is_key.then(|| Self::made(title, at, edit));
        }
        let line = self.line(at)?;
        let (indent, key) = line.key()?;
        let start = line.whole.start + indent as u32;
        let at = Span::new(at.file, start, start + key.len() as u32);
        (key == from).then(|| Fix::new(title, at, to))
    }

    /// Takes out the entry or item that the bytes are the value or the key of. Comments right above it, at its indent, stay.
    pub fn delete(self, at: Span) -> Option<Fix> {
        if let Some((stream, mut location)) = self.locate(at) {
            // What holds nothing else goes with it.
            while location.1.len() > 1 && edit::siblings(&stream, &location) == 0 {
                location.1.pop();
            }
            let edit = edit::delete(&stream, location.0, &location.1)?;
            let lines = stream.file.slice(edit_span(at, &edit)).trim_end().lines().count();
            let title = if lines > 1 { "delete these lines" } else { "delete the line" };
            return Some(Self::made(title, at, edit));
        }
        let line = self.line(at)?;
        let (indent, key) = line.key()?;
        // Only what is whole on its line: the next one may belong to it.
        let (_, value) = line.text().split_once(':')?;
        let is_alone =
            !key.is_empty() && !value.trim().is_empty() && !value.trim().starts_with(['|', '>', '&']);
        let next = line.file.line_span(line.file.line_index(line.whole.end))?;
        let below = line.file.slice(next);
        let deeper = below.len() - below.trim_start().len() > indent && !below.trim().is_empty();
        (is_alone && !deeper && !line.has_dash() && line.whole.end > line.whole.start)
            .then(|| Fix::new("delete the line", line.whole, ""))
    }

    /// Takes out the item of a list that the bytes are a part of: the innermost one that has others beside it, or else the outermost.
    pub fn delete_item(self, at: Span) -> Option<Fix> {
        let (stream, mut location) = self.locate_map(at)?;
        let is_item = |location: &Location| matches!(location.1.last(), Some(Segment::Index(_)));
        while !is_item(&location) {
            location.1.pop()?;
        }
        // An item that has lost its only part is none any more.
        let mut outer = location.clone();
        while edit::siblings(&stream, &outer) == 0 {
            outer.1.pop();
            while !outer.1.is_empty() && !is_item(&outer) {
                outer.1.pop();
            }
            if outer.1.is_empty() {
                break;
            }
            location = outer.clone();
        }
        self.delete(edit::value_at(&stream, &location)?.at)
    }

    /// Adds `key: source` to the mapping that the bytes are the value or the key of.
    pub fn insert(self, at: Span, key: &str, source: &str, after: Option<&str>) -> Option<Fix> {
        let (stream, location) = self.locate_map(at)?;
        let edit = edit::insert(&stream, location.0, &location.1, (key, source), after)?;
        Some(Self::made(format!("add `{key}`"), at, edit))
    }

    /// Adds `key: source` beside the entry that the bytes are the key or the value of.
    pub fn insert_beside(self, at: Span, key: &str, source: &str) -> Option<Fix> {
        if let Some((stream, mut location)) = self.locate(at) {
            let last = location.1.pop()?;
            let Segment::Key(beside) = last else { return None };
            let edit = edit::insert(&stream, location.0, &location.1, (key, source), Some(&beside))?;
            return Some(Self::made(format!("add `{key}`"), at, edit));
        }
        let line = self.line(at)?;
        let (indent, _) = line.key()?;
        if source.contains('\n') {
            return None;
        }
        let end = Span::new(at.file, line.whole.end, line.whole.end);
        let newline = if line.text().ends_with('\n') { "" } else { "\n" };
        let text = format!("{newline}{}{key}: {source}\n", " ".repeat(indent));
        Some(Fix::new(format!("add `{key}`"), end, text))
    }

    /// Adds an entry to the root of the document that the bytes belong to.
    pub fn insert_at_root(self, at: Span, key: &str, source: &str, after: Option<&str>) -> Option<Fix> {
        let stream = self.workspace.cache.stream(&self.file(at)?);
        let document = edit::locate(&stream, at.start).map_or(0, |(document, _)| document);
        let edit = edit::insert(&stream, document, &[], (key, source), after)?;
        Some(Self::made(format!("add `{key}`"), at, edit))
    }

    /// Adds an item to the sequence at the end of a path from the root of the first document of a file.
    pub fn push_below(self, file: Span, path: &[&str], source: &str) -> Option<Fix> {
        let stream = self.workspace.cache.stream(&self.file(file)?);
        let path: Vec<Segment> = path.iter().map(|key| Segment::Key((*key).to_owned())).collect();
        let edit = edit::push(&stream, 0, &path, source)?;
        Some(Self::made(format!("add `{source}`"), file, edit))
    }

    /// Adds `key: source` to the securityContext that the bytes are, or that what the bytes are has or lacks: a container, the spec
    /// of a pod, or the value that feeds one of them.
    pub fn tighten(self, at: Span, key: &str, source: &str) -> Option<Fix> {
        let (stream, location) = self.locate_map(at)?;
        let node = edit::value_at(&stream, &location)?;
        let is_context =
            matches!(location.1.last(), Some(Segment::Key(name)) if name.ends_with("ecurityContext"));
        let mut path = location.1.clone();
        let own = |name: &str| node.get(name).is_some();
        let wrapped = format!("{key}:\n{}", indented(source));
        let wrapped = if source.contains('\n') { wrapped } else { format!("{key}: {source}\n") };
        let (key, source) = if is_context {
            (key, source)
        } else if own("securityContext") {
            path.push(Segment::Key("securityContext".to_owned()));
            (key, source)
        } else if own("image") || own("containers") {
            ("securityContext", wrapped.as_str())
        } else {
            return None;
        };
        let edit = edit::insert(&stream, location.0, &path, (key, source), None)?;
        Some(Self::made(format!("add `{key}`"), at, edit))
    }

    /// Takes out the comment that the bytes belong to, and its line where nothing else is on it.
    pub fn erase_comment(self, at: Span) -> Option<Fix> {
        let line = self.line(at)?;
        let text = line.text();
        let inside = (at.start - line.whole.start) as usize;
        let start = text.get(..inside)?.rfind('#')?;
        if text.contains("{{") {
            return None;
        }
        let before = text.get(..start)?;
        let whole = if before.trim().is_empty() {
            line.whole
        } else {
            let from = line.whole.start + before.trim_end().len() as u32;
            Span::new(at.file, from, line.whole.start + text.trim_end().len() as u32)
        };
        Some(Fix::new("delete the comment", whole, ""))
    }

    /// Adds an item to the sequence that the bytes are the value or the key of.
    pub fn push(self, at: Span, source: &str) -> Option<Fix> {
        let (stream, location) = self.locate(at)?;
        let edit = edit::push(&stream, location.0, &location.1, source)?;
        Some(Self::made(format!("add `{}`", source.lines().next().unwrap_or_default()), at, edit))
    }

    /// The node that the bytes are the value or the key of, in the file as written.
    pub fn written<T>(self, at: Span, look: impl FnOnce(&Node) -> Option<T>) -> Option<T> {
        let (stream, location) = self.locate(at)?;
        look(edit::value_at(&stream, &location)?)
    }

    /// The key at the root of the document that the bytes are below.
    pub fn root_key(self, at: Span) -> Option<String> {
        match self.locate(at)?.1.1.into_iter().next()? {
            Segment::Key(key) => Some(key),
            Segment::Index(_) => None,
        }
    }

    /// Takes out all of the bytes.
    pub fn erase(self, at: Span) -> Option<Fix> {
        self.file(at)?;
        Some(Fix::new("delete it", at, ""))
    }

    /// The line on which the bytes begin, and that holds all of them.
    fn line(self, at: Span) -> Option<Line> {
        let file = self.file(at)?;
        let index = file.line_index(at.start);
        let span = file.line_span(index)?;
        if at.end > span.end {
            return None;
        }
        let end = file.line_span(index + 1).map_or(file.span().end, |next| next.start);
        let whole = Span::new(at.file, span.start, end);
        Some(Line { file, whole })
    }
}

fn edit_span(at: Span, edit: &Edit) -> Span {
    Span::new(at.file, edit.range.start, edit.range.end)
}

fn indented(source: &str) -> String {
    source.lines().map(|line| format!("  {line}\n")).collect::<Vec<_>>().concat()
}

/// A text as a scalar of that style; `None` where that would take more than quotes.
fn spelled(style: Style, text: &str) -> Option<String> {
    if text.contains(['\n', '\\', '"', '\'']) {
        return None;
    }
    Some(match style {
        Style::SingleQuoted => format!("'{text}'"),
        Style::DoubleQuoted => format!("\"{text}\""),
        _ => text.to_owned(),
    })
}
