//! What somebody is typing, read off the lines around it: half a word makes a file no YAML.

use std::collections::BTreeSet;
use std::ops::Range;

/// What is being typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typing<'t> {
    /// The keys above, from the root of the document. Lists leave no trace.
    pub(super) path: Vec<&'t str>,
    /// The key whose value it is; `None` where it is a key, or an entry of a list.
    pub(super) value_of: Option<&'t str>,
    /// Whether it begins an entry of a list.
    pub(super) item: bool,
    /// What is there of it.
    pub(super) word: &'t str,
    /// Where that is.
    pub(super) range: Range<usize>,
    /// Whether nothing stands behind it.
    pub(super) is_end: bool,
    /// Keys that the mapping has already.
    pub(super) taken: BTreeSet<&'t str>,
    /// The document that it is in.
    pub(super) document: Range<usize>,
}

/// A line that holds a key, or an entry of a list.
struct Line<'t> {
    /// Letters in front of what stands there, dashes counted.
    column: usize,
    dashes: usize,
    content: &'t str,
}

impl<'t> Line<'t> {
    /// `None` for what holds nothing of that kind: comments, actions of templates, nothing.
    fn of(text: &'t str) -> Option<Self> {
        let mut rest = text.trim_start_matches(' ');
        let mut dashes = 0;
        while let Some(behind) = rest.strip_prefix('-').filter(|it| it.is_empty() || it.starts_with(' ')) {
            dashes += 1;
            rest = behind.trim_start_matches(' ');
        }
        let is_nothing =
            rest.trim().is_empty() && dashes == 0 || rest.starts_with('#') || rest.starts_with("{{");
        (!is_nothing).then(|| Self { column: text.len() - rest.len(), dashes, content: rest })
    }

    fn key(&self) -> Option<&'t str> {
        let (key, behind) = self.content.split_once(':')?;
        let ends = behind.is_empty() || behind.starts_with([' ', '\r', '\t']);
        let key = key.trim().trim_matches(['"', '\'']);
        (ends && !key.is_empty() && !key.contains([' ', '{', '#'])).then_some(key)
    }
}

impl<'t> Typing<'t> {
    /// Reads the lines around an offset; `None` in a comment and in an action of a template.
    pub(super) fn at(text: &'t str, offset: usize) -> Option<Self> {
        let head = text.get(..offset)?;
        let start = head.rfind('\n').map_or(0, |at| at + 1);
        let end = text.get(offset..)?.find('\n').map_or(text.len(), |at| offset + at);
        let before = text.get(start..offset)?;
        let behind = text.get(offset..end)?.trim_end();
        if before.contains(" #") || before.trim_start().starts_with('#') || before.contains("{{") {
            return None;
        }
        let document = document(text, start);
        let own = Line::of(before);
        let column = own.as_ref().map_or(before.len(), |line| line.column);
        let content = own.as_ref().map_or("", |line| line.content);
        let item = own.as_ref().is_some_and(|line| line.dashes > 0);
        let (value_of, word) = match content.split_once(':') {
            Some((key, value)) if value.starts_with(' ') => (
                Some(key.trim().trim_matches(['"', '\''])),
                value.trim_start().trim_start_matches(['"', '\'']),
            ),
            _ => (None, content),
        };
        let mut path = Vec::new();
        let mut taken = BTreeSet::new();
        let above = text.get(document.start..start)?.lines().rev().filter_map(Line::of);
        let (mut limit, mut is_open) = (column, !item);
        for line in above {
            if is_open && line.column == column {
                taken.extend(line.key());
                is_open = line.dashes == 0;
            }
            // A new entry belongs to the key above all of them; the others of the list stand between.
            let is_above = if item && limit == column {
                line.column < column && line.key().is_some()
            } else {
                line.column < limit
            };
            if is_above {
                is_open = false;
                limit = line.column;
                path.extend(line.key());
                if limit == 0 {
                    break;
                }
            }
        }
        path.reverse();
        for line in text.get(end..document.end)?.lines().filter_map(Line::of) {
            if line.column < column || line.column == column && line.dashes > 0 {
                break;
            }
            if line.column == column {
                taken.extend(line.key());
            }
        }
        let range = offset - word.len()..offset;
        Some(Self { path, value_of, item, word, range, is_end: behind.is_empty(), taken, document })
    }
}

/// The bytes of the document around the beginning of a line.
fn document(text: &str, at: usize) -> Range<usize> {
    let (mut start, mut end, mut seen) = (0, text.len(), 0);
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") {
            if seen < at {
                start = seen + line.len();
            } else {
                end = seen;
                break;
            }
        }
        seen += line.len();
    }
    start.min(at)..end.max(at)
}

/// `apiVersion` and `kind` of a document as they are written in it.
pub(super) fn identity(document: &str) -> Option<(&str, &str)> {
    let of = |key: &str| {
        let mut lines = document.lines();
        let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let value = found.split(" #").next()?.trim().trim_matches(['"', '\'']);
        (!value.is_empty() && !value.contains("{{")).then_some(value)
    };
    Some((of("apiVersion")?, of("kind")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<(String, Option<String>, String, Vec<String>)> {
        let offset = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let typing = Typing::at(&text, offset)?;
        let own = |text: &str| text.to_owned();
        Some((
            typing.path.join("."),
            typing.value_of.map(own),
            own(typing.word),
            typing.taken.iter().map(|it| own(it)).collect(),
        ))
    }

    #[test]
    fn finds_the_way_and_the_neighbours() {
        let none = Vec::<String>::new();
        for (text, path, value_of, word, taken) in [
            ("a: 1\nb|", "", None, "b", vec!["a"]),
            ("a:\n  b: 1\n  c|\nd: 2\n", "a", None, "c", vec!["b"]),
            ("a:\n  b: x|", "a", Some("b"), "x", none.iter().map(String::as_str).collect()),
            ("a:\n- name: x\n  im|\n  env: 1\n- name: y\n", "a", None, "im", vec!["env", "name"]),
            ("a:\n- name: x\n- na|\n", "a", None, "na", vec![]),
            ("a:\n  b:\n    - c: 1\n      d:\n        - e|\n", "a.b.d", None, "e", vec![]),
            ("x: 1\n---\na:\n  # b:\n  {{- if .x }}\n  c|", "a", None, "c", vec![]),
            ("a:\n\n  |", "a", None, "", vec![]),
            ("a:\n  - |", "a", None, "", vec![]),
            ("resources:\n- a.yaml\n- b|", "resources", None, "b", vec![]),
            ("a: {{ .x }}\nb: \"y|", "", Some("b"), "y", vec!["a"]),
        ] {
            let got = at(text).unwrap_or_else(|| panic!("{text}"));
            let want: Vec<String> = taken.iter().map(ToString::to_string).collect();
            assert_eq!(got, (path.into(), value_of.map(Into::into), word.into(), want), "{text}");
        }
        for text in ["a: 1 # x|", "# |", "a: {{ .Values.|"] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn documents_say_what_they_are() {
        assert_eq!(identity("apiVersion: 'v1' # x\nkind: Pod\n"), Some(("v1", "Pod")));
        assert_eq!(identity("  apiVersion: v1\nkind: Pod\n"), None);
        assert_eq!(identity("apiVersion: {{ .x }}\nkind: Pod\n"), None);
    }
}
