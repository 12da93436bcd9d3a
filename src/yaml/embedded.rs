//! Documents inside of scalars: a `patch: |` of a kustomization, a `values: |` of an Application.

use std::ops::Range;

use crate::origin::{Locate, OriginId, Place};
use crate::source::{SourceFile, Span};

use super::{Node, Style};

/// Answers where the bytes of a scalar's text are written, so that what is parsed from it has exact places.
///
/// Block literals and scalars whose text stands in the file as it is are mapped byte by byte. Of a text that was
/// folded or unescaped only the place of the whole scalar is known.
#[derive(Debug)]
pub struct Embedded {
    whole: Span,
    origin: OriginId,
    /// Pieces of the text in order: offset in the text, offset in the file, length.
    pieces: Vec<(u32, u32, u32)>,
    /// How much of the text is left out at its beginning.
    skipped: u32,
}

impl Embedded {
    /// The map for the text of `scalar`, which is written in `file`.
    pub fn new(scalar: &Node, file: &SourceFile) -> Self {
        let text = scalar.scalar_text().unwrap_or_default();
        let pieces = if scalar.at.file == file.id() { pieces(text, scalar, file) } else { Vec::new() };
        Self { whole: scalar.at, origin: scalar.origin, pieces, skipped: 0 }
    }

    /// The same for a scalar whose style is no longer known, as in canonical trees: the file tells how it is written.
    pub fn of_written(scalar: &Node, file: &SourceFile) -> Self {
        let style = match file.slice(scalar.at).as_bytes().first() {
            Some(b'"') => Style::DoubleQuoted,
            Some(b'\'') => Style::SingleQuoted,
            Some(b'|') => Style::Literal,
            Some(b'>') => Style::Folded,
            _ => Style::Plain,
        };
        Self::new(&Node { style, ..scalar.clone() }, file)
    }

    /// The same for the text without the blanks around it, and that text.
    pub fn trimmed(self, text: &str) -> (&str, Self) {
        let skipped = (text.len() - text.trim_start().len()) as u32;
        (text.trim(), Self { skipped, ..self })
    }

    /// The place in the file of an offset in the text.
    fn offset(&self, at: u32) -> Option<u32> {
        let index = self.pieces.partition_point(|(start, ..)| *start <= at).checked_sub(1)?;
        let (start, in_file, len) = *self.pieces.get(index)?;
        (at - start <= len).then(|| in_file + (at - start))
    }
}

impl Locate for Embedded {
    fn locate(&mut self, range: Range<usize>) -> Place {
        let (start, end) = (range.start as u32 + self.skipped, range.end as u32 + self.skipped);
        // The end is looked up through the last byte: it belongs to the line that it ends.
        let ends = if end > start { self.offset(end - 1).map(|at| at + 1) } else { self.offset(start) };
        let at = match (self.offset(start), ends) {
            (Some(start), Some(end)) => Span::new(self.whole.file, start, end),
            _ => self.whole,
        };
        Place { at, origin: self.origin }
    }
}

fn pieces(text: &str, scalar: &Node, file: &SourceFile) -> Vec<(u32, u32, u32)> {
    let raw = file.slice(scalar.at);
    let start = scalar.at.start;
    if matches!(scalar.style, Style::Literal | Style::Folded) {
        return lines(text, raw, start);
    }
    let quotes = u32::from(matches!(scalar.style, Style::SingleQuoted | Style::DoubleQuoted));
    let inner = raw.get(quotes as usize..raw.len().saturating_sub(quotes as usize));
    if inner == Some(text) { vec![(0, start + quotes, text.len() as u32)] } else { Vec::new() }
}

/// Pairs the lines of a block scalar with those of its text.
fn lines(text: &str, raw: &str, start: u32) -> Vec<(u32, u32, u32)> {
    // The place of a scalar inside of a scalar is that of its content: without a header, and without the indentation of
    // the first line.
    let bare = raw.lines().next() == text.lines().next();
    let header = if bare { Some(0) } else { raw.find('\n').map(|at| at + 1) };
    let Some(header) = header else { return Vec::new() };
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let body = raw.get(header..).unwrap_or_default();
    let mut pairs = text.lines().zip(body.lines()).skip(usize::from(bare));
    let indented = pairs.find(|(line, raw)| !line.trim().is_empty() && !raw.trim().is_empty());
    let indent = match indented {
        Some((line, raw)) => blanks(raw).saturating_sub(blanks(line)),
        None if bare => 0,
        None => return Vec::new(),
    };
    let mut pieces = Vec::new();
    let (mut in_text, mut in_file) = (0, header);
    for (line, raw_line) in text.split_inclusive('\n').zip(body.split_inclusive('\n')) {
        let content = line.trim_end_matches(['\n', '\r']);
        let indent = if bare && in_text == 0 { 0 } else { indent };
        let raw_content = raw_line.get(indent.min(blanks(raw_line))..).unwrap_or_default();
        if raw_content.trim_end_matches(['\n', '\r']) != content {
            // Folded lines; from here on the two do not go side by side.
            break;
        }
        let skipped = raw_line.len() - raw_content.len();
        pieces.push((in_text as u32, start + (in_file + skipped) as u32, line.len() as u32));
        in_text += line.len();
        in_file += raw_line.len();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse, parse_text};

    #[test]
    fn finds_the_bytes_of_embedded_documents() {
        let text =
            "a: |-\n  x: one\n\n  y:\n    - two\nb: 'x: three'\nc: >\n  x:\n  four\nd: \"x: \\u0066ive\"\n";
        let file = Sources::new().add("a.yaml", text.into());
        let root = parse(&file).documents.remove(0).root.unwrap();
        let shown = |key: &str, path: &[&str]| {
            let scalar = root.get(key).unwrap();
            let mut map = Embedded::new(scalar, &file);
            let parsed = parse_text(scalar.scalar_text().unwrap(), Dialect::V3, &mut map);
            let inner = parsed.documents.into_iter().next().unwrap().root.unwrap();
            let node = inner.at_path(path).unwrap();
            let node = node.as_seq().and_then(<[Node]>::first).unwrap_or(node);
            file.slice(node.at).to_owned()
        };
        assert_eq!(shown("a", &["x"]), "one");
        assert_eq!(shown("a", &["y"]), "two");
        assert_eq!(shown("b", &["x"]), "three");
        assert_eq!(shown("c", &["x"]), ">\n  x:\n  four", "folded: the whole scalar");
        assert_eq!(shown("d", &["x"]), "\"x: \\u0066ive\"", "unescaped: the whole scalar");
    }

    #[test]
    fn finds_the_bytes_of_documents_inside_of_those() {
        let text =
            "a: |-\n  b:\n    - c: |-\n        x: one\n        y:\n          z: two\n\n        w: three\n";
        let file = Sources::new().add("a.yaml", text.into());
        let root = parse(&file).documents.remove(0).root.unwrap();
        let inner = |scalar: &Node| {
            let mut map = Embedded::new(scalar, &file);
            let parsed = parse_text(scalar.scalar_text().unwrap(), Dialect::V3, &mut map);
            parsed.documents.into_iter().next().unwrap().root.unwrap()
        };
        let patch = inner(root.get("a").unwrap());
        let scalar = patch.get("b").and_then(|list| list.as_seq()?.first()?.get("c")).unwrap();
        let innermost = inner(scalar);
        for (path, want) in [(&["x"][..], "one"), (&["y", "z"], "two"), (&["w"], "three")] {
            assert_eq!(file.slice(innermost.at_path(path).unwrap().at), want);
        }
    }
}
