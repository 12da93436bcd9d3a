//! Places inside of block scalars: policies, scripts and files that are written as text in YAML.

use crate::source::{SourceFile, Span};

use super::{Node, Style};

/// The bytes of one line (from zero) of the text of a literal block scalar, without the white space around it; `text` is that
/// line. Where the text is not written line by line in `file`, all of the scalar.
pub fn line_of_text(node: &Node, file: &SourceFile, index: usize, text: &str) -> Span {
    let wanted = text.trim();
    let find = || {
        // The first line is the indicator.
        let span = file.line_span(file.line_index(node.at.start) + 1 + index)?;
        let line = file.slice(span);
        let indent = line.len() - line.trim_start().len();
        let there = line.trim() == wanted && !wanted.is_empty() && span.start < node.at.end;
        there.then(|| {
            Span::new(span.file, span.start + indent as u32, span.start + (indent + wanted.len()) as u32)
        })
    };
    let literal = node.style == Style::Literal && node.at.file == file.id();
    if literal { find().unwrap_or(node.at) } else { node.at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse;

    #[test]
    fn finds_lines() {
        for (text, index, want) in [
            ("a: |\n  one\n\n    two  \n", 2, "two"),
            ("a: |-\n  one\n", 0, "one"),
            ("a: |2-\n   one\n", 0, "one"),
            ("a: \"one\\ntwo\"\n", 1, "\"one\\ntwo\""),
            ("a: |\n  one\n", 7, "|\n  one"),
        ] {
            let file = Sources::new().add("a.yaml", text.into());
            let root = parse(&file).documents.remove(0).root.unwrap();
            let node = root.get("a").unwrap();
            let line = node.scalar_text().unwrap().lines().nth(index).unwrap_or_default();
            let span = line_of_text(node, &file, index, line);
            assert_eq!(file.slice(span).trim_end(), want, "{text}");
        }
    }
}
