//! Places inside of block scalars: policies, scripts and files that are written as text in YAML.

use crate::source::{SourceFile, Span};

use super::{Node, Style};

/// The bytes of one line (from zero) of the text of a literal block scalar, without the white space around it. Where
/// the text is not written line by line in `file`, all of the scalar.
pub fn line_of_text(node: &Node, file: &SourceFile, index: usize) -> Span {
    let find = || {
        let wanted = node.scalar_text()?.lines().nth(index)?.trim();
        let written = file.slice(node.at);
        // The first line is the indicator.
        let line = written.split_inclusive('\n').nth(index + 1)?;
        let before: usize = written.split_inclusive('\n').take(index + 1).map(str::len).sum();
        let indent = line.len() - line.trim_start().len();
        (line.trim() == wanted && !wanted.is_empty())
            .then(|| node.at.part((before + indent) as u32, wanted.len() as u32))
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
            let span = line_of_text(root.get("a").unwrap(), &file, index);
            assert_eq!(file.slice(span).trim_end(), want, "{text}");
        }
    }
}
