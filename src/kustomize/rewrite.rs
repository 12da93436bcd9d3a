//! What happens to texts because kustomize writes its trees as YAML and reads them again.
//!
//! Mirrors `RNode.MarshalJSON` of `kyaml/yaml` with the emitter of go-yaml v3, whose folded style (`>`) is not what
//! it reads: before a line with more indentation it writes a line break too many. Between brackets it quotes plain
//! scalars that the reader takes as they are: nothing at all, and what has a colon in it.

use crate::origin::Verbatim;
use crate::source::Span;
use crate::yaml::{Data, Dialect, Map, Node, Style, parse_text};

/// Makes scalars what they are after being written and read again. The depth is bounded by that of the object.
pub(super) fn reprint(node: &mut Node) {
    unfold_annotations(node);
    visit(node, false);
}

/// Annotations are set anew when kustomize takes its own out of them (`RemoveBuildAnnotations`): folded ones are folded no more.
fn unfold_annotations(object: &mut Node) {
    let metadata = object.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut);
    let annotations = metadata.and_then(|map| map.get_mut("annotations")).and_then(Node::as_map_mut);
    for entry in annotations.into_iter().flat_map(Map::iter_mut) {
        if entry.value.style == Style::Folded {
            entry.value.style = Style::Literal;
        }
    }
}

fn visit(node: &mut Node, in_flow: bool) {
    let in_flow = in_flow || node.style == Style::Flow;
    match &mut node.data {
        // In flow style, folded scalars are quoted instead.
        Data::Scalar(text) if node.style == Style::Folded && !in_flow => {
            if text.contains('\n')
                && let Some(new) = rewritten(text, node.at)
            {
                *text = new.into();
            }
        }
        Data::Scalar(text) => {
            let is_quoted = text.is_empty() || text.contains([':', ',', '?', '[', ']', '{', '}']);
            if in_flow && is_quoted && node.style == Style::Plain && node.tag.is_none() {
                node.style = Style::SingleQuoted;
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(|item| visit(item, in_flow)),
        Data::Map(map) => map.iter_mut().for_each(|entry| visit(&mut entry.value, in_flow)),
    }
}

/// What a text becomes; `None` where the emitter chooses another style, which keeps it.
fn rewritten(text: &str, at: Span) -> Option<String> {
    let trailing_space = text.ends_with(' ');
    let special = text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\t'))
        || text.contains('\u{feff}');
    if trailing_space || special || text.contains(" \n") {
        return None;
    }
    let parsed = parse_text(&folded(text), Dialect::V3, &mut Verbatim(at.file));
    let document = parsed.documents.into_iter().next()?;
    document.root?.scalar().map(ToString::to_string)
}

/// A text as go-yaml v3 writes it in folded style.
fn folded(text: &str) -> String {
    const INDENT: &str = "  ";
    let mut out = String::from(">");
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    match text.strip_suffix('\n') {
        None => out.push('-'),
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => out.push('+'),
        Some(_) => {}
    }
    out.push('\n');
    // The emitter means to look behind the line breaks at hand, but looks behind those that the text starts with.
    let starts_blank =
        text.trim_start_matches('\n').starts_with([' ', '\t']) || text.trim_start_matches('\n').is_empty();
    let (mut breaks, mut leading_spaces) = (true, true);
    for char in text.chars() {
        if char == '\n' {
            if !breaks && !leading_spaces && !starts_blank {
                out.push('\n');
            }
            out.push('\n');
            breaks = true;
        } else {
            if breaks {
                out.push_str(INDENT);
                leading_spaces = matches!(char, ' ' | '\t');
            }
            out.push(char);
            breaks = false;
        }
    }
    // Behind a line break the emitter is at the start of a line already.
    if !text.ends_with('\n') {
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn folds_as_go_yaml_does() {
        let file = Sources::new().add("a", Vec::new());
        for (text, want) in [
            ("a\nb\n", "a\nb\n"),
            ("a\n  b\nc", "a\n\n  b\nc"),
            ("  a\n  b\nc\n", "  a\n  b\nc\n"),
            ("a\n\nb", "a\n\nb"),
            ("a\n\n", "a\n\n\n"),
            ("a\n\nb\n\n", "a\n\nb\n\n\n"),
        ] {
            assert_eq!(rewritten(text, file.span()).as_deref(), Some(want), "{text:?}");
        }
        assert_eq!(rewritten("a \nb", file.span()), None);
    }

    #[test]
    fn does_what_kustomize_does() {
        super::super::filters::testing::check(include_str!("../../fixtures/kustomize/reprint.yaml"));
    }
}
