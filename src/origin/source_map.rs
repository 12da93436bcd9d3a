//! From rendered text back to source files.

use std::ops::Range;
use std::sync::Arc;

use crate::source::{FileId, Sources, Span};

use super::{Origin, OriginId, Origins, Place, Step, Text};

/// Answers where a range of a text comes from: what a YAML reader asks for every scalar it builds.
pub trait Locate {
    /// The place of `range` (bytes of the text being read).
    fn locate(&mut self, range: Range<usize>) -> Place;
}

/// Text that *is* a file: every range is its own place.
#[derive(Debug, Clone, Copy)]
pub struct Verbatim(pub FileId);

impl Locate for Verbatim {
    fn locate(&mut self, range: Range<usize>) -> Place {
        Place::written(Span::new(self.0, range.start as u32, range.end as u32))
    }
}

/// Text that is a part of another one, from an offset on.
#[derive(Debug)]
pub struct Shifted<'a, L: ?Sized> {
    /// Knows the places of the whole text.
    pub inner: &'a mut L,
    /// Bytes of the whole text before the part.
    pub by: usize,
    /// Bytes of the whole text: what a part has beyond them is no place of its own.
    pub end: usize,
}

impl<L: Locate + ?Sized> Locate for Shifted<'_, L> {
    fn locate(&mut self, range: Range<usize>) -> Place {
        let at = |offset: usize| (offset + self.by).min(self.end);
        self.inner.locate(at(range.start)..at(range.end))
    }
}

/// Rendered text with origins: ranges lead to where their bytes were written.
///
/// A range of one piece gets that piece's origin, refined to the exact bytes while the piece is a verbatim copy.
/// A range of several pieces gets a [`Step::Joined`] entry that leads to all of them.
pub struct SourceMap<'a> {
    text: &'a Text,
    origins: &'a mut Origins,
    sources: &'a Sources,
    /// Where text without any origin is said to come from.
    fallback: Span,
    /// The piece that the last answer began in: readers ask from front to back.
    cursor: usize,
    /// The file looked at last, for comparing bytes.
    file: Option<(FileId, Arc<crate::source::SourceFile>)>,
}

impl<'a> SourceMap<'a> {
    /// A map for `text`, whose origins live in `origins`. Ranges without any origin are located at `fallback`:
    /// the template or action that produced the text.
    pub fn new(text: &'a Text, origins: &'a mut Origins, sources: &'a Sources, fallback: Span) -> Self {
        Self { text, origins, sources, fallback, cursor: 0, file: None }
    }

    /// The place of text that nothing is known of, such as the null behind a key: the end of what stands before it,
    /// or else the start of what follows.
    fn beside(&mut self, at: usize) -> Place {
        let runs = self.text.runs();
        let start_of = |index: usize| {
            index.checked_sub(1).and_then(|before| runs.get(before)).map_or(0, |run| run.end as usize)
        };
        let behind = runs.partition_point(|run| run.end as usize <= at);
        let known = |index: &usize| runs.get(*index).is_some_and(|run| !run.origin.is_written());
        let before = (0..behind).rev().find(known);
        let Some(index) = before.or_else(|| (behind..runs.len()).find(known)) else {
            return Place::written(self.fallback);
        };
        let Some(run) = runs.get(index) else { return Place::written(self.fallback) };
        let text = self.text.as_str().get(start_of(index)..run.end as usize).unwrap_or("");
        let place = self.refine(run.origin, run.skip, text);
        let end = if before.is_some() { place.at.end } else { place.at.start };
        Place { at: Span { start: end, end, ..place.at }, origin: run.origin }
    }

    /// The origin's place, narrowed to the bytes `skip..skip + text.len()` when the source file has the same
    /// bytes there (also when quotes stand before them).
    fn refine(&mut self, origin: OriginId, skip: u32, rendered: &str) -> Place {
        let whole = self.origins.get(origin).and_then(|entry| source_place(self.origins, entry));
        let Some(at) = whole else { return Place { at: self.fallback, origin } };
        if self.file.as_ref().is_none_or(|(id, _)| *id != at.file) {
            self.file = self.sources.get(at.file).map(|file| (at.file, file));
        }
        let Some((_, file)) = &self.file else { return Place { at, origin } };
        let written = file.slice(at);
        let len = rendered.len() as u32;
        let quoted = [skip, skip + 1].into_iter();
        for from in quoted.chain(in_block(written, skip as usize)) {
            if written.get(from as usize..(from + len) as usize) == Some(rendered) {
                return Place { at: at.part(from, len), origin };
            }
        }
        // What went through an encoder has lost how far into the place it began; one occurrence leaves no doubt.
        if !rendered.is_empty() && written.len() <= SEARCHED {
            let mut found = written.match_indices(rendered);
            if let (Some((from, _)), None) = (found.next(), found.next()) {
                return Place { at: at.part(from as u32, len), origin };
            }
        }
        Place { at, origin }
    }
}

/// Longer places are not searched for what was rendered of them.
const SEARCHED: usize = 1024;

/// Where the byte `skip` of what a YAML block scalar says stands in what is written: behind its header, and every line
/// behind its indentation.
fn in_block(written: &str, skip: usize) -> Option<u32> {
    if !written.starts_with(['|', '>']) {
        return None;
    }
    let mut at = written.find('\n')? + 1;
    let content = written.get(at..)?;
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let indent = content.lines().find(|line| !line.trim().is_empty()).map(blanks)?;
    let mut said = 0;
    for line in content.split_inclusive('\n') {
        let cut = blanks(line).min(indent);
        let rest = line.len() - cut;
        if skip < said + rest {
            return u32::try_from(at + cut + skip - said).ok();
        }
        said += rest;
        at += line.len();
    }
    None
}

