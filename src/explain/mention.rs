//! Where a chart names a value. What no template read may still be meant for one: behind a condition that does not
//! hold, or in a template that nothing calls.

use smol_str::SmolStr;

use crate::helm::Release;
use crate::source::{SourceFile, Span};

/// Where a template first names the key, or a part of the values that it lies in and that is handed on as a whole.
pub(super) fn mention(release: &Release, path: &[SmolStr]) -> Option<Span> {
    // A chart inside of others does not name the key that leads to it, and `with` and variables leave out more. The more
    // keys a template names, the surer it is that it means this value; one word alone is anybody's.
    for start in 0..path.len() {
        for len in (1..=path.len()).rev() {
            let keys = path.get(start..len).unwrap_or_default();
            let enough = if start == 0 { 1 } else { 2 };
            if keys.len() < enough {
                break;
            }
            let wanted = keys.join(".");
            for tree in release.root.walk() {
                let mut templates = tree.chart.templates.iter();
                let whole = len < path.len();
                if let Some(at) = templates.find_map(|template| find(&template.file, &wanted, whole)) {
                    return Some(at);
                }
            }
        }
    }
    None
}

/// The first place in a template where `wanted` is accessed. With `whole`, no key of it is: it goes somewhere as it is.
fn find(file: &SourceFile, wanted: &str, whole: bool) -> Option<Span> {
    let text = file.text_or_empty();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(wanted).find_map(|(start, found)| {
        let before = text.get(..start)?.chars().next_back();
        let mut after = text.get(start + found.len()..)?.chars();
        let next = after.next();
        let is_key = matches!(before, Some('.' | '$')) && next.is_none_or(|c| !is_word(c));
        let is_opened = next == Some('.') && after.next().is_some_and(is_word);
        (is_key && !(whole && is_opened))
            .then(|| Span::new(file.id(), start as u32, (start + found.len()) as u32))
    })
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::source::Sources;

    #[test]
    fn keys_are_whole_words_behind_a_dot() {
        let text = "{{ .Values.a.bc }} {{ $x.b.c }} a.b {{ .Values.a.b.d }} {{ toYaml .Values.a.b }}";
        let file = Sources::new().add("t", text.as_bytes().to_vec());
        let at = |wanted, whole| find(&file, wanted, whole).map(|at| at.start as usize);
        assert_eq!(at("b.c", false), text.find("b.c }}"));
        assert_eq!(at("a.b", false), text.find("a.b.d"));
        assert_eq!(at("a.b", true), text.find("a.b }}"));
        assert_eq!(at("bc", true), text.find("bc"));
        assert_eq!(at("Val", false), None);
    }
}