/// Where the data of a step was written: a printed value leads to the value, everything else stands for itself.
fn source_place(origins: &Origins, entry: &Origin) -> Option<Span> {
    match entry.by {
        Step::Templated | Step::Computed(_) | Step::Joined => {
            let mut next = origins.get(entry.from);
            let mut found = None;
            while let Some(origin) = next {
                if origin.at.is_none() && origin.from.is_written() {
                    break;
                }
                if !matches!(origin.by, Step::Templated | Step::Computed(_) | Step::Joined) {
                    found = origin.at;
                    break;
                }
                next = origins.get(origin.from);
            }
            found.or(entry.at)
        }
        _ => entry.at,
    }
}

impl Locate for SourceMap<'_> {
    fn locate(&mut self, range: Range<usize>) -> Place {
        let runs = self.text.runs();
        let starts_in = |index: usize| {
            let start =
                index.checked_sub(1).and_then(|before| runs.get(before)).map_or(0, |run| run.end as usize);
            runs.get(index).map(|run| start..run.end as usize)
        };
        let here = starts_in(self.cursor).is_some_and(|piece| piece.contains(&range.start));
        if !here {
            self.cursor = runs.partition_point(|run| run.end as usize <= range.start);
        }
        let mut parts: Vec<(OriginId, u32, Range<usize>)> = Vec::new();
        let mut index = self.cursor;
        while let Some(piece) = starts_in(index) {
            if piece.start >= range.end && !(range.is_empty() && piece.start == range.start) {
                break;
            }
            let overlap = piece.start.max(range.start)..piece.end.min(range.end);
            if let Some(run) = runs.get(index).filter(|run| !run.origin.is_written()) {
                parts.push((run.origin, run.skip + (overlap.start - piece.start) as u32, overlap));
            }
            if range.is_empty() {
                break;
            }
            index += 1;
        }
        match parts.as_slice() {
            [] => self.beside(range.start),
            [(origin, skip, overlap)] => {
                let rendered = self.text.as_str().get(overlap.clone()).unwrap_or("");
                self.refine(*origin, *skip, rendered)
            }
            // Pieces of one value, which something was put between: the indentation of its lines.
            [(first, ..), rest @ ..] if rest.iter().all(|(origin, ..)| origin == first) => {
                let at = self.origins.get(*first).and_then(|origin| source_place(self.origins, origin));
                Place { at: at.unwrap_or(self.fallback), origin: *first }
            }
            [(first, ..), ..] => {
                let inputs: Vec<OriginId> = parts.iter().map(|(origin, ..)| *origin).collect();
                // The first piece that prints a value says more than the template text around it.
                let telling = inputs
                    .iter()
                    .find(|id| self.origins.get(**id).is_some_and(|origin| origin.by != Step::TemplateText))
                    .unwrap_or(first);
                let at = self.origins.get(*telling).and_then(|origin| source_place(self.origins, origin));
                let at = at.unwrap_or(self.fallback);
                let origin = self.origins.add_joined(Origin::new(at, Step::Joined), &inputs);
                Place { at, origin }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_into_block_scalars_and_beside_nulls() {
        let sources = Sources::new();
        let values =
            sources.add("values.yaml", b"a: |\n  one\n    two\n\n  three\nb: \"\\\"x\\\"\"\n".to_vec());
        let mut origins = Origins::new();
        let block = origins.add(Origin::new(Span::new(values.id(), 3, 27), Step::ChartValues));
        let escaped = origins.add(Origin::new(Span::new(values.id(), 30, 37), Step::ChartValues));
        let mut text = Text::of("one\n  two\n\nthree\n", block).slice(6..16);
        text.push_str("x", escaped);
        text.push_str("  ", OriginId::WRITTEN);
        assert_eq!(text.as_str(), "two\n\nthreex  ");
        let mut map = SourceMap::new(&text, &mut origins, &sources, values.span());
        let mut shown = |range| values.slice(map.locate(range).at).to_owned();
        assert_eq!(shown(0..3), "two");
        assert_eq!(shown(5..10), "three");
        assert_eq!(shown(10..11), "x");
        let null = map.locate(12..12);
        assert_eq!((null.at.is_empty(), null.origin), (true, escaped));
    }

    #[test]
    fn leads_back() {
        let sources = Sources::new();
        let template = sources.add("t.yaml", b"name: {{ .Values.name }}-web\n".to_vec());
        let values = sources.add("values.yaml", b"name: \"shop\"\n".to_vec());
        let mut origins = Origins::new();
        let literal = |origins: &mut Origins, start, end| {
            origins.add(Origin::new(Span::new(template.id(), start, end), Step::TemplateText))
        };
        let front = literal(&mut origins, 0, 6);
        let back = literal(&mut origins, 24, 29);
        let value = origins.add(Origin::new(Span::new(values.id(), 6, 12), Step::ValuesFile));
        let printed = origins.add(Origin::new(Span::new(template.id(), 6, 24), Step::Templated).from(value));
        let mut text = Text::of("name: ", front);
        text.push_str("shop", printed);
        text.push_str("-web\n", back);
        let mut map = SourceMap::new(&text, &mut origins, &sources, template.span());
        assert_eq!(map.locate(0..4), Place { at: Span::new(template.id(), 0, 4), origin: front });
        assert_eq!(map.locate(6..10), Place { at: Span::new(values.id(), 7, 11), origin: printed });
        let whole = map.locate(6..14);
        assert_eq!(whole.at, Span::new(values.id(), 6, 12));
        let inputs: Vec<_> =
            origins.inputs(whole.origin).filter_map(|id| origins.get(id)).map(|o| o.by).collect();
        assert_eq!(inputs, [Step::Templated, Step::TemplateText]);
    }
}
